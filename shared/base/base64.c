/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
digit_of(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

bool
base64_decode(struct str text, unsigned char *out, size_t out_bytes, size_t *n)
{
	size_t padding = 0, written = 0;

	if (text.n % 4 != 0)
		return false;
	while (padding < 2 && text.n && text.p[text.n - 1] == '=') {
		text.n--;
		padding++;
	}
	/* The last group has two or three digits, or four and no padding. */
	if (text.n / 4 * 3 + (text.n % 4 ? 3 - padding : 0) > out_bytes)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		size_t digits = text.n - i < 4 ? text.n - i : 4;
		unsigned value = 0;

		for (size_t d = 0; d < 4; d++) {
			int digit = d < digits ? digit_of(text.p[i + d]) : 0;

			if (digit < 0)
				return false;
			value = value << 6 | (unsigned)digit;
		}
		for (size_t b = 0; b + 1 < digits; b++)
			out[written++] = (unsigned char)(value >> (16 - 8 * b));
	}
	*n = written;
	return true;
}

void
base64_put(struct buf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
		unsigned value = 0;

		for (size_t b = 0; b < 3; b++)
			value = value << 8 | (b < n ? (unsigned char)bytes.p[i + b] : 0u);
		for (size_t d = 0; d < 4; d++)
			buf_put_char(out, d <= n ? alphabet[value >> (18 - 6 * d) & 63] : '=');
	}
}

static int
nibble_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(struct str text, unsigned char *out, size_t out_bytes)
{
	if (text.n != 2 * out_bytes)
		return false;
	for (size_t i = 0; i < out_bytes; i++) {
		int high = nibble_of(text.p[2 * i]), low = nibble_of(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

void
hex_format(struct str bytes, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.n; i++) {
		*out++ = digits[(unsigned char)bytes.p[i] >> 4];
		*out++ = digits[(unsigned char)bytes.p[i] & 15];
	}
	*out = '\0';
}

void
hex_put(struct buf *out, struct str bytes)
{
	char two[3];

	for (size_t i = 0; i < bytes.n; i++) {
		hex_format((struct str){bytes.p + i, 1}, two);
		buf_put(out, two, 2);
	}
}
