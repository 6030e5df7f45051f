/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/check.h"

#include "proof/check_sql.h"
#include "proof/dropped.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((size_t)512 << 20)
#define SCRATCH_BYTES ((size_t)64 << 20)
#define SUBJECT_SEALS_MAX 10000

static enum outcome
too_large(struct why *why)
{
	return why_set(why, OUTCOME_DEAD, "too-large", "more rows than fit in memory");
}

static enum outcome
ask(struct store *store, struct arena *arena, const struct statement *statement, int64_t a, int64_t b,
    struct result **result, struct why *why)
{
	struct rows *rows = rows_new(statement, arena);

	rows_int(rows, a);
	if (statement->types[1])
		rows_int(rows, b);
	return store_query(store, rows, result, why);
}

struct rows *
proof_subjects_rows(struct arena *arena)
{
	return rows_new(&check_rows_of_subjects, arena);
}

/* How many of the rows from `first` on are the subject's and not beyond the place. */
static size_t
run_length(const struct proof_row *rows, size_t n, struct uuid subject, int64_t last_place)
{
	size_t count = 0;

	while (count < n && uuid_equal(rows[count].subject, subject) && rows[count].place <= last_place)
		count++;
	return count;
}

/* Rows of a place that was sealed, which no head counts. */
static void
added_find(const struct proof_row *rows, size_t n, int64_t sealed_place, struct proof_findings *findings)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].place <= sealed_place)
			proof_find(findings, "row %" PRId64 " was added, or its seal was taken out", rows[i].place);
}

/* Rows and heads side by side, both by subject, then by place and batch. What is beyond sealed_place is counted. */
static size_t
chains_check(const struct proof_row *rows, size_t n, const struct proof_head *heads, size_t heads_count,
	     const unsigned char *const *previous, int64_t sealed_place, struct proof_findings *findings)
{
	size_t r = 0, unsealed = 0;

	for (size_t h = 0; h < heads_count; h++) {
		size_t skip = 0, mine;

		if (heads[h].last_place == 0) /* its seal is gone, which is found by itself */
			continue;
		while (r + skip < n && (uuid_compare(rows[r + skip].subject, heads[h].subject) < 0 ||
					(uuid_equal(rows[r + skip].subject, heads[h].subject) &&
					 rows[r + skip].place < heads[h].first_place)))
			skip++;
		added_find(rows + r, skip, sealed_place, findings);
		for (size_t i = r; i < r + skip; i++)
			unsealed += rows[i].place > sealed_place;
		r += skip;
		mine = run_length(rows + r, n - r, heads[h].subject, heads[h].last_place);
		proof_head_check(&heads[h], previous[h], rows + r, mine, findings);
		r += mine;
	}
	added_find(rows + r, n - r, sealed_place, findings);
	for (; r < n; r++)
		unsealed += rows[r].place > sealed_place;
	return unsealed;
}

/* A batch of an order, between its neighbours: with all its heads, without the rows of others. */
static enum outcome
seal_verify(struct store *store, struct arena *arena, int64_t batch_no, struct proof_seal *seal, bool *is_there,
	    struct proof_findings *findings, struct why *why)
{
	struct result *seals, *heads;
	const unsigned char **ignored;
	struct arena_mark mark;
	struct proof_seal around[3];
	struct proof_head *list;
	struct buf scratch;
	size_t at = 0;
	enum outcome outcome = ask(store, arena, &check_seals, batch_no - 2, 3, &seals, why);

	if (outcome == OUTCOME_OK)
		outcome = ask(store, arena, &check_heads_of_batch, batch_no, 0, &heads, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < result_count(seals); i++)
		around[i] = check_seal_read(seals, i);
	while (at < result_count(seals) && around[at].batch_no < batch_no)
		at++;
	*is_there = at < result_count(seals) && around[at].batch_no == batch_no;
	if (!*is_there) {
		proof_find(findings, "seal %" PRId64 " is missing", batch_no);
		return OUTCOME_OK;
	}
	*seal = around[at];
	proof_seal_check(seal, at ? &around[at - 1] : NULL, findings);
	if (at + 1 < result_count(seals))
		proof_seal_check(&around[at + 1], seal, findings);
	mark = arena_mark(arena); /* thousands of heads, of which only the hash matters */
	list = check_heads_read(heads, arena, &ignored);
	if (!list)
		return too_large(why);
	buf_init(&scratch, SCRATCH_BYTES);
	proof_heads_check(seal, list, result_count(heads), &scratch, findings);
	buf_release(&scratch);
	arena_rewind(arena, mark);
	return OUTCOME_OK;
}

static enum outcome
seals_verify(struct store *store, struct arena *arena, struct proof_subjects *out, struct proof_findings *findings,
	     struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	out->seals = arena_array(arena, out->heads_count + 1, sizeof *out->seals);
	if (!out->seals || out->heads_count > SUBJECT_SEALS_MAX)
		return too_large(why);
	for (size_t h = 0; h < out->heads_count && outcome == OUTCOME_OK; h++) {
		bool is_known = false, is_there = false;

		for (size_t i = 0; i < h; i++)
			is_known |= out->heads[i].batch_no == out->heads[h].batch_no;
		if (is_known)
			continue;
		outcome = seal_verify(store, arena, out->heads[h].batch_no, &out->seals[out->seals_count], &is_there,
				      findings, why);
		out->seals_count += is_there;
	}
	return outcome;
}

/* First what is sealed, then the rows: what is sealed in between is not missed. */
enum outcome
proof_verify_subjects(struct store *store, struct arena *arena, const struct rows *subjects, struct proof_subjects *out,
		      struct proof_findings *findings, struct why *why)
{
	struct result *sealed, *heads, *rows, *dropped;
	const unsigned char **previous;
	enum outcome outcome;

	*out = (struct proof_subjects){.rows = NULL};
	store_begin(store);
	outcome = store_query(store, rows_new(&check_sealed, arena), &sealed, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(store, rows_as(subjects, &check_heads_of_subjects), &heads, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(store, subjects, &rows, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(store, rows_as(subjects, &dropped_of_subjects), &dropped, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	out->sealed_place = result_int(sealed, 0, 0);
	out->rows_count = result_count(rows);
	out->rows = dropped_merge(dropped, (struct proof_span){1, INT64_MAX}, check_rows_read(rows, arena),
				  &out->rows_count, arena);
	out->heads = check_heads_read(heads, arena, &previous);
	out->heads_count = result_count(heads);
	if (!out->rows || !out->heads)
		return too_large(why);
	for (size_t i = 0; i < out->rows_count; i++)
		out->dropped_count += out->rows[i].is_dropped;
	out->unsealed_count = chains_check(out->rows, out->rows_count, out->heads, out->heads_count, previous,
					   out->sealed_place, findings);
	return seals_verify(store, arena, out, findings, why);
}

/* The walk from batch to batch; the one before is kept as far as the next needs it. */
struct walk {
	struct store *store;
	struct arena *arena; /* of one batch */
	struct buf scratch;
	struct proof_summary *summary;
	struct proof_findings *findings;
	struct proof_seal previous; /* batch_no 0: there is none */
};

static void
walk_keep(struct walk *w, const struct proof_seal *seal)
{
	struct proof_summary *s = w->summary;

	memset(s->newest_hash, 0, sizeof s->newest_hash);
	if (seal->hash.n == PROOF_HASH_BYTES)
		memcpy(s->newest_hash, seal->hash.p, PROOF_HASH_BYTES);
	s->newest_batch_no = seal->batch_no;
	snprintf(s->newest_sealed_at, sizeof s->newest_sealed_at, "%.*s", STR_ARGS(seal->sealed_at_text));
	w->previous = *seal;
	w->previous.hash.p = (const char *)s->newest_hash;
}

static enum outcome
batch_verify(struct walk *w, const struct proof_seal *seal, struct why *why)
{
	struct result *heads, *rows, *dropped;
	const unsigned char **previous;
	struct proof_head *head_list;
	struct proof_row *row_list;
	size_t rows_count;
	enum outcome outcome = ask(w->store, w->arena, &check_heads_of_batch, seal->batch_no, 0, &heads, why);

	if (outcome == OUTCOME_OK)
		outcome =
		    ask(w->store, w->arena, &check_rows_of_places, seal->first_place - 1, seal->last_place, &rows, why);
	if (outcome == OUTCOME_OK)
		outcome = ask(w->store, w->arena, &dropped_of_batch, seal->batch_no, 0, &dropped, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	head_list = check_heads_read(heads, w->arena, &previous);
	rows_count = result_count(rows);
	row_list = dropped_merge(dropped, (struct proof_span){seal->first_place, seal->last_place},
				 check_rows_read(rows, w->arena), &rows_count, w->arena);
	if (!head_list || !row_list)
		return too_large(why);
	proof_seal_check(seal, w->previous.batch_no ? &w->previous : NULL, w->findings);
	proof_heads_check(seal, head_list, result_count(heads), &w->scratch, w->findings);
	chains_check(row_list, rows_count, head_list, result_count(heads), previous, seal->last_place, w->findings);
	w->summary->seals_count++;
	w->summary->rows_count += (int64_t)rows_count;
	return OUTCOME_OK;
}

/* The next batch; *is_end when there is none. */
static enum outcome
walk_step(struct walk *w, bool *is_end, struct why *why)
{
	struct result *seals;
	struct proof_seal seal;
	enum outcome outcome;

	arena_clear(w->arena);
	store_begin(w->store);
	outcome = ask(w->store, w->arena, &check_seals, w->previous.batch_no, 1, &seals, why);
	*is_end = outcome == OUTCOME_OK && result_count(seals) == 0;
	if (outcome == OUTCOME_OK && !*is_end) {
		seal = check_seal_read(seals, 0);
		outcome = batch_verify(w, &seal, why);
		walk_keep(w, &seal);
	}
	store_rollback(w->store);
	return outcome;
}

/* Where to begin: at the first batch since then, or at that of the head which was written down. */
static enum outcome
walk_start(struct walk *w, const struct proof_range *range, struct why *why)
{
	struct rows *rows = rows_new(&check_start, w->arena);
	struct result *start, *seals;
	enum outcome outcome;
	int64_t first;

	rows_instant(rows, range->since_us);
	rows_bytes(rows, range->head);
	store_begin(w->store);
	outcome = store_query(w->store, rows, &start, why);
	if (outcome == OUTCOME_OK) {
		first = range->since_us ? result_int(start, 0, 0) : 1;
		if (range->head.n && result_is_null(start, 0, 1))
			proof_find(w->findings, "the head that was written down is not part of the chain: seals were "
						"deleted or made anew");
		else if (range->head.n && result_int(start, 0, 1) < first)
			first = result_int(start, 0, 1);
		if (first > 1)
			outcome = ask(w->store, w->arena, &check_seals, first - 2, 1, &seals, why);
		if (outcome == OUTCOME_OK && first > 1 && result_count(seals) == 1) {
			struct proof_seal seal = check_seal_read(seals, 0);

			if (seal.batch_no == first - 1)
				walk_keep(w, &seal);
		}
	}
	store_rollback(w->store);
	return outcome;
}

static enum outcome
unsealed_count(struct walk *w, struct why *why)
{
	struct result *count;
	enum outcome outcome;

	store_begin(w->store);
	outcome =
	    ask(w->store, w->arena, &check_unsealed, w->previous.batch_no ? w->previous.last_place : 0, 0, &count, why);
	if (outcome == OUTCOME_OK)
		w->summary->unsealed_count = result_int(count, 0, 0);
	store_rollback(w->store);
	return outcome;
}

enum outcome
proof_verify_batches(struct store *store, const struct proof_range *range, struct proof_summary *summary,
		     struct proof_findings *findings, struct why *why)
{
	struct walk w = {.store = store, .arena = arena_new(ARENA_BYTES), .summary = summary, .findings = findings};
	bool is_end = false;
	enum outcome outcome;

	*summary = (struct proof_summary){.seals_count = 0};
	if (!w.arena)
		return why_set(why, OUTCOME_DEAD, "no-memory", "no memory to check with");
	buf_init(&w.scratch, SCRATCH_BYTES);
	outcome = walk_start(&w, range, why);
	while (outcome == OUTCOME_OK && !is_end)
		outcome = walk_step(&w, &is_end, why);
	if (outcome == OUTCOME_OK)
		outcome = unsealed_count(&w, why);
	if (outcome == OUTCOME_OK)
		outcome = dropped_verify(store, w.arena, range->since_us, summary, findings, why);
	buf_release(&w.scratch);
	arena_free(w.arena);
	return outcome;
}
