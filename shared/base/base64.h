/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64 - bytes as text (RFC 4648, section 4) and, beside it, as hexadecimal digits
 * Reading is strict: no blanks, no line ends, the one alphabet, the padding where it belongs.
 */
#ifndef TRIBUTARY_BASE_BASE64_H
#define TRIBUTARY_BASE_BASE64_H

#include "base/outcome.h"

/* base64_decode - at most out_bytes of them to out; false when it is none or does not fit, out may be touched then */
bool base64_decode(struct str text, unsigned char *out, size_t out_bytes, size_t *n) MUST_CHECK;
/* base64_put - with padding, on one line */
void base64_put(struct buf *out, struct str bytes);

/* hex_decode - exactly out_bytes from twice as many digits, of any case; false when it is something else */
bool hex_decode(struct str text, unsigned char *out, size_t out_bytes) MUST_CHECK;
/* hex_put - two lowercase digits a byte */
void hex_put(struct buf *out, struct str bytes);
/* hex_format - the same, with a NUL, into 2 * bytes.n + 1 characters */
void hex_format(struct str bytes, char *out);

#endif
