/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/seal.h"

#define ARENA_BYTES ((size_t)1 << 20)

static const struct statement seal_batch = {"seal_batch", "I", "SELECT tributary.timeline_seal(($1)[1])"};

enum outcome
seal_run(struct store *store, int64_t max_rows, int64_t *sealed, struct why *why)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct result *result;
	enum outcome outcome;
	struct rows *rows;
	int64_t count;

	if (!arena)
		return why_set(why, OUTCOME_DEAD, "no-memory", "no memory to seal with");
	rows = rows_new(&seal_batch, arena);
	rows_int(rows, max_rows);
	store_begin(store);
	outcome = store_query(store, rows, &result, why);
	if (outcome == OUTCOME_OK) {
		count = result_int(result, 0, 0);
		outcome = store_commit(store, why);
		if (outcome == OUTCOME_OK)
			*sealed = count;
	} else {
		store_rollback(store);
	}
	arena_free(arena);
	return outcome;
}
