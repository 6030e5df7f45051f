/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/json_scan.h"

#include <string.h>

/* Does one of eight bytes end a run of plain text: a quote, a backslash, a control byte, or one beyond ASCII?
 * Mycroft's test; it may say yes for a byte after a real one, never before, and the bytes are then looked at singly. */
static bool
has_special(uint64_t bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
	uint64_t quote = bytes ^ (ones * '"'), backslash = bytes ^ (ones * '\\');

	return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | (bytes - ones * 0x20) | bytes) & high;
}

const char *
json_plain_end(const char *p, const char *end)
{
	uint64_t bytes;

	for (; end - p >= 8; p += 8) {
		memcpy(&bytes, p, 8);
		if (has_special(bytes))
			break;
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

size_t
json_character_length(struct str s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++)
		if (str_is_utf8((struct str){s.p, n}))
			return n;
	return 0;
}

static const char *
digits_end(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

const char *
json_number_end(const char *p, const char *end)
{
	const char *digits;

	if (p < end && *p == '-')
		p++;
	digits = p;
	p = digits_end(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return NULL;
	if (p < end && *p == '.') {
		digits = p + 1;
		p = digits_end(digits, end);
		if (p == digits)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		p = digits_end(digits, end);
		if (p == digits)
			return NULL;
	}
	return p;
}

static bool
hex4(const char *p, const char *end, unsigned *unit)
{
	unsigned value = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + (unsigned)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*unit = value;
	return true;
}

static char *
utf8_put(char *out, unsigned code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xC0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3F));
	} else if (code < 0x10000) {
		*out++ = (char)(0xE0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	} else {
		*out++ = (char)(0xF0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3F));
		*out++ = (char)(0x80 | (code >> 6 & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	}
	return out;
}

/* \uXXXX, or two of them for a character beyond the BMP; *p is behind the "u" and moves on. */
static enum json_escape
unicode_escape(const char **p, const char *end, char **out)
{
	unsigned code, low;

	if (!hex4(*p, end, &code))
		return JSON_ESCAPE_UNKNOWN;
	*p += 4;
	if (code >= 0xDC00 && code <= 0xDFFF)
		return JSON_ESCAPE_SURROGATE;
	if (code >= 0xD800 && code <= 0xDBFF) {
		if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u' || !hex4(*p + 2, end, &low) || low < 0xDC00 ||
		    low > 0xDFFF)
			return JSON_ESCAPE_SURROGATE;
		*p += 6;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	*out = utf8_put(*out, code);
	return JSON_ESCAPE_OK;
}

enum json_escape
json_unescape(struct str raw, char *out, size_t *n, const char **at)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *p = raw.p, *end = raw.p + raw.n, *name, *stop;
	const char *first = out;
	enum json_escape escape = JSON_ESCAPE_OK;

	while ((stop = memchr(p, '\\', (size_t)(end - p)))) {
		memcpy(out, p, (size_t)(stop - p));
		out += stop - p;
		p = stop + 2;
		name = stop + 1 < end ? memchr(names, stop[1], sizeof names - 1) : NULL;
		if (name)
			*out++ = values[name - names];
		else if (stop + 1 == end || stop[1] != 'u')
			escape = JSON_ESCAPE_UNKNOWN;
		else
			escape = unicode_escape(&p, end, &out);
		if (escape != JSON_ESCAPE_OK) {
			*at = stop;
			return escape;
		}
	}
	memcpy(out, p, (size_t)(end - p));
	*n = (size_t)(out - first) + (size_t)(end - p);
	return escape;
}
