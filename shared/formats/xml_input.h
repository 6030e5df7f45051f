/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_input - what is done to a document's bytes before the XML parser sees them
 * For xml.c only. The parser gets UTF-8 without NUL, and no start tag on which it would take quadratic time.
 */
#ifndef TRIBUTARY_FORMATS_XML_INPUT_H
#define TRIBUTARY_FORMATS_XML_INPUT_H

#include "base/arena.h"
#include "base/outcome.h"

/*
 * xml_input_read - the text of a document, decoded as XML 1.0 appendix F says
 * document  borrowed; a byte order mark decides, else the declaration's encoding, else it is UTF-8
 * text      written on OUTCOME_OK: a view when it was UTF-8, else in the arena
 *
 * OUTCOME_DEAD  codes: xml-encoding xml-invalid document-too-large document-too-many-nodes
 */
enum outcome xml_input_read(struct str document, struct arena *arena, struct str *text, struct why *why) MUST_CHECK;

#endif
