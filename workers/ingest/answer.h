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
 * Its control number is the party's next one (table answer_numbers); a number may stay unused, none comes twice.
 * A document sent again is answered again: the partner may not have seen the first answer.
 */
#ifndef TRIBUTARY_INGEST_ANSWER_H
#define TRIBUTARY_INGEST_ANSWER_H

#include "worker/worker.h"

/*
 * answers_send - for all documents of the batch that were split and whose party is answered
 * An answer that cannot be made is noted with its code (x12-ack, edifact-ack, x12-data, edifact-data); its document
 * goes on all the same.
 */
enum outcome answers_send(struct batch *batch, struct why *why) MUST_CHECK;

#endif
