/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12_scan.h"

#include <string.h>

#define HEADER_MAX_BYTES 512 /* 122 was seen; beyond this it is no header */

const unsigned char x12_isa_widths[X12_ISA_FIELDS] = {2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1};

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_break(char c)
{
	return c == '\r' || c == '\n';
}

const char *
x12_separators_problem(const struct x12_separators *s)
{
	char all[4] = {s->element, s->component, s->segment, s->repetition};
	size_t n = s->has_repetition ? 4 : 3;

	for (size_t i = 0; i < n; i++) {
		if (is_alphanumeric(all[i]) || all[i] == ' ')
			return "a separator is a letter, a digit or a blank";
		if (is_break(all[i]) && i != 2)
			return "a separator other than the terminator is a line break";
		for (size_t k = 0; k < i; k++)
			if (all[k] == all[i])
				return "two separators are the same";
	}
	return NULL;
}

void
x12_alphabet_init(struct x12_alphabet *a, const struct x12_separators *s)
{
	a->separators = *s;
	for (size_t i = 0; i < sizeof a->classes; i++)
		a->classes[i] = i >= 0x80 ? X12_HIGH : i < 0x20 || i == 0x7F ? X12_CONTROL : 0;
	a->classes['\r'] = a->classes['\n'] = X12_BREAK;
	a->classes[(unsigned char)s->element] = X12_ELEMENT;
	a->classes[(unsigned char)s->component] = X12_COMPONENT;
	a->classes[(unsigned char)s->segment] = X12_SEGMENT;
	if (s->has_repetition)
		a->classes[(unsigned char)s->repetition] = X12_REPETITION;
}

const char *
x12_element_end(const struct x12_alphabet *a, const char *p, const char *end, unsigned *seen)
{
	unsigned all = 0, class;

	for (; p < end; p++) {
		class = a->classes[(unsigned char)*p];
		if (class & (X12_ELEMENT | X12_SEGMENT))
			break;
		all |= class;
	}
	*seen = all;
	return p;
}

/* --- the header --- */

static bool
header_by_offsets(const char *p, const char *end, struct x12_header *h)
{
	const char *at = p + 3;

	if (end - p < X12_ISA_BYTES)
		return false;
	for (size_t i = 0; i < X12_ISA_FIELDS; i++) {
		if (*at != h->separators.element)
			return false;
		h->fields[i] = (struct str){at + 1, x12_isa_widths[i]};
		at += 1 + x12_isa_widths[i];
	}
	h->length = X12_ISA_BYTES;
	return true;
}

static bool
header_by_count(const char *p, const char *end, struct x12_header *h)
{
	const char *at = p + 3, *next;

	if (end - p > HEADER_MAX_BYTES)
		end = p + HEADER_MAX_BYTES;
	for (size_t i = 0; i + 1 < X12_ISA_FIELDS; i++) {
		next = memchr(at + 1, h->separators.element, (size_t)(end - at - 1));
		if (!next)
			return false;
		h->fields[i] = (struct str){at + 1, (size_t)(next - at - 1)};
		at = next;
	}
	if (end - at < 3)
		return false;
	h->fields[X12_ISA_FIELDS - 1] = (struct str){at + 1, 1};
	h->length = (size_t)(at - p) + 3;
	return true;
}

/* Where elements are missing, counting runs on into what follows the header, and a field of one character shows it. */
static bool
is_one_character(struct str field)
{
	size_t n = 0;

	for (size_t i = 0; i < field.n; i++)
		n += !is_break(field.p[i]);
	return n <= 1;
}

enum x12_header_state
x12_header_read(const char *p, const char *end, struct x12_header *h)
{
	*h = (struct x12_header){.length = 0};
	if (end - p < 4)
		return X12_HEADER_CUT;
	h->separators.element = p[3];
	if (is_alphanumeric(p[3]) || p[3] == ' ')
		return X12_HEADER_SEPARATORS;
	if (!header_by_offsets(p, end, h) && !header_by_count(p, end, h))
		return X12_HEADER_CUT;
	if (!is_one_character(h->fields[10]) || !is_one_character(h->fields[13]) || !is_one_character(h->fields[14]))
		return X12_HEADER_FIELDS;
	h->separators.component = h->fields[15].p[0];
	h->separators.segment = h->fields[15].p[1];
	h->separators.has_repetition = x12_has_repetition(h->fields[10], h->fields[11]);
	if (h->separators.has_repetition)
		h->separators.repetition = h->fields[10].p[0];
	return X12_HEADER_OK;
}

bool
x12_has_repetition(struct str isa11, struct str isa12)
{
	int64_t version;

	return isa11.n == 1 && !is_alphanumeric(isa11.p[0]) && isa11.p[0] != ' ' &&
	       str_to_int(x12_trim_right(str_trim(isa12)), &version) && version >= 402;
}

/* --- text --- */

static bool
breaks_remove(struct arena *arena, struct str *text)
{
	char *out = arena_get(arena, text->n);
	size_t n = 0;

	if (!out)
		return false;
	for (size_t i = 0; i < text->n; i++)
		if (!is_break(text->p[i]))
			out[n++] = text->p[i];
	*text = (struct str){out, n};
	return true;
}

static bool
latin1_convert(struct arena *arena, struct str *text)
{
	char *out = arena_get(arena, text->n * 2);
	size_t n = 0;

	if (!out)
		return false;
	for (size_t i = 0; i < text->n; i++) {
		unsigned char c = (unsigned char)text->p[i];

		if (c >= 0x80) {
			out[n++] = (char)(0xC0 | c >> 6);
			c = 0x80 | (c & 0x3F);
		}
		out[n++] = (char)c;
	}
	*text = (struct str){out, n};
	return true;
}

bool
x12_text(struct arena *arena, struct str raw, struct str *text)
{
	struct str s = raw;

	if ((memchr(s.p, '\n', s.n) || memchr(s.p, '\r', s.n)) && !breaks_remove(arena, &s))
		return false;
	if (!str_is_utf8(s) && !latin1_convert(arena, &s))
		return false;
	*text = s;
	return true;
}

struct str
x12_trim_right(struct str text)
{
	for (;;) {
		if (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
			text.n--;
		else if (str_ends(text, STR("\xC2\xA0")))
			text.n -= 2;
		else
			return text;
	}
}

struct str
x12_byte_text(struct arena *arena, char byte)
{
	struct str text = arena_str(arena, (struct str){&byte, 1});

	if (text.p && (unsigned char)byte >= 0x80 && !latin1_convert(arena, &text))
		return (struct str){NULL, 0};
	return text;
}

bool
x12_byte_of(struct str text, char *byte)
{
	unsigned first = text.n ? (unsigned char)text.p[0] : 0;

	if (text.n == 1 && first < 0x80)
		*byte = (char)first;
	else if (text.n == 2 && (first == 0xC2 || first == 0xC3) && str_is_utf8(text))
		*byte = (char)((first & 3) << 6 | ((unsigned char)text.p[1] & 0x3F));
	else
		return false;
	return true;
}

bool
x12_digits(struct str text, struct str *significant)
{
	if (!text.n)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	while (text.n && text.p[0] == '0')
		text = str_after(text, 1);
	*significant = text;
	return true;
}
