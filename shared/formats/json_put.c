/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/json.h"

#include "formats/json_scan.h"

#include <string.h>

static void
special_put(struct buf *out, char c)
{
	static const char values[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *value = memchr(values, c, sizeof values - 1);

	if (value)
		buf_put(out, (char[]){'\\', names[value - values]}, 2);
	else
		buf_printf(out, "\\u%04x", (unsigned char)c);
}

void
json_put_text(struct buf *out, struct str text)
{
	const char *p = text.p ? text.p : "", *end = p + text.n, *stop;

	buf_put_char(out, '"');
	while (p < end) {
		stop = json_plain_end(p, end);
		buf_put(out, p, (size_t)(stop - p));
		p = stop;
		if (p == end)
			break;
		if ((unsigned char)*p < 0x80) {
			special_put(out, *p++);
			continue;
		}
		size_t n = json_character_length((struct str){p, (size_t)(end - p)});

		buf_put_str(out, n ? (struct str){p, n} : STR("\xEF\xBF\xBD"));
		p += n ? n : 1;
	}
	buf_put_char(out, '"');
}

static void
line_put(struct buf *out, unsigned columns)
{
	buf_put_char(out, '\n');
	while (columns--)
		buf_put_char(out, ' ');
}

/* Another format's number need not be one of JSON's: 007, or 1,5. */
static bool
is_json_number(struct str text)
{
	return text.n && json_number_end(text.p, text.p + text.n) == text.p + text.n;
}

static void
scalar_put(struct buf *out, const struct node *n)
{
	if (n->type == NODE_NULL)
		buf_put_str(out, STR("null"));
	else if (n->type == NODE_BOOL || (n->type == NODE_NUMBER && is_json_number(n->text)))
		buf_put_str(out, n->text);
	else
		json_put_text(out, n->text);
}

/* Recurses: a tree is as deep as the limits it was parsed with, and 64 by default. */
static void
node_put(struct buf *out, const struct node *n, unsigned step, unsigned columns)
{
	bool is_object = n->type == NODE_OBJECT;

	if (n->type != NODE_LIST && !is_object) {
		scalar_put(out, n);
		return;
	}
	buf_put_char(out, is_object ? '{' : '[');
	for (const struct node *child = n->child; child; child = child->next) {
		if (child != n->child)
			buf_put_char(out, ',');
		if (step)
			line_put(out, columns + step);
		if (is_object) {
			json_put_text(out, child->key);
			buf_put_str(out, step ? STR(": ") : STR(":"));
		}
		node_put(out, child, step, columns + step);
	}
	if (step && n->child)
		line_put(out, columns);
	buf_put_char(out, is_object ? '}' : ']');
}

void
json_put_node(struct buf *out, const struct node *node, unsigned indent_columns)
{
	node_put(out, node, indent_columns, 0);
}
