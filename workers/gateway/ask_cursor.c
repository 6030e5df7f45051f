/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_cursor.h"

#include "base/base64.h"

#include <endian.h>
#include <string.h>

/* One more than a multiple of three would need padding, which has no place in a URL. */
#define CURSOR_BYTES 33
#define AT_INSTANT 1
#define AT_ID 9
#define AT_NUMBER 25

static void
letters_change(char *text, size_t n, char from, char to)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == from)
			text[i] = to;
}

void
cursor_encode(const struct cursor *cursor, char out[static CURSOR_TEXT_BYTES])
{
	unsigned char bytes[CURSOR_BYTES];
	uint64_t at = htobe64((uint64_t)cursor->at_us), number = htobe64((uint64_t)cursor->number);
	struct buf text;

	bytes[0] = (unsigned char)cursor->list;
	memcpy(bytes + AT_INSTANT, &at, sizeof at);
	memcpy(bytes + AT_ID, cursor->id.bytes, sizeof cursor->id.bytes);
	memcpy(bytes + AT_NUMBER, &number, sizeof number);
	buf_init(&text, CURSOR_TEXT_BYTES);
	base64_put(&text, (struct str){(const char *)bytes, sizeof bytes});
	memset(out, 0, CURSOR_TEXT_BYTES);
	if (buf_is_ok(&text) && text.n < CURSOR_TEXT_BYTES)
		memcpy(out, text.p, text.n);
	buf_release(&text);
	letters_change(out, CURSOR_TEXT_BYTES, '+', '-');
	letters_change(out, CURSOR_TEXT_BYTES, '/', '_');
}

bool
cursor_decode(struct str text, char list, struct cursor *cursor)
{
	unsigned char bytes[CURSOR_BYTES];
	char plain[CURSOR_TEXT_BYTES];
	uint64_t at, number;
	size_t n;

	if (text.n != CURSOR_TEXT_BYTES - 1)
		return false;
	memcpy(plain, text.p, text.n);
	letters_change(plain, text.n, '-', '+');
	letters_change(plain, text.n, '_', '/');
	if (!base64_decode((struct str){plain, text.n}, bytes, sizeof bytes, &n) || n != sizeof bytes ||
	    bytes[0] != (unsigned char)list)
		return false;
	memcpy(&at, bytes + AT_INSTANT, sizeof at);
	memcpy(cursor->id.bytes, bytes + AT_ID, sizeof cursor->id.bytes);
	memcpy(&number, bytes + AT_NUMBER, sizeof number);
	cursor->list = list;
	cursor->at_us = (int64_t)be64toh(at);
	cursor->number = (int64_t)be64toh(number);
	return true;
}
