/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/tree.h"

const struct tree_limits tree_default_limits = {.bytes = (size_t)8 << 20, .depth = 64, .nodes = 500000};

struct node *
node_new(struct arena *a, enum node_type type, size_t offset)
{
	struct node *n = arena_get(a, sizeof *n);

	if (n) {
		n->type = type;
		n->offset = offset;
	}
	return n;
}

void
node_append(struct node *parent, struct node *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->child = child;
	parent->last = child;
	parent->children_count++;
}

const struct node *
node_get_str(const struct node *object, struct str key)
{
	if (!node_is(object, NODE_OBJECT))
		return NULL;
	for (const struct node *n = object->child; n; n = n->next)
		if (str_equal(n->key, key))
			return n;
	return NULL;
}

const struct node *
node_get(const struct node *object, const char *key)
{
	return node_get_str(object, str_of(key));
}

const struct node *
node_at(const struct node *parent, size_t index)
{
	const struct node *n = parent ? parent->child : NULL;

	while (n && index--)
		n = n->next;
	return n;
}

struct str
node_text(const struct node *n)
{
	return n ? n->text : (struct str){NULL, 0};
}

bool
node_is(const struct node *n, enum node_type type)
{
	return n && n->type == type;
}

const char *
node_type_name(enum node_type type)
{
	static const char *const names[] = {"null", "boolean", "number", "text", "list", "object"};

	return (size_t)type < COUNT_OF(names) ? names[type] : "?";
}

size_t
tree_line(struct str document, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset && i < document.n; i++)
		line += document.p[i] == '\n';
	return line;
}

void
tree_position(struct str document, size_t offset, size_t *line, size_t *column)
{
	*line = tree_line(document, offset);
	*column = 1;
	for (size_t i = offset; i > 0 && document.p[i - 1] != '\n'; i--)
		*column += (document.p[i - 1] & 0xC0) != 0x80;
}
