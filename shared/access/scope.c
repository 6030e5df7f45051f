/* SPDX-License-Identifier: Apache-2.0 */
#include "access/scope.h"

#include <stdio.h>

static const struct {
	const char *name;
	unsigned scope;
} names[] = {
    {"submit", SCOPE_SUBMIT}, {"orders", SCOPE_ORDERS},   {"stock", SCOPE_STOCK},
    {"prices", SCOPE_PRICES}, {"operate", SCOPE_OPERATE},
};

unsigned
scope_get(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_equal(name, str_of(names[i].name)))
			return names[i].scope;
	return 0;
}

enum outcome
scopes_parse(struct str list, unsigned *scopes, struct why *why)
{
	unsigned all = 0;
	char known[SCOPES_TEXT_BYTES];

	scopes_format(SCOPES_ALL, known);
	do {
		struct str name = str_trim(str_split(&list, ','));
		unsigned scope = scope_get(name);

		if (!scope)
			return why_set(why, OUTCOME_DEAD, "scope-unknown", "\"%.*s\" is none of %s",
				       (int)(name.n < 40 ? name.n : 40), name.p ? name.p : "", known);
		all |= scope;
	} while (list.n);
	*scopes = all;
	return OUTCOME_OK;
}

size_t
scopes_format(unsigned scopes, char out[static SCOPES_TEXT_BYTES])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (scopes & names[i].scope)
			n += (size_t)snprintf(out + n, SCOPES_TEXT_BYTES - n, "%s%s", n ? "," : "", names[i].name);
	return n;
}
