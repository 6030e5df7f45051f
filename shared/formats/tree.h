/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree - the one generic form of every parsed document
 * Each format is parsed to this tree, which keeps the text of every number and the position of every node. Mappings
 * read it (mapping/), contracts are filled from it (contract/contract.h). All memory is from the parse's arena or
 * points into the document's bytes: keep both.
 */
#ifndef TRIBUTARY_FORMATS_TREE_H
#define TRIBUTARY_FORMATS_TREE_H

#include "base/arena.h"
#include "base/outcome.h"

enum node_type {
	NODE_NULL,
	NODE_BOOL,   /* text is "true" or "false" */
	NODE_NUMBER, /* text as it was written: 10.00 stays 10.00 */
	NODE_TEXT,   /* text, UTF-8, escapes resolved */
	NODE_LIST,   /* children without keys */
	NODE_OBJECT, /* children with keys */
};

struct node {
	enum node_type type;
	bool is_read;       /* a mapping looked at it */
	struct str key;     /* name within its object; empty in a list and at the root */
	struct str text;    /* scalars only */
	struct node *child; /* first child, in the document's order */
	struct node *last;  /* last child */
	struct node *next;  /* next sibling */
	size_t children_count;
	size_t offset; /* of the node's first byte in the document, bytes */
};

/* What a parser accepts at most; beyond any of them the document is refused with code `document-too-…`. */
struct tree_limits {
	size_t bytes;
	size_t depth;
	size_t nodes;
};

extern const struct tree_limits tree_default_limits; /* 8 MiB, depth 64, 500,000 nodes */

/* node_new - a node from the arena, NULL when its cap is reached */
struct node *node_new(struct arena *a, enum node_type type, size_t offset);
/* node_append - the child becomes the parent's last */
void node_append(struct node *parent, struct node *child);
/* node_get - the member named key; NULL when there is none or `object` is NULL or no object */
const struct node *node_get(const struct node *object, const char *key);
const struct node *node_get_str(const struct node *object, struct str key);
/* node_at - the child at the index (from 0); NULL when there is none */
const struct node *node_at(const struct node *parent, size_t index);
/* node_text - a scalar's text; empty for NULL, null, lists and objects */
struct str node_text(const struct node *n);
/* node_is - is it there and of that type? */
bool node_is(const struct node *n, enum node_type type);
const char *node_type_name(enum node_type type);
/* tree_line - line number (from 1) of an offset in the document */
size_t tree_line(struct str document, size_t offset);
/* tree_position - line and column (in characters) from 1; counts from the start, so only when something is wrong */
void tree_position(struct str document, size_t offset, size_t *line, size_t *column);

#endif
