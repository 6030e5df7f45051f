/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/said.h"

#include <stdlib.h>

#define VALUES_MAX 32 /* of journal_outputs in memory at a time */

/* A row of the journal: where its outputs lie. */
struct row {
	struct said said;
	struct uuid outputs_id; /* nil: here, of before journal_outputs, or none */
	int64_t from, bytes;
};

const struct statement said_asked = {
    "audit_said", "UT",
    "SELECT u.n, j.outcome = 'done', j.settled_at, j.outputs_before, j.outputs_id, coalesce(j.outputs_from, 0)::bigint,"
    " coalesce(j.outputs_bytes, 0)::bigint FROM unnest($1, $2) WITH ORDINALITY u(message_id, stage, n)"
    " JOIN tributary.journal j ON j.message_id = u.message_id AND j.stage = u.stage"};

static const struct statement values_select = {
    "audit_said_values", "U",
    "SELECT outputs_id, body FROM tributary.journal_outputs WHERE outputs_id = ANY ($1) ORDER BY outputs_id"};

static const struct statement lost_select = {
    "audit_said_lost", "Z",
    "SELECT u.n FROM unnest($1) WITH ORDINALITY u(at, n) WHERE NOT EXISTS (SELECT FROM tributary.timeline_days d"
    " WHERE d.detached_at IS NOT NULL AND d.from_at <= u.at AND u.at < d.until_at)"};

static int
by_value(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return uuid_compare(x->outputs_id, y->outputs_id);
}

static enum outcome
rows_load(struct store *store, struct arena *arena, const struct rows *asked, struct row **list, size_t *n,
	  struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, asked, &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*n = result_count(r);
	*list = arena_array(arena, *n + 1, sizeof **list);
	if (!*list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu rows of the journal", *n);
	for (size_t i = 0; i < *n; i++) {
		struct row *row = &(*list)[i];

		*row = (struct row){.said = {.place = (size_t)result_int(r, i, 0) - 1,
					     .is_done = result_bool(r, i, 1),
					     .settled_us = result_instant(r, i, 2)},
				    .outputs_id = result_uuid(r, i, 4),
				    .from = result_int(r, i, 5),
				    .bytes = result_int(r, i, 6)};
		if (!result_is_null(r, i, 3))
			row->said.outputs = arena_str(arena, result_bytes(r, i, 3));
	}
	return OUTCOME_OK;
}

/* Cuts what each row said out of the values; those without one are lost until lost_tell(). */
static void
slices_cut(struct row *rows, size_t n, const struct result *values)
{
	size_t value = 0;

	for (size_t i = 0; i < n; i++) {
		struct row *row = &rows[i];
		struct str body = {NULL, 0};

		while (value < result_count(values) && uuid_compare(result_uuid(values, value, 0), row->outputs_id) < 0)
			value++;
		row->said.is_lost =
		    value == result_count(values) || !uuid_equal(result_uuid(values, value, 0), row->outputs_id);
		if (!row->said.is_lost)
			body = result_bytes(values, value, 1);
		if (row->from >= 0 && row->bytes >= 0 && (uint64_t)row->from + (uint64_t)row->bytes <= body.n)
			row->said.outputs = (struct str){body.p + row->from, (size_t)row->bytes};
		else
			row->said.is_lost = true;
	}
}

/* What went by retention is not lost. */
static enum outcome
lost_tell(struct store *store, struct arena *arena, struct row *rows, size_t n, struct why *why)
{
	struct rows *asked = rows_new(&lost_select, arena);
	struct row **missing = arena_array(arena, n, sizeof *missing);
	struct result *r;
	size_t count = 0;
	enum outcome outcome;

	if (!missing)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu rows of the journal", n);
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].said.is_lost)
			continue;
		rows_instant(asked, rows[i].said.settled_us);
		rows[i].said.is_lost = false;
		missing[count++] = &rows[i];
	}
	if (!count)
		return OUTCOME_OK;
	outcome = store_query(store, asked, &r, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < result_count(r); i++)
		missing[result_int(r, i, 0) - 1]->said.is_lost = true;
	return outcome;
}

/* The next rows, whose values are few enough. */
static size_t
chunk_measure(const struct row *rows, size_t n, struct rows *asked)
{
	size_t values = 0, i;

	for (i = 0; i < n; i++) {
		if (i && uuid_equal(rows[i].outputs_id, rows[i - 1].outputs_id))
			continue;
		if (values++ == VALUES_MAX)
			break;
		rows_uuid(asked, rows[i].outputs_id);
	}
	return i;
}

static bool
chunk_give(const struct row *rows, size_t n, said_fn fn, void *context)
{
	bool goes_on = true;

	for (size_t i = 0; goes_on && i < n; i++)
		goes_on = fn(context, &rows[i].said);
	return goes_on;
}

enum outcome
said_each(struct store *store, struct arena *arena, const struct rows *asked, said_fn fn, void *context,
	  struct why *why)
{
	struct row *rows = NULL;
	size_t n = 0, at = 0;
	enum outcome outcome = rows_load(store, arena, asked, &rows, &n, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (n)
		qsort(rows, n, sizeof *rows, by_value);
	while (at < n && uuid_is_nil(rows[at].outputs_id))
		at++;
	if (!chunk_give(rows, at, fn, context))
		return OUTCOME_OK;
	while (at < n) {
		struct rows *ids = rows_new(&values_select, arena);
		size_t count = chunk_measure(rows + at, n - at, ids);
		struct result *values;

		store_begin(store); /* frees the values of before */
		outcome = store_query(store, ids, &values, why);
		if (outcome != OUTCOME_OK)
			return outcome;
		slices_cut(rows + at, count, values);
		outcome = lost_tell(store, arena, rows + at, count, why);
		if (outcome != OUTCOME_OK || !chunk_give(rows + at, count, fn, context))
			return outcome;
		at += count;
	}
	return OUTCOME_OK;
}
