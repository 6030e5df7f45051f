/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drift - each party's documents have a learned shape; what differs from it is noted, or an alarm
 * The shape of a party and kind is read from the database with its first document here, kept in memory, and read again
 * after each time that it was saved: then it holds what other processes learned and what a person accepted meanwhile.
 *
 *   shape in memory --DRIFT_SAVE_US, with a batch--> party_shapes, party_values
 *   a finding: its first document ----with its batch--> party_drift      (no commit, no document, no finding lost)
 *              those after it ----------DRIFT_SAVE_US--> party_drift
 *
 * What a killed process had not saved was counted for nothing; a batch that is run again counts some documents twice.
 * Neither matters: a shape is a habit, not a book.
 */
#ifndef TRIBUTARY_INGEST_DRIFT_H
#define TRIBUTARY_INGEST_DRIFT_H

#include "worker/worker.h"

#define DRIFT_SAVE_US INT64_C(10000000)
#define DRIFT_KINDS_MAX 16 /* of one party; documents of further kinds are not looked at */

struct drift;

struct drift *drift_new(size_t parties_count); /* NULL without memory */
void drift_free(struct drift *drift);          /* NULL is fine */

/* drift_see - judges the batch's documents and learns from them; each item has its intake as scratch, as it was mapped,
 * before it is compared with what is stored: it only reads, so before anything is locked */
enum outcome drift_see(struct drift *drift, struct batch *batch, struct why *why) MUST_CHECK;
/* drift_save - sends what is new, and all of it when it is time */
void drift_save(struct drift *drift, struct batch *batch);
/* drift_committed - what drift_save sent is in the database */
void drift_committed(struct drift *drift);

#endif
