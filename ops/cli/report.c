/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "formats/json.h"

#include <ctype.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 << 20)
#define COLUMNS_MAX 24
#define CELL_COLUMNS_MAX 60

struct layout {
	struct str titles[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX];
	size_t n;
};

enum outcome
report_query(struct store *store, const struct rows *rows, struct arena *arena, struct str *json, struct why *why)
{
	struct result *result;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows, &result, why);
	if (outcome == OUTCOME_OK) {
		*json = arena_str(arena, result_count(result) ? result_text(result, 0, 0) : STR("[]"));
		if (!json->p)
			outcome = why_set(why, OUTCOME_DEAD, "too-large", "more than fits in memory: narrow it down");
	}
	store_rollback(store);
	return outcome;
}

/* Characters, not bytes: continuation bytes take no column. */
static size_t
text_columns(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static struct str
cell_text(const struct node *n)
{
	return node_is(n, NODE_NULL) || !n ? (struct str){NULL, 0} : node_text(n);
}

static void
layout_measure(struct layout *l, const struct node *list)
{
	for (const struct node *row = list->child; row; row = row->next)
		for (const struct node *cell = row->child; cell; cell = cell->next) {
			size_t c = 0;

			while (c < l->n && !str_equal(l->titles[c], cell->key))
				c++;
			if (c == COLUMNS_MAX)
				continue;
			if (c == l->n) {
				l->titles[l->n] = cell->key;
				l->widths[l->n++] = text_columns(cell->key);
			}
			if (text_columns(cell_text(cell)) > l->widths[c])
				l->widths[c] = text_columns(cell_text(cell));
		}
	for (size_t c = 0; c < l->n; c++)
		if (l->widths[c] > CELL_COLUMNS_MAX && c + 1 < l->n)
			l->widths[c] = CELL_COLUMNS_MAX;
}

/* A control character in a stored text must not move the reader's cursor. */
static void
text_put(struct str s, size_t columns, FILE *out)
{
	size_t used = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool is_start = ((unsigned char)s.p[i] & 0xc0) != 0x80;

		if (is_start && used == columns)
			break;
		used += is_start;
		fputc(iscntrl((unsigned char)s.p[i]) ? ' ' : s.p[i], out);
	}
}

static void
cell_put(const struct layout *l, size_t c, struct str text, bool is_number, FILE *out)
{
	size_t columns = text_columns(text);
	size_t pad = columns < l->widths[c] ? l->widths[c] - columns : 0;

	if (is_number)
		fprintf(out, "%*s", (int)pad, "");
	text_put(text, l->widths[c], out);
	if (!is_number && c + 1 < l->n)
		fprintf(out, "%*s", (int)pad, "");
	fputs(c + 1 < l->n ? "  " : "\n", out);
}

static void
titles_put(const struct layout *l, FILE *out)
{
	for (size_t c = 0; c < l->n; c++) {
		char title[64];
		size_t n = l->titles[c].n < sizeof title ? l->titles[c].n : sizeof title - 1;

		for (size_t i = 0; i < n; i++)
			title[i] = l->titles[c].p[i] == '_' ? ' ' : (char)toupper((unsigned char)l->titles[c].p[i]);
		cell_put(l, c, (struct str){title, n}, false, out);
	}
}

void
report_table(struct str json, struct arena *arena, const char *none, FILE *out)
{
	struct tree_limits limits = {.bytes = SIZE_MAX, .depth = 64, .nodes = SIZE_MAX};
	struct layout layout = {.n = 0};
	struct node *list;
	struct why why;

	if (json_parse(json, &limits, arena, &list, &why) != OUTCOME_OK) {
		fprintf(stderr, "%s: %s\n", why.code, why.text);
		return;
	}
	if (!list->child) {
		fprintf(out, "%s\n", none);
		return;
	}
	layout_measure(&layout, list);
	titles_put(&layout, out);
	for (const struct node *row = list->child; row; row = row->next)
		for (size_t c = 0; c < layout.n; c++) {
			const struct node *cell = node_get_str(row, layout.titles[c]);

			cell_put(&layout, c, cell_text(cell), node_is(cell, NODE_NUMBER), out);
		}
}

static void
page_line(const struct node *cell, size_t width, FILE *out)
{
	struct buf text;

	fprintf(out, "%.*s%*s  ", STR_ARGS(cell->key), (int)(width - cell->key.n), "");
	if (cell->child) {
		buf_init(&text, (size_t)1 << 20);
		json_put_node(&text, cell, 0);
		text_put(buf_str(&text), SIZE_MAX, out);
		buf_release(&text);
	} else {
		text_put(cell_text(cell), SIZE_MAX, out);
	}
	fputc('\n', out);
}

void
report_page(struct str json, struct arena *arena, FILE *out)
{
	struct tree_limits limits = {.bytes = SIZE_MAX, .depth = 64, .nodes = SIZE_MAX};
	struct node *list;
	struct why why;
	size_t width = 0;

	if (json_parse(json, &limits, arena, &list, &why) != OUTCOME_OK || !list->child) {
		fprintf(stderr, "%s: %s\n", why.code, why.text);
		return;
	}
	for (const struct node *cell = list->child->child; cell; cell = cell->next)
		if (cell->key.n > width)
			width = cell->key.n;
	for (const struct node *cell = list->child->child; cell; cell = cell->next)
		page_line(cell, width, out);
}

int
report_print(struct store *store, const struct rows *rows, bool as_json, const char *none)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct why why = {0};
	struct str json;
	int status = 1;

	if (!arena || report_query(store, rows, arena, &json, &why) != OUTCOME_OK) {
		fprintf(stderr, "%s: %s\n", why.code ? why.code : "memory", why.text);
	} else {
		if (as_json)
			printf("%.*s\n", STR_ARGS(json));
		else
			report_table(json, arena, none, stdout);
		status = 0;
	}
	arena_free(arena);
	return status;
}
