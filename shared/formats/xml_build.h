/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_build - the tree of an XML document, built from its tags and texts one after the other
 * For xml.c only, which knows the parser; here are the rules of xml.h. Sticky in one way: after a false nothing more
 * may be put, and `fault` says what was wrong.
 */
#ifndef TRIBUTARY_FORMATS_XML_BUILD_H
#define TRIBUTARY_FORMATS_XML_BUILD_H

#include "formats/tree.h"

#define XML_BUILD_NAMES 128 /* kept at hand; a power of two */

/* Equal names must be equal pointers while one document is built. */
struct xml_name {
	const char *local;
	const char *uri; /* NULL: no namespace */
};

/* An element that is not yet closed. */
struct xml_frame {
	struct node *node;
	size_t text_start; /* of its own text in `texts`; that of its children is taken off when they close */
	size_t namespaces_count;
};

/* A name as it stands in the tree, found again by the parser's own. */
struct xml_kept_name {
	const char *local;
	const char *prefix;
	struct str key;
};

struct xml_build {
	const struct tree_limits *limits;
	struct arena *arena;
	struct arena *scratch; /* frames, and the names of the element that closes */
	struct xml_frame *frames;
	size_t depth, nodes_count, namespaces_count;
	size_t offset; /* of the tag that is read */
	struct buf texts;
	struct xml_kept_name names[XML_BUILD_NAMES];
	struct node *root; /* the whole tree */
	struct {
		const char *code, *text; /* literals */
	} fault;
};

/*
 * xml_build_init - an empty tree; release also when it answers false
 * limits, arena  borrowed; the nodes are from the arena
 * text_bytes     what all text of the document cannot be longer than
 */
bool xml_build_init(struct xml_build *b, const struct tree_limits *limits, struct arena *arena, size_t text_bytes);
void xml_build_release(struct xml_build *b);

/* xml_build_open - a start tag; offset is that of its "<", namespaces_count how many it declares */
bool xml_build_open(struct xml_build *b, struct xml_name name, size_t namespaces_count, size_t offset);
/* xml_build_attribute - of the start tag just opened; each local name once */
bool xml_build_attribute(struct xml_build *b, const char *local, struct str value);
bool xml_build_text(struct xml_build *b, struct str text);
bool xml_build_close(struct xml_build *b);

#endif
