/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/charset.h"

#define WRONG UINT32_MAX

static const struct {
	const char *name;
	enum charset charset;
} names[] = {
    {"utf-8", CHARSET_UTF8},         {"utf8", CHARSET_UTF8},
    {"us-ascii", CHARSET_UTF8},      {"ascii", CHARSET_UTF8},
    {"iso-8859-1", CHARSET_LATIN1},  {"iso8859-1", CHARSET_LATIN1},
    {"latin1", CHARSET_LATIN1},      {"windows-1252", CHARSET_WINDOWS1252},
    {"cp1252", CHARSET_WINDOWS1252}, {"utf-16", CHARSET_UTF16},
    {"utf-16le", CHARSET_UTF16LE},   {"utf-16be", CHARSET_UTF16BE},
};

/* 80..9F of windows-1252, as the Unicode consortium's CP1252.TXT has them; 0 is a hole. */
static const uint16_t windows1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

bool
charset_find(struct str name, enum charset *charset)
{
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (str_equal_fold(name, str_of(names[i].name))) {
			*charset = names[i].charset;
			return true;
		}
	}
	return false;
}

static uint32_t
single_byte(unsigned char byte, enum charset charset)
{
	if (byte < 0x80 || byte > 0x9F)
		return byte;
	if (charset == CHARSET_LATIN1 || !windows1252[byte - 0x80])
		return WRONG;
	return windows1252[byte - 0x80];
}

/* RFC 2781; n receives 2 or 4. */
static uint32_t
utf16_character(struct str s, enum charset charset, size_t *n)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t high = charset == CHARSET_UTF16LE, low = !high;
	uint32_t first, second;

	if (s.n < 2)
		return WRONG;
	*n = 2;
	first = (uint32_t)p[high] << 8 | p[low];
	if (first < 0xD800 || first > 0xDFFF)
		return first;
	if (first > 0xDBFF || s.n < 4)
		return WRONG;
	*n = 4;
	second = (uint32_t)p[2 + high] << 8 | p[2 + low];
	if (second < 0xDC00 || second > 0xDFFF)
		return WRONG;
	return 0x10000 + ((first - 0xD800) << 10 | (second - 0xDC00));
}

/* out of at least 4 bytes; answers how many were written. */
static size_t
utf8_put(char *out, uint32_t character)
{
	static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
	size_t n = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (character & 0x3F));
		character >>= 6;
	}
	out[0] = (char)(leads[n > 1 ? n : 0] | character);
	return n;
}

/* out NULL only counts; is_right says whether all of it could be read. */
static size_t
convert(struct str bytes, enum charset charset, char *out, bool *is_right)
{
	size_t n = 0, width = 1;
	char scrap[4];

	for (; bytes.n > 0; bytes = str_after(bytes, width)) {
		uint32_t character = charset == CHARSET_UTF16LE || charset == CHARSET_UTF16BE
					 ? utf16_character(bytes, charset, &width)
					 : single_byte((unsigned char)*bytes.p, charset);

		if (character == WRONG)
			break;
		n += utf8_put(out ? out + n : scrap, character);
	}
	*is_right = bytes.n == 0;
	return n;
}

/* Behind the mark; UTF-16 becomes what the mark says and stays itself without one. */
static struct str
mark_skip(struct str bytes, enum charset *charset)
{
	bool is_utf16 = *charset == CHARSET_UTF16;

	if (*charset == CHARSET_UTF8 && str_starts(bytes, STR("\xEF\xBB\xBF")))
		return str_after(bytes, 3);
	if ((is_utf16 || *charset == CHARSET_UTF16LE) && str_starts(bytes, STR("\xFF\xFE"))) {
		*charset = CHARSET_UTF16LE;
		return str_after(bytes, 2);
	}
	if ((is_utf16 || *charset == CHARSET_UTF16BE) && str_starts(bytes, STR("\xFE\xFF"))) {
		*charset = CHARSET_UTF16BE;
		return str_after(bytes, 2);
	}
	return bytes;
}

enum charset_status
charset_decode(struct str bytes, enum charset charset, struct arena *arena, struct str *text)
{
	bool is_right;
	size_t n;
	char *p;

	bytes = mark_skip(bytes, &charset);
	if (charset == CHARSET_UTF8) {
		n = str_utf8_bytes(bytes);
		*text = (struct str){bytes.p, n};
		return n == bytes.n ? CHARSET_OK : CHARSET_WRONG;
	}
	if (charset == CHARSET_UTF16) {
		*text = (struct str){bytes.p, 0};
		return CHARSET_WRONG;
	}
	n = convert(bytes, charset, NULL, &is_right);
	p = arena_get(arena, n + 1);
	if (!p)
		return CHARSET_NO_MEMORY;
	convert(bytes, charset, p, &is_right);
	*text = (struct str){p, n};
	return is_right ? CHARSET_OK : CHARSET_WRONG;
}
