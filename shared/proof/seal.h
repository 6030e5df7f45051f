/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal - seals the next rows of the timeline, of audit_log and of documents (migrations/0017_proof.sql)
 */
#ifndef TRIBUTARY_PROOF_SEAL_H
#define TRIBUTARY_PROOF_SEAL_H

#include "store/store.h"

#define SEAL_ROWS_MAX 10000 /* a good max_rows: some 100 ms */

/*
 * seal_run - one batch, in a transaction of its own: none may be open
 * max_rows  1 to 100000
 * sealed    rows; 0: nothing can be sealed yet, or another sealer is at it. When it is near max_rows there may be more.
 *
 * Call it every few seconds: what one call finds new is sealed by a later one, when all transactions of that time have
 * ended. Any number of processes may; one at a time does it. The outcomes are the store's (store/store.h): after
 * OUTCOME_AWAY a batch was perhaps sealed, which does no harm.
 */
enum outcome seal_run(struct store *store, int64_t max_rows, int64_t *sealed, struct why *why) MUST_CHECK;

#endif
