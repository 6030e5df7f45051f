/* SPDX-License-Identifier: Apache-2.0 */
#include "dead-letter/fingerprint.h"

#include "base/uuid.h"

#include <stdio.h>

static void
path_put(struct buf *out, struct str path)
{
	bool is_index = false;

	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == ']')
			is_index = false;
		if (!is_index)
			buf_put_char(out, path.p[i]);
		if (path.p[i] == '[')
			is_index = true;
	}
}

void
fingerprint_of(const struct trouble *t, char out[static FINGERPRINT_BYTES])
{
	const struct str parts[] = {t->origin, t->party, t->type, t->code};
	unsigned char hash[32];
	struct buf text;

	buf_init(&text, 4096);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		buf_put_str(&text, parts[i]);
		buf_put_char(&text, '\n');
	}
	path_put(&text, t->path);
	sha256(buf_str(&text), hash);
	buf_release(&text);
	for (size_t i = 0; i < 6; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}
