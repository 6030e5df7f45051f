/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - what a partner is told about its interchange: X12 997 (and TA1 when ISA14 asks for it), EDIFACT CONTRL
 * A document of a party with `acknowledge: yes` is always split. What each of its transactions will come to is known at
 * once, because a mapping depends on nothing but the document: taken (also when a person must look at it first, or it
 * is nothing for us), or refused. So the answer goes out with the units, in the same commit; no unit is waited for.
 *
 *   document --split--> units (home) ............ each an order, or a dead letter
 *            `--mapped for their verdicts--> answer --> document.answered.<party> --> queue outbound.<party>
 *
 * Its control number is the party's next one (table control_numbers, shared with notify); a number may stay unused, none comes twice.
 * A document sent again is answered again: the partner may not have seen the first answer.
 */
#ifndef TRIBUTARY_INGEST_ANSWER_H
#define TRIBUTARY_INGEST_ANSWER_H

#include "worker/worker.h"

struct answers;

/* answers_judge - of the documents of the batch that were split and whose party is answered: what becomes of each
 * transaction. Maps them all, so before anything is locked. NULL without memory */
struct answers *answers_judge(struct batch *batch);

/*
 * answers_send - takes control numbers, builds the answers and says them with their documents
 * An answer that cannot be made is logged, and its code stands with the document (documents.code: x12-ack, edifact-ack,
 * x12-data, edifact-data); the document goes on all the same.
 */
enum outcome answers_send(struct batch *batch, struct answers *answers, struct why *why) MUST_CHECK;

#endif
