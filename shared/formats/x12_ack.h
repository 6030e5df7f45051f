/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12_ack - what a partner is told about a file: 997 for a group, TA1 for an interchange
 * Builds trees that x12_write takes. No clock and no counter: numbers and instant are given. Acknowledgements are
 * never acknowledged: for a group of 997 and 999 and for an interchange of those or of TA1 there is no answer.
 * The answer goes from the receiver to the sender, with the sender's separators, versions and usage (ISA15).
 */
#ifndef TRIBUTARY_FORMATS_X12_ACK_H
#define TRIBUTARY_FORMATS_X12_ACK_H

#include "formats/tree.h"

/* What becomes of one transaction. Texts are borrowed until the answer is built; empty where there is nothing. */
struct x12_verdict {
	bool is_accepted;
	struct str code;           /* AK502, element 718: 1 unsupported .. 5 segments in error; with it accepted is E */
	struct str segment_tag;    /* AK301; empty: no AK3 */
	size_t segment_position;   /* AK302, from ST = 1 */
	struct str segment_code;   /* AK304, element 720; empty with an element: 8 */
	size_t element_position;   /* AK401, from 1; 0: no AK4 */
	size_t component_position; /* AK401-2, from 1; 0: the element is no composite */
	struct str element_code;   /* AK403, element 723: 1 missing .. 7 code unknown */
	struct str bad_data;       /* AK404; cut to 99 bytes, separators and control characters become blanks */
};

/* Control numbers of the answer, 1 .. 999,999,999, and its instant (written in UTC). */
struct x12_ack_numbers {
	uint32_t interchange; /* ISA13 */
	uint32_t group;       /* GS06 */
	uint32_t transaction; /* ST02 */
	int64_t at_us;
};

/* A group that was parsed, in its interchange, and one verdict per transaction in their order. All borrowed. */
struct x12_ack_group {
	const struct node *interchange, *group;
	const struct x12_verdict *verdicts;
	size_t verdicts_count;
};

enum x12_ack_answer { X12_ACK_ACCEPTED, X12_ACK_WITH_ERRORS, X12_ACK_REJECTED }; /* TA104: A, E, R */

/* What is said about an interchange; note is TA105 (element I18), 000 when it is empty. */
struct x12_ack_interchange {
	const struct node *interchange; /* borrowed */
	enum x12_ack_answer answer;
	struct str note;
};

/*
 * x12_ack_group - the 997 of a group: AK1, per transaction AK2 [AK3 [AK4]] AK5, AK9
 * AK5 is A, E (accepted with a code) or R; AK9 is A, E (a fault of the group, or an E), P (some rejected) or R (all of
 * them, or there are none), followed by GE01, the transactions received and accepted, and up to five AK905 codes of the
 * group's faults.
 * answer  from the arena; NULL with OUTCOME_OK: nothing is to be said
 *
 * OUTCOME_DEAD  not one verdict per transaction, or numbers out of range     code: x12-ack
 *               no memory                                                    code: document-too-large
 */
enum outcome x12_ack_group(const struct x12_ack_group *about, const struct x12_ack_numbers *numbers,
			   struct arena *arena, struct node **answer, struct why *why) MUST_CHECK;

/*
 * x12_ack_interchange - the TA1 of an interchange, alone in its own
 * Whether one is wanted (ISA14 is 1, or it is rejected) is the caller's to know; group and transaction numbers are not
 * used. Arguments and outcomes as above.
 */
enum outcome x12_ack_interchange(const struct x12_ack_interchange *about, const struct x12_ack_numbers *numbers,
				 struct arena *arena, struct node **answer, struct why *why) MUST_CHECK;

#endif
