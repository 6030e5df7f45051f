/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv.h"

#include <string.h>

void
csv_init(struct csv *c, struct str bytes, char delimiter, char quote)
{
	struct str mark = STR("\xEF\xBB\xBF");

	*c = (struct csv){str_starts(bytes, mark) ? str_after(bytes, mark.n) : bytes, 1, delimiter, quote};
}

/* The first fault of a record is the one to tell. */
static void
fault_note(const struct csv *c, struct csv_fault *fault, const char *text)
{
	if (!fault->text)
		*fault = (struct csv_fault){c->line, text};
}

static bool
ends_field(const struct csv *c, size_t at)
{
	char ch = c->rest.p[at];

	return ch == c->delimiter || ch == '\n' || (ch == '\r' && at + 1 < c->rest.n && c->rest.p[at + 1] == '\n');
}

/* Up to the next delimiter or line end. */
static struct str
plain_read(struct csv *c, struct csv_fault *fault)
{
	struct str field = {c->rest.p, 0};

	for (; field.n < c->rest.n && !ends_field(c, field.n); field.n++) {
		char ch = field.p[field.n];

		if (ch == '\0')
			fault_note(c, fault, "a NUL byte");
		else if (ch == c->quote)
			fault_note(c, fault, "a quote inside a field that does not begin with one");
		else if (ch == '\r')
			fault_note(c, fault, "a carriage return that ends no line");
	}
	c->rest = str_after(c->rest, field.n);
	return field;
}

/* Bytes up to the closing quote, doubled quotes still doubled; SIZE_MAX when it never closes. */
static size_t
quoted_bytes(struct str s, char quote, bool *has_doubled)
{
	const char *end = s.p + s.n, *p = s.p;

	*has_doubled = false;
	while (p < end && (p = memchr(p, quote, (size_t)(end - p)))) {
		if (p + 1 == end || p[1] != quote)
			return (size_t)(p - s.p);
		*has_doubled = true;
		p += 2;
	}
	return SIZE_MAX;
}

static struct str
undouble(struct str s, char quote, struct arena *arena)
{
	char *p = arena_get(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; p && i < s.n; i++) {
		p[n++] = s.p[i];
		i += s.p[i] == quote;
	}
	return (struct str){p, n};
}

/* rest begins with the opening quote. */
static enum csv_status
quoted_read(struct csv *c, struct arena *arena, struct str *field, struct csv_fault *fault)
{
	struct str inside = str_after(c->rest, 1);
	bool has_doubled;
	size_t n = quoted_bytes(inside, c->quote, &has_doubled);

	if (n == SIZE_MAX) {
		*fault = (struct csv_fault){c->line, "a quote that is never closed"};
		return CSV_UNCLOSED;
	}
	*field = (struct str){inside.p, n};
	c->rest = str_after(inside, n + 1);
	if (memchr(field->p, '\0', n))
		fault_note(c, fault, "a NUL byte");
	for (size_t i = 0; i < n; i++)
		c->line += field->p[i] == '\n';
	if (has_doubled)
		*field = undouble(*field, c->quote, arena);
	if (!field->p) {
		*fault = (struct csv_fault){c->line, "more than memory holds"};
		return CSV_NO_MEMORY;
	}
	if (c->rest.n > 0 && !ends_field(c, 0)) {
		struct csv_fault first = {c->line, "text behind a closing quote"};

		plain_read(c, &first);
		fault_note(c, fault, first.text);
	}
	return CSV_RECORD;
}

/* Consumes what ends the record, if rest begins with it. */
static bool
line_end(struct csv *c)
{
	size_t n = str_starts(c->rest, STR("\r\n")) ? 2 : str_starts(c->rest, STR("\n")) ? 1 : 0;

	if (n == 0)
		return c->rest.n == 0;
	c->rest = str_after(c->rest, n);
	c->line++;
	return true;
}

static enum csv_status
field_read(struct csv *c, struct arena *arena, struct csv_record *record, struct csv_fault *fault)
{
	struct str field;

	if (c->quote && c->rest.n > 0 && *c->rest.p == c->quote) {
		enum csv_status status = quoted_read(c, arena, &field, fault);

		if (status != CSV_RECORD)
			return status;
	} else {
		field = plain_read(c, fault);
	}
	if (!str_is_utf8(field))
		fault_note(c, fault, "bytes that are not UTF-8");
	if (record->n == CSV_FIELDS_MAX)
		fault_note(c, fault, "too many fields");
	else
		record->fields[record->n++] = field;
	return CSV_RECORD;
}

enum csv_status
csv_next(struct csv *c, struct arena *arena, struct csv_record *record, struct csv_fault *fault)
{
	struct csv_fault first = {0, NULL};

	record->n = 0;
	record->line = c->line;
	if (c->rest.n == 0)
		return CSV_END;
	for (;;) {
		enum csv_status status = field_read(c, arena, record, &first);

		if (status == CSV_RECORD && !line_end(c)) {
			c->rest = str_after(c->rest, 1); /* the delimiter */
			continue;
		}
		if (first.text)
			*fault = first;
		return status == CSV_RECORD && first.text ? CSV_FAULT : status;
	}
}
