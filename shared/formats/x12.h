/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12 - an ASC X12 file (850, 860, 997, TA1, ...) to a tree and back
 *
 *	{ "format": "x12", "interchanges": [ {
 *	    "ISA": {"ISA01": "00", .. "ISA16": ">"},          padding trimmed at the right
 *	    "separators": {"element": "*", "component": ">", "repetition": "^", "segment": "~"},
 *	    "TA1": [ {"tag": "TA1", "TA101": ..} ],           only when there are some
 *	    "groups": [ {
 *	        "GS": {"GS01": ..},
 *	        "transactions": [ {
 *	            "set": "850", "control": "0001",          ST01 and ST02
 *	            "segments": [ {"tag": "BEG", "BEG01": "00", "BEG03": "PO1"} ],    from ST to SE
 *	            "faults": [ {"code": .., "ack": .., "text": ..} ] } ],            only when there are some
 *	        "GE": {..}, "faults": [..] } ],
 *	    "IEA": {..}, "faults": [..] } ] }
 *
 * Empty elements are left out. A composite is an object {"1": .., "2": ..}, a repeated element a list of at least two;
 * separators at the end of an element carry nothing, so that A> is A. "repetition" is absent before version 00402 and
 * where ISA11 is a letter (U) or blank. All texts are UTF-8: an element that is not is read as ISO 8859-1.
 *
 * Tolerated: a byte order mark, CR, LF, tab and blank before segments, CR and LF within them (wrapped lines), an ISA
 * whose fields are too short or too long, any separators, several interchanges and groups, padded counts, no
 * terminator after the last segment.
 *
 * Reported as faults, each with our code and, in "ack", the standard's for the answer:
 *   transaction (AK502)  x12-se-missing 2, x12-se-control 3, x12-se-count 4, x12-st-set 6, x12-st-control 7,
 *                        x12-st-duplicate 7 (within its group)
 *   group (AK905)        x12-ge-missing 3, x12-ge-control 4, x12-ge-count 5, x12-gs-control 6,
 *                        x12-gs-duplicate 19 (GS01, GS02, GS03 and GS06 within the file)
 *   interchange (TA105)  x12-iea-control 001, x12-isa-control 018, x12-iea-count 021, x12-iea-missing 023,
 *                        x12-isa-duplicate 025 (ISA05 to ISA08 and ISA13 within the file)
 * A segment that the end of the file cuts is left out, unless it is an SE, GE or IEA.
 */
#ifndef TRIBUTARY_FORMATS_X12_H
#define TRIBUTARY_FORMATS_X12_H

#include "formats/tree.h"

#define X12_SEGMENT_BYTES 65536 /* longest segment, read or written */
#define X12_ELEMENTS 99         /* most elements of a segment and components of a composite: keys have two digits */
#define X12_TREE_DEPTH 11       /* how deep such a tree nests; limits->depth must allow it */

/*
 * x12_parse - parse one file
 * document  borrowed; the tree points into it
 * arena     holds the nodes
 * root      written on OUTCOME_OK only
 *
 * OUTCOME_DEAD  does not begin with ISA                               code: x12-no-isa
 *               the ISA is cut or lacks separators                    code: x12-header
 *               a separator is a letter, digit or blank, or occurs twice, or a line break other than as
 *               terminator                                            code: x12-separators
 *               a segment without end, without a tag, or out of its envelope (text: which, at what byte)
 *                                                                     code: x12-segment
 *               beyond a limit     codes: document-too-large document-too-deep document-too-many-nodes
 */
enum outcome x12_parse(struct str document, const struct tree_limits *limits, struct arena *arena, struct node **root,
		       struct why *why) MUST_CHECK;

/*
 * x12_write - such a tree to bytes, without line breaks
 * tree  borrowed. "separators" may be absent (* > ^ ~, no ^ before version 00402), "faults" are ignored. ISA fields
 *       are padded, ISA13 with zeros. SE01, GE01 and IEA01 are counted, but one that is right stays as it is (padded).
 *       SE, GE and IEA may be absent.
 * out   appended to; as before unless OUTCOME_OK is returned
 *
 * X12 has no escape character, therefore:
 * OUTCOME_DEAD  a separator or control byte in data, data longer than its ISA field, a repeated element without a
 *               repetition separator, a segment too long; the path says where      code: x12-data
 *               no tree of this shape                                              code: x12-tree
 *               separators that cannot be used                                     code: x12-separators
 *               `out` is full                                                      code: document-too-large
 */
enum outcome x12_write(const struct node *tree, struct buf *out, struct why *why) MUST_CHECK;

#endif
