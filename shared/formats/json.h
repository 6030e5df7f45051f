/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - RFC 8259 text to a tree, strictly, and back
 * Strict: UTF-8 only (a byte order mark, UTF-16 and lone surrogates are refused), no comments, no trailing text, no
 * NaN, no duplicate member names. Numbers are checked against the grammar and kept as text. The parser does not
 * recurse: depth costs no stack.
 */
#ifndef TRIBUTARY_FORMATS_JSON_H
#define TRIBUTARY_FORMATS_JSON_H

#include "formats/tree.h"

/*
 * json_parse - parse one document
 * document  borrowed; the tree points into it
 * arena     holds the nodes
 * root      written on OUTCOME_OK only
 *
 * OUTCOME_DEAD  not JSON           codes: json-invalid json-duplicate-key json-encoding
 *               beyond a limit     codes: document-too-large document-too-deep document-too-many-nodes
 */
enum outcome json_parse(struct str document, const struct tree_limits *limits, struct arena *arena, struct node **root,
			struct why *why) MUST_CHECK;

/* json_put_text - a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD */
void json_put_text(struct buf *out, struct str text);
/* json_put_node - the node without its key; indent_columns 0 means one line */
void json_put_node(struct buf *out, const struct node *node, unsigned indent_columns);

#endif
