/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_tree.h"

#include <string.h>

/* A sign, digits, and one decimal mark at most: -5,64 stays a number, -5+cmd does not. */
static bool
is_plain_number(struct str s)
{
	bool has_digit = false, has_mark = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			has_digit = true;
		else if ((s.p[i] == '.' || s.p[i] == ',') && !has_mark)
			has_mark = true;
		else if (i > 0 || (s.p[i] != '-' && s.p[i] != '+'))
			return false;
	}
	return has_digit;
}

static bool
is_formula(struct str cell)
{
	return cell.n > 0 && cell.p[0] && strchr("=+-@\t\r", cell.p[0]) && !is_plain_number(cell);
}

static bool
needs_quotes(struct str cell, const struct csv_dialect *dialect)
{
	for (size_t i = 0; i < cell.n; i++)
		if (cell.p[i] == dialect->delimiter || cell.p[i] == dialect->quote || cell.p[i] == '\n' ||
		    cell.p[i] == '\r')
			return true;
	return str_trim(cell).n != cell.n;
}

static void
cell_put(struct buf *out, const struct csv_dialect *dialect, struct str cell)
{
	bool is_quoted = needs_quotes(cell, dialect);

	if (is_quoted && !dialect->quote)
		out->failed = true;
	if (is_quoted)
		buf_put_char(out, dialect->quote);
	if (is_formula(cell))
		buf_put_char(out, '\'');
	for (size_t i = 0; i < cell.n; i++) {
		if (is_quoted && cell.p[i] == dialect->quote)
			buf_put_char(out, dialect->quote);
		buf_put_char(out, cell.p[i]);
	}
	if (is_quoted)
		buf_put_char(out, dialect->quote);
}

void
csv_put_row(struct buf *out, const struct csv_dialect *dialect, const struct str *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_put_char(out, dialect->delimiter);
		cell_put(out, dialect, cells[i]);
	}
	buf_put(out, "\r\n", 2);
}
