/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <string.h>

void
csv_init(struct csv *c, struct str bytes)
{
	struct str mark = STR("\xEF\xBB\xBF");

	*c = (struct csv){str_starts(bytes, mark) ? str_after(bytes, mark.n) : bytes, 1};
}

/* Up to the next comma or line end. */
static const char *
plain_read(struct csv *c, struct str *field)
{
	size_t n = 0;

	while (n < c->rest.n && c->rest.p[n] != ',' && c->rest.p[n] != '\n') {
		char ch = c->rest.p[n];

		if (ch == '"')
			return "a quote inside a field that does not begin with one";
		if (ch == '\0')
			return "a NUL byte";
		if (ch == '\r' && !(n + 1 < c->rest.n && c->rest.p[n + 1] == '\n'))
			return "a carriage return that ends no line";
		if (ch == '\r')
			break;
		n++;
	}
	*field = (struct str){c->rest.p, n};
	c->rest = str_after(c->rest, n);
	return NULL;
}

/* Bytes up to the closing quote, doubled quotes still doubled; SIZE_MAX when it never closes. */
static size_t
quoted_bytes(struct str s, bool *has_doubled)
{
	*has_doubled = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '"')
			continue;
		if (i + 1 >= s.n || s.p[i + 1] != '"')
			return i;
		*has_doubled = true;
		i++;
	}
	return SIZE_MAX;
}

static struct str
undouble(struct str s, struct arena *arena)
{
	char *p = arena_get(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; p && i < s.n; i++) {
		p[n++] = s.p[i];
		i += s.p[i] == '"';
	}
	return (struct str){p, n};
}

/* rest begins behind the opening quote. */
static const char *
quoted_read(struct csv *c, struct arena *arena, struct str *field)
{
	bool has_doubled;
	size_t n = quoted_bytes(c->rest, &has_doubled);

	if (n == SIZE_MAX)
		return "a quote that is never closed";
	*field = (struct str){c->rest.p, n};
	c->rest = str_after(c->rest, n + 1);
	if (memchr(field->p, '\0', n))
		return "a NUL byte";
	for (size_t i = 0; i < n; i++)
		c->line += field->p[i] == '\n';
	if (has_doubled)
		*field = undouble(*field, arena);
	if (!field->p)
		return "more than memory holds";
	if (c->rest.n > 0 && *c->rest.p != ',' && *c->rest.p != '\n' && !str_starts(c->rest, STR("\r\n")))
		return "text behind a closing quote";
	return NULL;
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

enum csv_status
csv_next(struct csv *c, struct arena *arena, struct csv_record *record, const char **fault)
{
	record->n = 0;
	record->line = c->line;
	if (c->rest.n == 0)
		return CSV_END;
	do {
		struct str *field = &record->fields[record->n];
		const char *wrong;

		if (record->n++ == CSV_FIELDS_MAX)
			wrong = "too many fields";
		else if (str_starts(c->rest, STR("\""))) {
			c->rest = str_after(c->rest, 1);
			wrong = quoted_read(c, arena, field);
		} else
			wrong = plain_read(c, field);
		if (!wrong && !str_is_utf8(*field))
			wrong = "bytes that are not UTF-8";
		if (wrong) {
			*fault = wrong;
			return CSV_FAULT;
		}
		if (line_end(c))
			return CSV_RECORD;
		c->rest = str_after(c->rest, 1); /* the comma */
	} while (true);
}
