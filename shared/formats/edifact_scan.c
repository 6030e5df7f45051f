/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact_scan.h"

#include <string.h>

/* --- separators --- */

static bool
is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A mark that is printed, or one of the information separators IS1 to IS4 of level B (ISO 9735, UNOB). */
static bool
is_mark(char c)
{
	return (c > ' ' && c < 0x7F && !is_letter_or_digit(c)) || (c >= 0x1C && c <= 0x1F);
}

static bool
are_distinct(const struct edifact_separators *s)
{
	const char all[] = {s->component, s->element, s->decimal, s->release, s->repetition, s->segment};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		for (size_t j = i + 1; j < COUNT_OF(all); j++)
			if (all[i] && all[i] == all[j])
				return false;
	return true;
}

/* In syntax 4 the decimal mark is to be ignored, so a blank is fine there. */
static bool
are_marks(const struct edifact_separators *s)
{
	bool is_end = is_mark(s->segment) || s->segment == '\n' || s->segment == '\r';

	return is_mark(s->component) && is_mark(s->element) && is_end && (!s->release || is_mark(s->release)) &&
	       (!s->repetition || is_mark(s->repetition)) && (s->decimal == ' ' || is_mark(s->decimal));
}

const char *
edifact_separators_read(struct str una, bool is_repeating, struct edifact_separators *separators)
{
	struct edifact_separators s = {':', '+', '.', '?', is_repeating ? '*' : '\0', '\''};
	char reserved = ' ';

	if (una.n) {
		if (una.n != EDIFACT_UNA_BYTES || !str_starts(una, STR("UNA")))
			return "UNA is cut";
		reserved = una.p[7];
		s = (struct edifact_separators){.component = una.p[3], .element = una.p[4], .decimal = una.p[5]};
		s.release = una.p[6] == ' ' ? '\0' : una.p[6];
		s.repetition = is_repeating && reserved != ' ' ? reserved : '\0';
		s.segment = una.p[8];
	}
	/* An apostrophe one place early is a UNA that lost a byte: a line end would pass as the terminator. */
	if (reserved == '\'' || (!is_repeating && reserved != ' ' && reserved != '*'))
		return "UNA is cut, or has something in its reserved place";
	if (!are_marks(&s))
		return "a separator is a letter, a digit or no character for it";
	if (!are_distinct(&s))
		return "two separators are the same";
	*separators = s;
	return NULL;
}

const char *
edifact_segment_end(const char *p, const char *end, const struct edifact_separators *separators)
{
	const char *first = p;

	while (p < end && (p = memchr(p, separators->segment, (size_t)(end - p)))) {
		const char *before = p;

		while (separators->release && before > first && before[-1] == separators->release)
			before--;
		if ((p - before) % 2 == 0)
			return p;
		p++;
	}
	return NULL;
}

const char *
edifact_blanks_end(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

bool
edifact_is_tag(struct str text)
{
	if (text.n != 3)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!is_letter_or_digit(text.p[i]) || text.p[i] >= 'a')
			return false;
	return true;
}

bool
edifact_is_word(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!is_letter_or_digit(text.p[i]))
			return false;
	return true;
}

bool
edifact_has_control(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == 0x7F)
			return true;
		if (c == 0xC2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xA0)
			return true;
	}
	return false;
}
