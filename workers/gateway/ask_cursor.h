/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_cursor - where a page ended, as a text that the caller hands back and need not understand
 * base64url of 33 bytes: the list, the instant, the id and the number of the last row (big-endian).
 * A place, not a permission: it says nothing of whose rows are shown.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_CURSOR_H
#define TRIBUTARY_GATEWAY_ASK_CURSOR_H

#include "base/uuid.h"

#define CURSOR_TEXT_BYTES 45 /* with the NUL */

struct cursor {
	char list;      /* what it is a place in: 'o' orders, 't' a timeline, 'u' units of a document */
	int64_t at_us;  /* microseconds since 1970; 0 where rows have none */
	struct uuid id; /* of the last row; nil where rows have none */
	int64_t number; /* likewise */
};

void cursor_encode(const struct cursor *cursor, char out[static CURSOR_TEXT_BYTES]);
/* cursor_decode - false when it is none of that list; *cursor is untouched then */
bool cursor_decode(struct str text, char list, struct cursor *cursor) MUST_CHECK;

#endif
