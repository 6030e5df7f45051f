/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "base/decimal.h"
#include "formats/json.h"

#include <stdlib.h>
#include <string.h>

#define TEXTS_MAX_BYTES ((size_t)256 << 20)
#define COLUMN_GAP 2

struct cell {
	size_t start, n; /* in texts */
	bool is_null;
};

struct table {
	const struct table_column *columns;
	size_t columns_count;
	struct cell *cells; /* row after row */
	size_t cells_count, cells_room;
	struct buf texts;
	bool failed;
};

struct table *
table_new(const struct table_column *columns, size_t n)
{
	struct table *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->columns = columns;
	t->columns_count = n;
	buf_init(&t->texts, TEXTS_MAX_BYTES);
	return t;
}

void
table_free(struct table *t)
{
	if (!t)
		return;
	buf_release(&t->texts);
	free(t->cells);
	free(t);
}

static void
cell_put(struct table *t, struct str text, bool is_null)
{
	if (t->cells_count == t->cells_room) {
		size_t room = t->cells_room ? t->cells_room * 2 : 256;
		struct cell *cells = realloc(t->cells, room * sizeof *cells);

		if (!cells) {
			t->failed = true;
			return;
		}
		t->cells = cells;
		t->cells_room = room;
	}
	t->cells[t->cells_count++] = (struct cell){t->texts.n, text.n, is_null};
	buf_put_str(&t->texts, text);
	t->failed |= !buf_is_ok(&t->texts);
}

void
table_text(struct table *t, struct str text)
{
	if (!t->failed)
		cell_put(t, text, false);
}

void
table_int(struct table *t, int64_t number)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", (long long)number);
	table_text(t, str_of(text));
}

void
table_null(struct table *t)
{
	if (!t->failed)
		cell_put(t, STR("-"), true);
}

size_t
table_rows_count(const struct table *t)
{
	return t->cells_count / t->columns_count;
}

static const struct cell *
cell_at(const struct table *t, size_t row, size_t column)
{
	return &t->cells[row * t->columns_count + column];
}

static struct str
cell_str(const struct table *t, const struct cell *cell)
{
	return (struct str){t->texts.p + cell->start, cell->n};
}

/* One character of UTF-8 from the front of *s; U+FFFD for a byte that begins none. */
static uint32_t
character_next(struct str *s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)s->p[0];
	size_t n = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
	uint32_t value = n == 1 ? first : first & (0xffu >> (n + 1));

	if (n == 0 || n > s->n) {
		*s = str_after(*s, 1);
		return 0xfffd;
	}
	for (size_t i = 1; i < n; i++)
		value = value << 6 | ((unsigned char)s->p[i] & 0x3f);
	*s = str_after(*s, n);
	return value < least[n] ? 0xfffd : value;
}

/* Columns on a terminal: East Asian wide characters and emoji take two, combining marks none. */
static size_t
character_width(uint32_t c)
{
	static const uint32_t wide[][2] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
					   {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
					   {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};

	if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200d) || (c >= 0xfe00 && c <= 0xfe0f))
		return 0;
	for (size_t i = 0; i < COUNT_OF(wide); i++)
		if (c >= wide[i][0] && c <= wide[i][1])
			return 2;
	return 1;
}

static size_t
text_width(struct str s)
{
	size_t width = 0;

	while (s.n)
		width += character_width(character_next(&s));
	return width;
}

static void
text_print(struct str s, FILE *out)
{
	while (s.n) {
		const char *start = s.p;
		uint32_t c = character_next(&s);

		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffd)
			fputc('?', out);
		else
			fwrite(start, 1, (size_t)(s.p - start), out);
	}
}

static size_t
column_width(const struct table *t, size_t column)
{
	size_t width = text_width(str_of(t->columns[column].title));

	for (size_t row = 0; row < table_rows_count(t); row++) {
		size_t cell = text_width(cell_str(t, cell_at(t, row, column)));

		width = cell > width ? cell : width;
	}
	return width;
}

static void
aligned_print(const struct table *t, size_t column, struct str text, size_t width, FILE *out)
{
	bool is_number = t->columns[column].type == TABLE_NUMBER, is_last = column + 1 == t->columns_count;
	int blanks = (int)(width - text_width(text));

	fprintf(out, "%*s", is_number ? blanks : 0, "");
	text_print(text, out);
	if (!is_last)
		fprintf(out, "%*s", (is_number ? 0 : blanks) + COLUMN_GAP, "");
	else
		fputc('\n', out);
}

static bool
people_print(const struct table *t, FILE *out)
{
	size_t *widths = calloc(t->columns_count, sizeof *widths);

	if (!widths)
		return false;
	for (size_t i = 0; i < t->columns_count; i++)
		widths[i] = column_width(t, i);
	for (size_t i = 0; i < t->columns_count; i++)
		aligned_print(t, i, str_of(t->columns[i].title), widths[i], out);
	for (size_t row = 0; row < table_rows_count(t); row++)
		for (size_t i = 0; i < t->columns_count; i++)
			aligned_print(t, i, cell_str(t, cell_at(t, row, i)), widths[i], out);
	free(widths);
	return true;
}

/* A number as JSON spells it; everything else is text. */
static bool
is_number(struct str s)
{
	int64_t ignored;

	return s.n && s.p[0] != '+' && (str_to_int(s, &ignored) || decimal_parse(s, &ignored));
}

static bool
json_print(const struct table *t, FILE *out)
{
	struct buf json;
	bool is_ok;

	buf_init(&json, TEXTS_MAX_BYTES);
	buf_put_char(&json, '[');
	for (size_t i = 0; i < table_rows_count(t) * t->columns_count; i++) {
		const struct table_column *column = &t->columns[i % t->columns_count];
		const struct cell *cell = &t->cells[i];
		struct str text = cell_str(t, cell);

		buf_put_str(&json, i % t->columns_count ? STR(", ") : i ? STR("},\n {") : STR("{"));
		json_put_text(&json, str_of(column->key));
		buf_put_str(&json, STR(": "));
		if (cell->is_null)
			buf_put_str(&json, STR("null"));
		else if (column->type == TABLE_NUMBER && is_number(text))
			buf_put_str(&json, text);
		else
			json_put_text(&json, text);
	}
	buf_put_str(&json, table_rows_count(t) ? STR("}]\n") : STR("]\n"));
	is_ok = buf_is_ok(&json) && fwrite(json.p, 1, json.n, out) == json.n;
	buf_release(&json);
	return is_ok;
}

bool
table_print(const struct table *t, FILE *out, enum table_form form)
{
	if (t->failed)
		return false;
	return (form == TABLE_JSON ? json_print(t, out) : people_print(t, out)) && fflush(out) == 0 && !ferror(out);
}
