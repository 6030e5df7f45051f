/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml - XML 1.0 to a tree, and back
 *
 *   { "format": "xml", "name": "Order", "namespace": "urn:...:Order-2",
 *     "document": { "@lang": "en", "cbc:ID": "34", "cbc:Quantity": { "@unitCode": "EA", "#text": "10" },
 *                   "cac:OrderLine": [ {...}, {...} ], "cbc:Note": "" } }
 *
 * - `namespace` is the root element's and absent when it has none.
 * - An element without attributes and child elements is a text, which may be empty. Any other is an object: attributes
 *   as "@name" first, then the child elements in the document's order, then its own text as "#text".
 * - Children of one name become one list, at the place of the first. One child alone is no list.
 * - Text is kept as written, CDATA and references resolved; only what is nothing but white space is dropped.
 * - Names come from the namespace, never from the document's prefix: UBL's three component namespaces are "cbc:",
 * "cac:" and "ext:", all else is its local name. Of two attributes with one local name the one without a namespace
 * stays.
 * - Comments and processing instructions are skipped. A node's offset is that of the "<" of its element, in bytes of
 * the text as UTF-8 without a byte order mark.
 *
 * Nothing outside the document is ever read. A DOCTYPE is accepted and not followed; entities beyond XML's own five are
 * neither declared nor used. UTF-8, UTF-16, ISO-8859-1 and windows-1252 are read.
 */
#ifndef TRIBUTARY_FORMATS_XML_H
#define TRIBUTARY_FORMATS_XML_H

#include "formats/tree.h"

#define XML_ATTRIBUTES_MAX 256 /* of one element */
#define XML_NAMESPACES_MAX 256 /* in scope at once */
#define XML_WRITE_DEPTH_MAX 256

/*
 * xml_parse - parse one document
 * document  borrowed; the tree does not point into it
 * limits    depth counts elements
 * arena     holds the nodes and texts
 * root      written on OUTCOME_OK only
 *
 * OUTCOME_DEAD  not well-formed, or an unbound prefix                        code: xml-invalid
 *               bytes that are not of its encoding, an encoding not read     code: xml-encoding
 *               an entity is declared, or used and none of XML's own five    code: xml-entities
 *               its DOCTYPE declares attributes                              code: xml-doctype
 *               beyond a limit          codes: document-too-large document-too-deep document-too-many-nodes
 */
enum outcome xml_parse(struct str document, const struct tree_limits *limits, struct arena *arena, struct node **root,
		       struct why *why) MUST_CHECK;

/*
 * xml_write - the tree of a document as XML, in UTF-8, on one line behind the declaration
 * What xml_parse made comes back the same when it is parsed again. Elements without "cbc:", "cac:" or "ext:" are of the
 * root's namespace; @lang and @space become xml:lang and xml:space. Numbers and booleans are written as their text,
 * members that are null and lists that are empty not at all.
 * tree  borrowed: { "name", "namespace", "document" } as above
 * out   put to; on failure it holds what was written before
 *
 * OUTCOME_DEAD  the path of why says where   code: xml-data    no name, a control character, not UTF-8, a list in a
 * list out is full                  code: too-large
 */
enum outcome xml_write(const struct node *tree, struct buf *out, struct why *why) MUST_CHECK;

#endif
