/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edifact_internal - what the parser's files share: bytes of a segment to its nodes
 */
#ifndef TRIBUTARY_FORMATS_EDIFACT_INTERNAL_H
#define TRIBUTARY_FORMATS_EDIFACT_INTERNAL_H

#include "formats/edifact.h"
#include "formats/edifact_scan.h"

struct edifact_reader {
	struct str document;
	const struct tree_limits *limits;
	struct arena *arena;
	struct why *why;
	size_t nodes_count, segments_count;
	/* of the interchange that is read */
	struct edifact_separators separators;
	struct edifact_charset charset;
	unsigned char classes[256]; /* what a byte is; for edifact_segment.c */
};

/* edifact_fail - fill `why`, with the place as "segment 12 at byte 345"; at is in the document; always false */
bool edifact_fail(struct edifact_reader *r, const char *code, const char *at, const char *text);

/* edifact_node - a node within the limits, appended to parent unless that is NULL; NULL with `why` filled */
struct node *edifact_node(struct edifact_reader *r, struct node *parent, struct str key, enum node_type type,
			  const char *at);
/* edifact_text - the same for a text */
struct node *edifact_text(struct edifact_reader *r, struct node *parent, struct str key, struct str text,
			  const char *at);

/* edifact_reader_prepare - after separators and charset were set */
void edifact_reader_prepare(struct edifact_reader *r);

/*
 * edifact_segment_read - one segment
 * raw          its bytes without the terminator, in the document
 * segment      its node, from the arena, in no parent yet
 * has_control  set when there are control characters in it, else left alone
 * false with `why` filled: edifact-segment, edifact-charset, document-too-…
 */
bool edifact_segment_read(struct edifact_reader *r, struct str raw, struct node **segment,
			  bool *has_control) MUST_CHECK;

#endif
