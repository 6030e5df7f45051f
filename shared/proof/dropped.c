/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/dropped.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MARK_BYTES (8 + PROOF_HASH_BYTES) /* place (int64) and sha256 of a row */
#define PAGE_ORDERS 5000

/* What is recorded of a day that is still there is no proof of anything. */
#define DROPPED                                                                                                \
	"SELECT d.subject_id, d.marks FROM tributary.timeline_dropped d JOIN tributary.timeline_days p USING " \
	"(part_no)"                                                                                            \
	" WHERE p.detached_at IS NOT NULL AND d.subject_id = ANY ("

const struct statement dropped_of_subjects = {"dropped_of_subjects", "U", DROPPED "$1)"};
const struct statement dropped_of_batch = {
    "dropped_of_batch", "I",
    DROPPED "ARRAY(SELECT h.subject_id FROM tributary.timeline_heads h WHERE h.batch_no = ($1)[1]))"};

/* The days, and whether an act says of each what it was. */
static const struct statement days_select = {
    "dropped_days", "Z",
    "SELECT p.part_no::bigint, p.part_name, p.rows_count, p.digest, EXISTS (SELECT FROM tributary.audit_log a"
    " WHERE a.act = 'retention.drop' AND a.target_id = p.part_name AND a.after->>'part_no' = p.part_no::text"
    " AND a.after->>'rows' = p.rows_count::text AND a.after->>'digest' = encode(p.digest, 'hex'))"
    " FROM tributary.timeline_days p WHERE p.detached_at >= ($1)[1] ORDER BY p.part_no"};
enum { DAY_NO, DAY_NAME, DAY_ROWS, DAY_DIGEST, DAY_IS_SAID };

static const struct statement page_select = {
    "dropped_page", "IUI",
    "SELECT subject_id, marks, rows_count::bigint FROM tributary.timeline_dropped WHERE part_no = ($1)[1]"
    " AND subject_id >= ($2)[1] ORDER BY subject_id LIMIT ($3)[1]"};

struct day {
	int64_t no, rows_count;
	struct str name, digest;
	bool is_said;
};

static int64_t
place_get(const char *p)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)p[i];
	return (int64_t)value;
}

/* By subject and place; what is there before what was dropped. */
static int
row_compare(const void *a, const void *b)
{
	const struct proof_row *x = a, *y = b;
	int subjects = uuid_compare(x->subject, y->subject);

	if (subjects)
		return subjects;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return (int)x->is_dropped - (int)y->is_dropped;
}

static size_t
marks_count(const struct result *dropped)
{
	size_t n = 0;

	for (size_t i = 0; i < result_count(dropped); i++)
		n += result_bytes(dropped, i, 1).n / MARK_BYTES;
	return n;
}

struct proof_row *
dropped_merge(const struct result *dropped, struct proof_span span, struct proof_row *rows, size_t *rows_count,
	      struct arena *arena)
{
	size_t most = marks_count(dropped) + *rows_count, n = *rows_count, kept = 0;
	struct proof_row *all;

	if (!rows || most == n)
		return rows;
	all = arena_array(arena, most, sizeof *all);
	if (!all)
		return NULL;
	if (n)
		memcpy(all, rows, n * sizeof *all);
	for (size_t i = 0; i < result_count(dropped); i++) {
		struct str marks = result_bytes(dropped, i, 1);

		for (size_t at = 0; at + MARK_BYTES <= marks.n; at += MARK_BYTES) {
			int64_t place = place_get(marks.p + at);

			if (place < span.first_place || place > span.last_place)
				continue;
			all[n] = (struct proof_row){.source = STR("timeline"),
						    .place = place,
						    .subject = result_uuid(dropped, i, 0),
						    .is_dropped = true};
			memcpy(all[n++].digest, marks.p + at + 8, PROOF_HASH_BYTES);
		}
	}
	qsort(all, n, sizeof *all, row_compare);
	for (size_t i = 0; i < n; i++)
		if (!all[i].is_dropped || kept == 0 || all[kept - 1].place != all[i].place ||
		    !uuid_equal(all[kept - 1].subject, all[i].subject))
			all[kept++] = all[i];
	*rows_count = kept;
	return all;
}

/* The smallest that is larger; nil after the last of all. */
static struct uuid
uuid_next(struct uuid id)
{
	for (size_t i = sizeof id.bytes; i-- > 0;)
		if (++id.bytes[i])
			break;
	return id;
}

/* As seal_chain in SQL: the first digest is the first head. */
static void
page_add(const struct result *page, unsigned char head[static PROOF_HASH_BYTES], bool *is_first, int64_t *rows)
{
	unsigned char digest[PROOF_HASH_BYTES];
	struct buf bytes;

	buf_init(&bytes, (size_t)64 << 20);
	for (size_t i = 0; i < result_count(page); i++) {
		struct uuid subject = result_uuid(page, i, 0);
		struct str marks = result_bytes(page, i, 1);

		buf_clear(&bytes);
		buf_put(&bytes, subject.bytes, sizeof subject.bytes);
		buf_put_str(&bytes, marks);
		sha256(buf_str(&bytes), digest);
		if (*is_first)
			memcpy(head, digest, PROOF_HASH_BYTES);
		else
			proof_link(head, digest);
		*is_first = false;
		*rows += marks.n % MARK_BYTES == 0 ? (int64_t)(marks.n / MARK_BYTES) : -1;
	}
	buf_release(&bytes);
}

static enum outcome
day_verify(struct store *store, struct arena *arena, const struct day *day, struct proof_findings *findings,
	   struct why *why)
{
	unsigned char head[PROOF_HASH_BYTES] = {0};
	struct arena_mark mark = arena_mark(arena);
	struct uuid from = {{0}};
	bool is_first = true;
	int64_t rows_count = 0;
	size_t n = PAGE_ORDERS;
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && n == PAGE_ORDERS) {
		struct rows *rows = rows_new(&page_select, arena);
		struct result *page;

		rows_int(rows, day->no);
		rows_uuid(rows, from);
		rows_int(rows, PAGE_ORDERS);
		store_begin(store);
		outcome = store_query(store, rows, &page, why);
		n = outcome == OUTCOME_OK ? result_count(page) : 0;
		if (n) {
			page_add(page, head, &is_first, &rows_count);
			from = uuid_next(result_uuid(page, n - 1, 0));
		}
		store_rollback(store);
		arena_rewind(arena, mark);
	}
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!day->is_said)
		proof_find(findings, "the audit log does not say that %.*s was dropped, or says it of another content",
			   STR_ARGS(day->name));
	if (rows_count != day->rows_count || day->digest.n != (is_first ? 0 : PROOF_HASH_BYTES) ||
	    memcmp(day->digest.p ? day->digest.p : "", head, day->digest.n) != 0)
		proof_find(findings, "what is left of %.*s was changed: it had %" PRId64 " rows, %" PRId64 " are left",
			   STR_ARGS(day->name), day->rows_count, rows_count);
	return OUTCOME_OK;
}

enum outcome
dropped_verify(struct store *store, struct arena *arena, int64_t since_us, struct proof_summary *summary,
	       struct proof_findings *findings, struct why *why)
{
	struct result *r;
	struct day *days;
	struct rows *rows;
	size_t n;
	enum outcome outcome;

	arena_clear(arena);
	rows = rows_new(&days_select, arena);
	rows_instant(rows, since_us);
	store_begin(store);
	outcome = store_query(store, rows, &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	n = result_count(r);
	days = arena_array(arena, n + 1, sizeof *days);
	if (!days)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu days", n);
	for (size_t i = 0; i < n; i++)
		days[i] = (struct day){.no = result_int(r, i, DAY_NO),
				       .name = arena_str(arena, result_text(r, i, DAY_NAME)),
				       .rows_count = result_int(r, i, DAY_ROWS),
				       .digest = arena_str(arena, result_bytes(r, i, DAY_DIGEST)),
				       .is_said = result_bool(r, i, DAY_IS_SAID)};
	store_rollback(store);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		outcome = day_verify(store, arena, &days[i], findings, why);
		summary->days_count++;
		summary->dropped_count += days[i].rows_count;
	}
	return outcome;
}
