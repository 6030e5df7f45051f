/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dropped - rows of the timeline that retention dropped with their day (migrations/0024_retention.sql)
 * Of each its place and its hash are left, so that the chains it is part of are computed as before. A row that is neither
 * there nor left so is missing. Of each day its number of rows and a digest of what is left are in the audit log, which is
 * sealed: nobody adds to what was dropped afterwards.
 */
#ifndef TRIBUTARY_PROOF_DROPPED_H
#define TRIBUTARY_PROOF_DROPPED_H

#include "proof/check.h"

extern const struct statement dropped_of_subjects; /* U */
extern const struct statement dropped_of_batch;    /* I: its subjects, in all batches */

struct proof_span {
	int64_t first_place, last_place;
};

/*
 * dropped_merge - rows with those that were dropped, by subject and place; a row that is there counts, whatever was dropped
 * dropped     of one of the statements above
 * span        only places of it are taken
 * rows        by subject and place; NULL: the arena was full before
 * rows_count  in and out
 *
 * Returns rows in the arena, views into the result; NULL when the arena is full, or what is left cannot be read.
 */
struct proof_row *dropped_merge(const struct result *dropped, struct proof_span span, struct proof_row *rows,
				size_t *rows_count, struct arena *arena);

/* dropped_verify - each day that was dropped since: is what is left of it what the audit log says? Clears the arena. */
enum outcome dropped_verify(struct store *store, struct arena *arena, int64_t since_us, struct proof_summary *summary,
			    struct proof_findings *findings, struct why *why) MUST_CHECK;

#endif
