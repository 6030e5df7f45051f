/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_scan - the small pieces of JSON text, without a parser's state
 * For json.c and json_put.c only.
 */
#ifndef TRIBUTARY_FORMATS_JSON_SCAN_H
#define TRIBUTARY_FORMATS_JSON_SCAN_H

#include "base/str.h"

/* json_plain_end - the first byte from p on that is a quote, a backslash, a control byte or beyond ASCII; or end */
const char *json_plain_end(const char *p, const char *end);

/* json_character_length - bytes of the well-formed UTF-8 character at the front, 0 when there is none */
size_t json_character_length(struct str s);

/* json_number_end - behind the number at p (RFC 8259 section 6); NULL when there is none */
const char *json_number_end(const char *p, const char *end);

enum json_escape {
	JSON_ESCAPE_OK,
	JSON_ESCAPE_UNKNOWN,   /* a letter that JSON does not know, or \u without four hexadecimal digits */
	JSON_ESCAPE_SURROGATE, /* half of a surrogate pair */
};

/*
 * json_unescape - what stands between two quotes, with its escapes resolved
 * out  at least raw.n bytes; n receives how many were written
 * at   the wrong escape, written when the answer is not JSON_ESCAPE_OK
 */
enum json_escape json_unescape(struct str raw, char *out, size_t *n, const char **at);

#endif
