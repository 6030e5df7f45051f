/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - computes from what is in the database all that the seals say, and finds what differs
 * Reads only; needs SELECT on timeline, audit_log, documents, timeline_seals, timeline_heads, timeline_days and
 * timeline_dropped. Sealing and the fleet go on meanwhile.
 */
#ifndef TRIBUTARY_PROOF_CHECK_H
#define TRIBUTARY_PROOF_CHECK_H

#include "proof/proof.h"
#include "store/store.h"

/* Some subjects' rows and the seals that cover them; views, valid until the next store_begin. */
struct proof_subjects {
	struct proof_row *rows; /* by subject and place */
	size_t rows_count;
	size_t dropped_count;     /* of these rows */
	struct proof_head *heads; /* by subject and batch */
	size_t heads_count;
	struct proof_seal *seals; /* by batch */
	size_t seals_count;
	int64_t sealed_place;  /* rows beyond it are not sealed yet */
	size_t unsealed_count; /* of these rows */
};

/*
 * proof_verify_subjects - the rows of orders and documents, the batches that cover them, these batches' neighbours
 * Begins a transaction and leaves it open; the caller ends it when it has used the views. The findings have an arena of
 * their own.
 */
enum outcome proof_verify_subjects(struct store *store, struct arena *arena, const struct rows *subjects,
				   struct proof_subjects *out, struct proof_findings *findings,
				   struct why *why) MUST_CHECK;
/* proof_subjects_rows - no subjects yet: put each with rows_uuid */
struct rows *proof_subjects_rows(struct arena *arena);

struct proof_range {
	int64_t since_us; /* batches sealed since then; 0: all. Those before are believed */
	struct str
	    head; /* 32 bytes that were written down: must be the hash of a batch; empty: none. The walk begins there
			   * when that is earlier */
};

struct proof_summary {
	int64_t seals_count, rows_count;
	int64_t unsealed_count;
	int64_t days_count, dropped_count; /* days that retention dropped, and their rows; of the range */
	int64_t newest_batch_no;           /* 0: there is none */
	unsigned char newest_hash[PROOF_HASH_BYTES];
	char newest_sealed_at[40]; /* text, UTC */
};

/*
 * proof_verify_batches - walks the batches with all their rows, each in a transaction of its own
 * Then the days that retention dropped since: what is left of them must be what the audit log says of each. Memory is that
 * of one batch. The findings' arena is not cleared.
 */
enum outcome proof_verify_batches(struct store *store, const struct proof_range *range, struct proof_summary *summary,
				  struct proof_findings *findings, struct why *why) MUST_CHECK;

#endif
