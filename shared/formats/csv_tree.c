/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_tree.h"

#include "formats/charset.h"
#include "formats/csv.h"
#include "formats/node_names.h"

#include <string.h>

struct parser {
	struct str text; /* the document as UTF-8 */
	struct csv csv;
	struct csv_record record;
	struct csv_fault fault;
	const struct csv_dialect *dialect;
	const struct tree_limits *limits;
	struct arena *arena;
	struct node *root, *columns, *rows;
	struct str names[CSV_FIELDS_MAX]; /* of the columns */
	size_t offset;                    /* of the record, which is that of its cells too */
	size_t nodes_count;
	struct why *why;
};

static bool
fail(struct parser *s, const char *code, size_t line, const char *text)
{
	why_set(s->why, OUTCOME_DEAD, code, "line %zu: %s", line, text);
	return false;
}

/* --- the text --- */

static bool
fail_encoding(struct parser *s, size_t offset, const char *text)
{
	size_t line, column;

	tree_position(s->text, offset, &line, &column);
	why_set(s->why, OUTCOME_DEAD, "csv-encoding", "line %zu column %zu: %s", line, column, text);
	return false;
}

static bool
text_decode(struct parser *s, struct str document)
{
	const char *name = s->dialect->encoding ? s->dialect->encoding : "utf-8", *nul;
	enum charset charset;

	if (!charset_find(str_of(name), &charset)) {
		why_set(s->why, OUTCOME_DEAD, "csv-encoding", "no encoding is known by the name %.32s", name);
		return false;
	}
	switch (charset_decode(document, charset, s->arena, &s->text)) {
	case CHARSET_NO_MEMORY:
		return fail(s, "document-too-large", 1, "no memory for the text");
	case CHARSET_WRONG:
		return fail_encoding(s, s->text.n, "bytes that are not of the file's encoding");
	case CHARSET_OK:
		break;
	}
	nul = s->text.n ? memchr(s->text.p, '\0', s->text.n) : NULL;
	if (nul)
		return fail_encoding(s, (size_t)(nul - s->text.p), "a NUL: is the encoding another one?");
	return true;
}

static enum csv_status
record_next(struct parser *s)
{
	s->offset = s->text.n - s->csv.rest.n;
	return csv_next(&s->csv, s->arena, &s->record, &s->fault);
}

/* --- nodes --- */

static struct node *
node_add(struct parser *s, struct node *parent, enum node_type type, struct str key)
{
	size_t line = s->record.line;
	struct node *n;

	if (s->nodes_count == s->limits->nodes) {
		fail(s, "document-too-many-nodes", line, "more cells than are taken");
		return NULL;
	}
	n = node_new(s->arena, type, s->offset);
	if (!n) {
		fail(s, "document-too-large", line, "no memory for the document");
		return NULL;
	}
	s->nodes_count++;
	n->key = key;
	if (parent)
		node_append(parent, n);
	return n;
}

static bool
text_add(struct parser *s, struct node *parent, struct str key, struct str text)
{
	struct node *n = text.p ? node_add(s, parent, NODE_TEXT, key) : NULL;

	if (!text.p)
		return fail(s, "document-too-large", s->record.line, "no memory for a text");
	if (n)
		n->text = text;
	return n != NULL;
}

/* --- columns --- */

static bool
column_is_ours(struct str name)
{
	return str_equal(name, STR("line")) || str_equal(name, STR("fault"));
}

static bool
columns_check(struct parser *s)
{
	size_t line = s->record.line ? s->record.line : 1;
	struct node_names names;

	if (!node_names_init(&names, s->arena, s->columns->children_count))
		return fail(s, "document-too-large", line, "no memory for the columns");
	for (struct node *n = s->columns->child; n; n = n->next) {
		struct node key = {.key = n->text}, *seen = arena_get(s->arena, sizeof *seen);
		struct node **place = node_names_place(&names, n->text);

		if (!seen)
			return fail(s, "document-too-large", line, "no memory for the columns");
		if (n->text.n == 0)
			return fail(s, "csv-header", line, "a column without a name");
		if (column_is_ours(n->text))
			return fail(s, "csv-header", line,
				    "a column named as our own `line` or `fault`: name the columns");
		if (*place)
			return fail(s, "csv-header", line, "two columns of one name");
		*seen = key;
		*place = seen;
	}
	return true;
}

static bool
column_add(struct parser *s, struct str name)
{
	s->names[s->columns->children_count] = name;
	return text_add(s, s->columns, (struct str){NULL, 0}, name);
}

/* The names that the dialect gives come before those of the header, which must fit them in number. */
static bool
columns_read(struct parser *s)
{
	size_t count = s->dialect->columns_count;

	if (s->dialect->has_header) {
		enum csv_status status = record_next(s);

		if (status == CSV_END)
			return fail(s, "csv-header", 1, "not even a header");
		if (status != CSV_RECORD)
			return fail(s, status == CSV_UNCLOSED ? "csv-quote" : "csv-header", s->fault.line,
				    s->fault.text);
		if (count && count != s->record.n)
			return fail(s, "csv-header", s->record.line, "not as many columns as the names that are given");
	}
	if (count > CSV_FIELDS_MAX)
		return fail(s, "csv-header", 1, "more columns than are taken");
	for (size_t i = 0; i < count; i++)
		if (!column_add(s, arena_str(s->arena, str_of(s->dialect->columns[i]))))
			return false;
	for (size_t i = 0; count == 0 && s->dialect->has_header && i < s->record.n; i++)
		if (!column_add(s, str_trim(s->record.fields[i])))
			return false;
	return s->columns->children_count ? columns_check(s) : fail(s, "csv-header", 1, "no names of columns");
}

/* --- rows --- */

static bool
record_is_empty(const struct csv_record *record)
{
	for (size_t i = 0; i < record->n; i++)
		if (str_trim(record->fields[i]).n > 0)
			return false;
	return true;
}

static bool
fault_add(struct parser *s, struct node *row, bool is_faulty)
{
	size_t cells = s->record.n, columns = s->columns->children_count;

	if (is_faulty)
		return text_add(s, row, STR("fault"),
				arena_printf(s->arena, "line %zu: %s", s->fault.line, s->fault.text));
	if (cells != columns)
		return text_add(s, row, STR("fault"),
				arena_printf(s->arena, "line %zu: %zu cell%s, %zu column%s", s->record.line, cells,
					     cells == 1 ? "" : "s", columns, columns == 1 ? "" : "s"));
	return true;
}

static bool
row_add(struct parser *s, bool is_faulty)
{
	size_t columns = s->columns->children_count;
	struct node *row = node_add(s, s->rows, NODE_OBJECT, (struct str){NULL, 0});

	if (!row || !text_add(s, row, STR("line"), arena_printf(s->arena, "%zu", s->record.line)) ||
	    !fault_add(s, row, is_faulty))
		return false;
	for (size_t i = 0; i < s->record.n && i < columns; i++)
		if (s->record.fields[i].n > 0 && !text_add(s, row, s->names[i], s->record.fields[i]))
			return false;
	return true;
}

static bool
rows_read(struct parser *s)
{
	for (;;) {
		switch (record_next(s)) {
		case CSV_END:
			return true;
		case CSV_UNCLOSED:
			return fail(s, "csv-quote", s->fault.line, s->fault.text);
		case CSV_NO_MEMORY:
			return fail(s, "document-too-large", s->fault.line, s->fault.text);
		case CSV_RECORD:
			if (!record_is_empty(&s->record) && !row_add(s, false))
				return false;
			break;
		case CSV_FAULT:
			if (!row_add(s, true))
				return false;
		}
	}
}

static bool
document_read(struct parser *s)
{
	s->root = node_add(s, NULL, NODE_OBJECT, (struct str){NULL, 0});
	if (!s->root || !text_add(s, s->root, STR("format"), STR("csv")))
		return false;
	s->columns = node_add(s, s->root, NODE_LIST, STR("columns"));
	s->rows = s->columns ? node_add(s, s->root, NODE_LIST, STR("rows")) : NULL;
	return s->rows && columns_read(s) && rows_read(s);
}

enum outcome
csv_tree_parse(struct str document, const struct csv_dialect *dialect, const struct tree_limits *limits,
	       struct arena *arena, struct node **root, struct why *why)
{
	struct parser s = {.dialect = dialect, .limits = limits, .arena = arena, .why = why};

	if (document.n > limits->bytes)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "%zu bytes, at most %zu are taken", document.n,
			       limits->bytes);
	if (!document.p)
		document.p = "";
	if (!text_decode(&s, document))
		return OUTCOME_DEAD;
	csv_init(&s.csv, s.text, dialect->delimiter, dialect->quote);
	if (!document_read(&s))
		return OUTCOME_DEAD;
	*root = s.root;
	return OUTCOME_OK;
}
