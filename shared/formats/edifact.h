/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edifact - UN/EDIFACT interchanges (ISO 9735, syntax 1 to 4, batch) to a tree, and back
 *
 * root { "format":"edifact", "interchanges":[ {
 *   "UNA":"UNA:+.? '"                  only when it was sent
 *   "separators":{"component":":", "element":"+", "decimal":".", "release":"?", "repetition":"*", "segment":"'"}
 *                                      without "release" when UNA gives none, without "repetition" before syntax 4
 *   "charset":"UTF-8"                  only when the text was in another set than UNB names
 *   "UNB":{segment},
 *   "groups":[ {"UNG":{segment}, "messages":[..], "UNE":{segment}, "faults":[..]} ]     only when UNG is used
 *   "messages":[ {"type":"ORDERS", "reference":"1", "version":"D", "release":"96A",     what UNH has of them
 *                 "segments":[ UNH .. UNT ], "faults":[..]} ]     those outside groups
 *   "UNZ":{segment}, "faults":[..] } ] }
 *
 * A segment is {"tag":"LIN", "1":"1", "3":["4000862141404","SRS"]}: a key is the element's position from 1. An element
 * of one component is a text, of several a list in which an empty component is null, so that positions hold. Empty
 * components at the end and empty elements are left out. In syntax 4 an element sent several times is
 * {"repeated":[..]}, each a text or a list (or null). Because a sender may write "ON" or "ON:1" as he likes, mappings
 * never look at an element itself: they use the library function el(segment, element, component), in C
 * edifact_element(). Text is UTF-8; numbers stay text as they were written, see edifact_number().
 *
 * "faults" are there only when there are some, at the level concerned: {"code":.., "ack":CONTRL 0085, "text":..}
 *   edifact-truncated   13  UNT, UNE or UNZ is missing. A message with it is cut: no order
 *   edifact-count       29  the trailer counts other than there are
 *   edifact-reference   28  the trailer's reference is not the header's
 *   edifact-duplicate   26  an earlier message of this interchange (or group) has the same reference
 *   edifact-no-bgm      13  a message whose type needs BGM has none
 *   edifact-header      13  UNB, UNG or UNH without its references, type, sender or recipient
 *   edifact-character   21  control bytes within the level's segments; they are kept in the tree
 */
#ifndef TRIBUTARY_FORMATS_EDIFACT_H
#define TRIBUTARY_FORMATS_EDIFACT_H

#include "formats/tree.h"

#define EDIFACT_SEGMENT_BYTES 65536 /* of one segment without its terminator */
#define EDIFACT_ELEMENTS 99         /* of one segment; the directories stay below 40 */
#define EDIFACT_DEPTH 12            /* of the deepest tree: limits->depth below it refuses every document */

/*
 * edifact_parse - parse all interchanges of one document
 * document  borrowed; the tree points into it
 * arena     holds the nodes
 * root      written on OUTCOME_OK only, which says nothing about faults: look for them at each level
 *
 * Tolerated: byte order marks, blanks and line ends before a segment, no UNA, groups, many interchanges and messages,
 * a last segment cut before its terminator (left out, with edifact-truncated), UTF-8 whatever UNB names.
 *
 * OUTCOME_DEAD  no UNB where one must be           codes: edifact-no-unb edifact-tradacoms
 *               UNA or UNB with separators that are letters, digits, equal, or cut       edifact-separators
 *               no segment, or out of its place    code: edifact-segment, with its number and byte (from 0)
 *               bytes that the named set has not   code: edifact-charset
 *               beyond a limit                     codes: document-too-large document-too-deep document-too-many-nodes
 */
enum outcome edifact_parse(struct str document, const struct tree_limits *limits, struct arena *arena,
			   struct node **root, struct why *why) MUST_CHECK;

/*
 * edifact_write - the bytes of a tree as above, without line ends
 * tree  borrowed; scalars of any type may be elements, elements in any order. Beside segments only "UNA", "charset" and
 *       "separators" (which must then fit UNA) are read; UNT, UNE and UNZ may be missing
 * out   appended to; as before on failure
 *
 * Counts and references of UNT, UNE and UNZ are computed; a right count stays as written ("009"). So a tree without
 * faults comes back equal when it is parsed again, and one with wrong or missing trailers comes back mended.
 * UNOA and UNOB take all of ASCII: partners do, although the standard has no lower case in UNOA.
 *
 * OUTCOME_DEAD  code: edifact-data        at why->path: control bytes, a character that the set has not, no segment
 *               code: edifact-separators  at why->path: the separators are not those of UNA (or the usual ones)
 *               code: document-too-large  out is full
 */
enum outcome edifact_write(const struct node *tree, struct buf *out, struct why *why) MUST_CHECK;

/*
 * edifact_element - text of a component, both from 1; of the first one when the element is repeated
 * Empty when it is not there, and for a segment that is NULL.
 */
struct str edifact_element(const struct node *segment, unsigned element, unsigned component);

/*
 * edifact_number - the plain decimal of a numeric value: "-19,90" becomes "-19.90", ",5" becomes "0.5"
 * Both decimal marks are taken (ISO 9735-1 section 10), whatever UNA says; a thousands mark, an exponent, blanks, a
 * mark without a digit after it are not. Leading zeros go.
 * out  written, with its NUL, when the answer is true; false also when `bytes` are not enough
 */
bool edifact_number(struct str text, char *out, size_t bytes) MUST_CHECK;

#endif
