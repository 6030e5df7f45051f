/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edifact_ack - CONTRL, the answer to an interchange (ISO 9735 syntax 3: CONTRL D.3; syntax 4: CONTRL 4.1)
 * Builds the tree that edifact_write() takes. Nothing here decides: the caller says what became of each message.
 */
#ifndef TRIBUTARY_FORMATS_EDIFACT_ACK_H
#define TRIBUTARY_FORMATS_EDIFACT_ACK_H

#include "formats/tree.h"

/* Data element 0083 */
enum edifact_action {
	EDIFACT_REJECTED = 4,     /* this level and all below */
	EDIFACT_ACKNOWLEDGED = 7, /* this level; those below are told one by one */
	EDIFACT_RECEIVED = 8,     /* only that it came: no word on its messages */
};

/*
 * What became of a message, or of the interchange.
 * action             a message is never RECEIVED
 * error              rejected ones: 0085, "12" to "39"; empty when acknowledged
 * tag                the service segment at fault (UNB, UNZ; UNH, UNT), else empty
 * segment            the segment at fault within the message, UNH being 1 (for a missing one: where it should have
 *                    been); 0 none. Not for an interchange, and not beside tag.
 * element, component position at fault within that segment, from 1; 0 none
 */
struct edifact_verdict {
	enum edifact_action action;
	struct str error, tag;
	unsigned segment, element, component;
};

/*
 * interchange  borrowed, as edifact_parse() gave it; the tree of the answer points into it
 * whole        of the interchange. REJECTED and RECEIVED answer for all, so verdicts are not used then.
 * verdicts     borrowed, one per message: those of the groups, group by group, then those outside
 * control      our own interchange control reference (UNB 0020), up to 14 characters, never used before
 * sent_at_us   instant that UNB will name, in UTC
 */
struct edifact_ack {
	const struct node *interchange;
	struct edifact_verdict whole;
	const struct edifact_verdict *verdicts;
	size_t verdicts_count;
	struct str control;
	int64_t sent_at_us;
};

/*
 * edifact_ack_build - the tree of one interchange with one CONTRL: from its recipient to its sender, in its syntax,
 * with its test indicator, UCI, and then UCM (UCS, UCD) per message, below UCF when there are groups
 * root  from the arena, written on OUTCOME_OK only. It equals what edifact_parse() makes of its bytes.
 *
 * OUTCOME_DEAD  code: edifact-ack          a CONTRL is never answered with one (its messages get no UCM); an
 * interchange without sender, recipient or reference cannot be; verdicts do not fit code: document-too-large   the
 * arena is full
 */
enum outcome edifact_ack_build(const struct edifact_ack *ack, struct arena *arena, struct node **root,
			       struct why *why) MUST_CHECK;

#endif
