/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact_scan.h"

#include <iconv.h>
#include <string.h>

#define NAME_BYTES 32 /* longest name of a set, with its NUL */

static const struct {
	const char *identifier, *name;
} charsets[] = {
    {"UNOA", "US-ASCII"},   {"UNOB", "US-ASCII"},   {"UNOC", "ISO-8859-1"}, {"UNOD", "ISO-8859-2"},
    {"UNOE", "ISO-8859-5"}, {"UNOF", "ISO-8859-7"}, {"UNOG", "ISO-8859-3"}, {"UNOH", "ISO-8859-4"},
    {"UNOI", "ISO-8859-6"}, {"UNOJ", "ISO-8859-8"}, {"UNOK", "ISO-8859-9"}, {"UNOW", "UTF-8"},
    {"UNOY", "UTF-8"},
};

const char *
edifact_charset_of(struct str identifier)
{
	for (size_t i = 0; i < COUNT_OF(charsets); i++)
		if (str_equal(identifier, str_of(charsets[i].identifier)))
			return charsets[i].name;
	return NULL;
}

/* Bytes of which the set has no character, or one beyond the BMP, stay 0. */
static void
high_fill(iconv_t converter, uint16_t high[static 128])
{
	for (unsigned i = 0; i < 128; i++) {
		char byte = (char)(0x80 + i), *in = &byte, pair[4], *out = pair;
		size_t in_n = 1, out_n = sizeof pair;

		iconv(converter, NULL, NULL, NULL, NULL);
		if (iconv(converter, &in, &in_n, &out, &out_n) != (size_t)-1 && in_n == 0 && out_n == 2)
			high[i] = (uint16_t)((unsigned char)pair[0] << 8 | (unsigned char)pair[1]);
	}
}

/* The two that nearly all documents have are known without iconv, which loads a library for each. */
bool
edifact_charset_load(struct str name, struct edifact_charset *charset)
{
	char text[NAME_BYTES] = "";
	iconv_t converter;

	*charset = (struct edifact_charset){.is_utf8 = str_equal(name, STR("UTF-8"))};
	if (charset->is_utf8 || str_equal(name, STR("US-ASCII")))
		return true;
	if (str_equal(name, STR("ISO-8859-1"))) {
		for (unsigned i = 0; i < 128; i++)
			charset->high[i] = (uint16_t)(0x80 + i);
		return true;
	}
	if (name.n >= sizeof text)
		return false;
	memcpy(text, name.p, name.n);
	converter = iconv_open("UTF-16BE", text);
	if (converter == (iconv_t)-1)
		return false;
	high_fill(converter, charset->high);
	iconv_close(converter);
	return true;
}

size_t
edifact_charset_decode(const struct edifact_charset *charset, char byte, char *out)
{
	unsigned code = (unsigned char)byte;

	if (code >= 0x80)
		code = charset->high[code - 0x80];
	if (code >= 0x800) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	if (code >= 0x80) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	out[0] = byte;
	return (unsigned char)byte < 0x80;
}

static size_t
character_length(char first)
{
	unsigned char c = (unsigned char)first;

	return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

size_t
edifact_charset_encode(const struct edifact_charset *charset, struct str text, char *out, size_t *n)
{
	size_t length = character_length(text.p[0]);
	unsigned code = length == 2 ? text.p[0] & 0x1F : text.p[0] & 0x0F;

	*n = 0;
	if (length == 1 || charset->is_utf8) {
		memcpy(out, text.p, length);
		*n = length;
		return length;
	}
	for (size_t i = 1; i < length; i++)
		code = code << 6 | (text.p[i] & 0x3F);
	for (unsigned i = 0; i < 128 && length < 4; i++)
		if (charset->high[i] == code) {
			out[0] = (char)(0x80 + i);
			*n = 1;
			break;
		}
	return length;
}
