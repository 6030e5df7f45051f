/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12_build - nodes of an X12 tree
 * Sticky: after the first shortage, of nodes or of memory, everything gives NULL and does nothing; look once per
 * segment. A NULL parent is fine for the same reason.
 */
#ifndef TRIBUTARY_FORMATS_X12_BUILD_H
#define TRIBUTARY_FORMATS_X12_BUILD_H

#include "formats/tree.h"

#define X12_KEY_SLOTS 64

enum x12_shortage { X12_SHORTAGE_NONE, X12_SHORTAGE_NODES, X12_SHORTAGE_MEMORY };

/* The keys of one segment tag, N101 N102 .. next to each other; made once for all segments of that tag. */
struct x12_keys {
	struct str tag;
	char *text;
	size_t count;
};

struct x12_builder {
	struct arena *arena;
	size_t nodes_left;
	enum x12_shortage shortage;
	struct x12_keys keys[X12_KEY_SLOTS]; /* by the tag's hash; what collides is made again */
};

void x12_builder_init(struct x12_builder *b, struct arena *arena, size_t nodes_limit);
/* x12_node - a node without a parent */
struct node *x12_node(struct x12_builder *b, enum node_type type, struct str key, size_t offset);
/* x12_add - the parent's new last child; key is borrowed and must live as long as the tree */
struct node *x12_add(struct x12_builder *b, struct node *parent, enum node_type type, struct str key, size_t offset);
/* x12_add_text - a text as the parent's last child; nothing for an empty one */
void x12_add_text(struct x12_builder *b, struct node *parent, struct str key, struct str text, size_t offset);
/* x12_key - the key of element `number` (1..99) of a segment, tag has 2 or 3 bytes: PO102 */
struct str x12_key(struct x12_builder *b, struct str tag, size_t number);
/* x12_number_key - the key of a component (1..99): "2" */
struct str x12_number_key(size_t number);

/* What is wrong with one level of the envelope; code and ack are literals. */
struct x12_fault {
	const char *code, *ack;
	struct str text;
	size_t offset;
};

/* x12_add_fault - to the "faults" of a transaction, group or interchange, which are its last member */
void x12_add_fault(struct x12_builder *b, struct node *level, const struct x12_fault *fault);

#endif
