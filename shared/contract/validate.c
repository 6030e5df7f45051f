/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/validate.h"

#include "base/decimal.h"
#include "base/uuid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES 4096
#define LIST_MAX 10000

static void
path_add(struct path *p, const char *text)
{
	size_t left = sizeof p->text - 1 - p->n, n = strlen(text);

	n = n < left ? n : left;
	memcpy(p->text + p->n, text, n);
	p->n += n;
	p->text[p->n] = '\0';
}

struct path
path_key(const struct path *parent, const char *key)
{
	struct path p = *parent;

	if (p.n)
		path_add(&p, ".");
	path_add(&p, key);
	return p;
}

struct path
path_index(const struct path *parent, size_t index)
{
	struct path p = *parent;
	char text[32];

	snprintf(text, sizeof text, "[%zu]", index);
	path_add(&p, text);
	return p;
}

int64_t
field_min(const struct field *f)
{
	if (f->min || f->max)
		return f->min;
	switch (f->type) {
	case FIELD_MONEY:
		return -CONTRACT_MONEY_MAX;
	case FIELD_DECIMAL:
		return -CONTRACT_DECIMAL_MAX;
	case FIELD_INSTANT:
		return CONTRACT_INSTANT_MIN;
	case FIELD_INT:
		return INT64_MIN;
	default:
		return 0;
	}
}

int64_t
field_max(const struct field *f)
{
	if (f->min || f->max)
		return f->max;
	switch (f->type) {
	case FIELD_MONEY:
		return CONTRACT_MONEY_MAX;
	case FIELD_DECIMAL:
		return CONTRACT_DECIMAL_MAX;
	case FIELD_INSTANT:
		return CONTRACT_INSTANT_MAX;
	case FIELD_TEXT:
		return TEXT_MAX_BYTES;
	case FIELD_LIST:
		return LIST_MAX;
	default:
		return INT64_MAX;
	}
}

size_t
field_size(const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXT:
		return sizeof(struct str);
	case FIELD_BOOL:
		return sizeof(bool);
	case FIELD_UUID:
		return sizeof(struct uuid);
	case FIELD_ENUM:
		return sizeof(int);
	case FIELD_OBJECT:
		return f->of->size;
	case FIELD_LIST:
		return sizeof(struct list);
	default:
		return sizeof(int64_t);
	}
}

void *
field_at(const struct field *f, void *document)
{
	return (char *)document + f->offset;
}

const void *
field_of(const struct field *f, const void *document)
{
	return (const char *)document + f->offset;
}

bool
field_is_zero(const struct field *f, const void *document)
{
	const void *at = field_of(f, document);

	switch (f->type) {
	case FIELD_TEXT:
		return ((const struct str *)at)->n == 0;
	case FIELD_BOOL:
		return !*(const bool *)at;
	case FIELD_UUID:
		return uuid_is_nil(*(const struct uuid *)at);
	case FIELD_ENUM:
		return *(const int *)at == 0;
	case FIELD_OBJECT:
		return contract_is_zero(f->of, at);
	case FIELD_LIST:
		return ((const struct list *)at)->n == 0;
	default:
		return *(const int64_t *)at == 0;
	}
}

bool
contract_is_zero(const struct contract *c, const void *document)
{
	for (size_t i = 0; i < c->fields_count; i++)
		if (!field_is_zero(&c->fields[i], document))
			return false;
	return true;
}

static const char *
type_wanted(enum field_type type)
{
	static const char *const names[] = {
	    [FIELD_TEXT] = "a text",
	    [FIELD_INT] = "a whole number",
	    [FIELD_BOOL] = "true or false",
	    [FIELD_DECIMAL] = "a decimal with at most six places, as text",
	    [FIELD_MONEY] = "a whole number of minor units",
	    [FIELD_INSTANT] = "an instant as RFC 3339 text",
	    [FIELD_UUID] = "a UUID",
	    [FIELD_ENUM] = "one of its names",
	    [FIELD_OBJECT] = "an object",
	    [FIELD_LIST] = "a list",
	};

	return names[type];
}

enum outcome
field_wrong_type(const struct field *f, const struct path *path, const char *found, struct why *why)
{
	char names[160] = "";
	size_t n = 0;

	for (size_t i = 0; f->type == FIELD_ENUM && f->names[i] && n < sizeof names; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : ": ", f->names[i]);
	return why_at(why, OUTCOME_DEAD, "field-type", path->text, "wants %s%s, found %s", type_wanted(f->type), names,
		      found);
}

enum outcome
field_check_text(const struct field *f, struct str s, const struct path *path, struct why *why)
{
	if ((int64_t)s.n > field_max(f) || (int64_t)s.n < field_min(f))
		return why_at(why, OUTCOME_DEAD, "field-range", path->text,
			      "wants %" PRId64 " to %" PRId64 " bytes, has %zu", field_min(f), field_max(f), s.n);
	if (!str_is_utf8(s))
		return why_at(why, OUTCOME_DEAD, "field-text", path->text, "is not UTF-8");
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t'))
			return why_at(why, OUTCOME_DEAD, "field-text", path->text,
				      "has the control character U+%04X at byte %zu", c, i);
	}
	return OUTCOME_OK;
}

static enum outcome
decimal_wrong_range(const struct field *f, int64_t v, const struct path *path, struct why *why)
{
	char min[DECIMAL_TEXT_BYTES], max[DECIMAL_TEXT_BYTES], found[DECIMAL_TEXT_BYTES];

	decimal_format(field_min(f), min);
	decimal_format(field_max(f), max);
	decimal_format(v, found);
	return why_at(why, OUTCOME_DEAD, "field-range", path->text, "wants %s to %s, has %s", min, max, found);
}

enum outcome
field_check_int(const struct field *f, int64_t v, const struct path *path, struct why *why)
{
	if (v >= field_min(f) && v <= field_max(f))
		return OUTCOME_OK;
	if (f->type == FIELD_DECIMAL)
		return decimal_wrong_range(f, v, path, why);
	if (f->type == FIELD_INSTANT)
		return why_at(why, OUTCOME_DEAD, "field-range", path->text,
			      "wants an instant of the years 1 to 9999, has %" PRId64 " microseconds since 1970", v);
	return why_at(why, OUTCOME_DEAD, "field-range", path->text, "wants %" PRId64 " to %" PRId64 ", has %" PRId64,
		      field_min(f), field_max(f), v);
}

enum outcome
field_check_count(const struct field *f, size_t n, const struct path *path, struct why *why)
{
	if ((int64_t)n >= field_min(f) && (int64_t)n <= field_max(f))
		return OUTCOME_OK;
	return why_at(why, OUTCOME_DEAD, "field-range", path->text, "wants %" PRId64 " to %" PRId64 " entries, has %zu",
		      field_min(f), field_max(f), n);
}

int
field_enum_index(const struct field *f, struct str name)
{
	for (int i = 0; f->names[i]; i++)
		if (str_equal(name, str_of(f->names[i])))
			return i;
	return -1;
}

enum outcome
contract_check_present(const struct contract *c, const bool *given, const struct path *path, struct why *why)
{
	for (size_t i = 0; i < c->fields_count; i++)
		if (c->fields[i].required && !given[i]) {
			struct path at = path_key(path, c->fields[i].key);

			return why_at(why, OUTCOME_DEAD, "field-missing", at.text, "is required: %s",
				      c->fields[i].meaning ? c->fields[i].meaning : type_wanted(c->fields[i].type));
		}
	return OUTCOME_OK;
}
