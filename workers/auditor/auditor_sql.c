/* SPDX-License-Identifier: Apache-2.0 */
#include "auditor/auditor_sql.h"

#include <inttypes.h>

#define LOCK_KEY "747269627574617279" /* of nobody else */
#define ROUNDS_KEPT "1000"

static const struct statement lock_try = {"auditor_lock", "", "SELECT pg_try_advisory_lock(" LOCK_KEY ")"};
static const struct statement lock_end = {"auditor_unlock", "", "SELECT pg_advisory_unlock(" LOCK_KEY ")"};

static const struct statement cursor_select = {
    "auditor_cursor", "",
    "SELECT orders_since, documents_since, horizon_at, next_horizon_at, next_horizon_xid, orders_after, "
    "documents_after,"
    " stock_after, pass_began_at, rounds, coalesce(orders_passed_at, '1970-01-01Z'), coalesce(pass_seconds, 0), now(),"
    " pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    " FROM tributary.audit_cursor"};

static const struct statement cursor_update = {
    "auditor_cursor_update", "ZZZZIUUTZIZI",
    "UPDATE tributary.audit_cursor SET orders_since = u.a, documents_since = u.b, horizon_at = u.c, next_horizon_at = "
    "u.d,"
    " next_horizon_xid = u.e, orders_after = u.f, documents_after = u.g, stock_after = u.h, pass_began_at = u.i,"
    " rounds = u.j, orders_passed_at = u.k, pass_seconds = u.l"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) u(a, b, c, d, e, f, g, h, i, j, k, l)"};

static const struct statement round_insert = {
    "auditor_round", "IZIIIII",
    "INSERT INTO tributary.audit_rounds (round_no, began_at, took_ms, orders, documents, findings, put_back)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"};
static const struct statement rounds_delete = {
    "auditor_rounds_delete", "I", "DELETE FROM tributary.audit_rounds WHERE round_no <= ($1)[1] - " ROUNDS_KEPT};

/* Two checks' rows with one key would be one row twice in a statement, which Postgres refuses. */
static const struct statement findings_put = {
    "auditor_findings", "TTTTTTZ",
    "INSERT INTO tributary.audit_findings AS f (check_name, table_name, key, scope, subject, says, first_seen, "
    "last_seen)"
    " SELECT DISTINCT ON (a, b, c) a, b, c, d, e, f, g, g FROM unnest($1, $2, $3, $4, $5, $6, $7) u(a, b, c, d, e, f, "
    "g)"
    " ON CONFLICT (check_name, table_name, key) DO UPDATE SET says = excluded.says, last_seen = excluded.last_seen,"
    " scope = excluded.scope, subject = excluded.subject, cleared_at = NULL,"
    " first_seen = CASE WHEN f.cleared_at IS NULL THEN f.first_seen ELSE excluded.first_seen END"};
static const struct statement findings_clear = {
    "auditor_findings_clear", "TTZ",
    "UPDATE tributary.audit_findings f SET cleared_at = u.at FROM unnest($1, $2, $3) u(scope, subject, at)"
    " WHERE f.cleared_at IS NULL AND f.scope = u.scope AND f.subject = u.subject AND f.last_seen < u.at"};
static const struct statement findings_select = {
    "auditor_findings_open", "TI",
    "SELECT DISTINCT subject FROM tributary.audit_findings WHERE cleared_at IS NULL AND scope = ($1)[1] LIMIT ($2)[1]"};
static const struct statement findings_count = {
    "auditor_findings_count", "",
    "SELECT check_name, count(*) FROM tributary.audit_findings WHERE cleared_at IS NULL GROUP BY check_name"};

static const struct statement trails_due = {
    "auditor_trails_due", "ZI",
    "SELECT document_id FROM tributary.audit_trails WHERE next_at <= ($1)[1] ORDER BY next_at LIMIT ($2)[1]"};
static const struct statement trails_delete = {"auditor_trails_delete", "U",
					       "DELETE FROM tributary.audit_trails WHERE document_id = ANY ($1)"};
static const struct statement trails_put = {
    "auditor_trails", "UZ", "INSERT INTO tributary.audit_trails (document_id, next_at) SELECT * FROM unnest($1, $2)"};

static const struct statement trails_reopen = {
    "auditor_trails_reopen", "U",
    "INSERT INTO tributary.audit_trails (document_id, next_at) SELECT o.document_id, now() FROM tributary.orders o"
    " WHERE o.order_id = ANY ($1) AND EXISTS (SELECT FROM tributary.shipments h WHERE h.order_id = o.order_id"
    " AND h.caused_by IS NOT NULL OFFSET 0) ON CONFLICT DO NOTHING"};

static const struct statement put_backs_put = {
    "auditor_put_backs", "UTUZ",
    "INSERT INTO tributary.audit_put_backs AS b (message_id, queue, order_id, last_at)"
    " SELECT DISTINCT ON (a, b) a, b, c, d FROM unnest($1, $2, $3, $4) u(a, b, c, d)"
    " ON CONFLICT (message_id, queue) DO UPDATE SET times = b.times + 1, last_at = excluded.last_at"};
static const struct statement timeline_put = {
    "auditor_timeline", "UZTU",
    "INSERT INTO tributary.timeline (order_id, at, stage, event, detail, message_id)"
    " SELECT a, b, 'auditor', 'put-back', c, d FROM unnest($1, $2, $3, $4) u(a, b, c, d)"};

enum outcome
audit_lock(struct store *store, struct arena *arena, bool *is_ours, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(&lock_try, arena), &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*is_ours = result_bool(r, 0, 0);
	return store_commit(store, why);
}

void
audit_unlock(struct store *store, struct arena *arena)
{
	struct result *r;
	struct why ignored = {0};

	store_begin(store);
	(void)!store_query(store, rows_new(&lock_end, arena), &r, &ignored);
	(void)!store_commit(store, &ignored);
}

static const struct statement days_make = {"auditor_days_make", "", "SELECT tributary.timeline_days_make()::bigint"};

enum outcome
audit_days_make(struct store *store, struct arena *arena, int64_t *made, struct why *why)
{
	struct result *r;
	int64_t count;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(&days_make, arena), &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	count = result_int(r, 0, 0);
	outcome = store_commit(store, why);
	if (outcome == OUTCOME_OK)
		*made = count;
	return outcome;
}

enum outcome
audit_cursor_read(struct store *store, struct arena *arena, struct audit_cursor *c, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(&cursor_select, arena), &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (result_count(r) != 1)
		return why_set(why, OUTCOME_AWAY, "postgres-schema", "audit_cursor has %zu rows", result_count(r));
	*c = (struct audit_cursor){
	    .orders_since_us = result_instant(r, 0, 0),
	    .documents_since_us = result_instant(r, 0, 1),
	    .horizon_us = result_instant(r, 0, 2),
	    .next_horizon_us = result_instant(r, 0, 3),
	    .next_horizon_xid = result_int(r, 0, 4),
	    .orders_after = result_uuid(r, 0, 5),
	    .documents_after = result_uuid(r, 0, 6),
	    .stock_after = arena_str(arena, result_text(r, 0, 7)),
	    .pass_began_us = result_instant(r, 0, 8),
	    .rounds = result_int(r, 0, 9),
	    .orders_passed_us = result_instant(r, 0, 10),
	    .pass_seconds = result_int(r, 0, 11),
	    .now_us = result_instant(r, 0, 12),
	    .oldest_xid = result_int(r, 0, 13),
	    .next_xid = result_int(r, 0, 14),
	};
	store_rollback(store);
	return OUTCOME_OK;
}

static const struct statement place_select = {
    "auditor_place", "", "SELECT coalesce(pg_sequence_last_value('tributary.seal_places'::regclass), 0)"};

enum outcome
audit_place_read(struct store *store, struct arena *arena, int64_t *place, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(&place_select, arena), &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*place = result_int(r, 0, 0);
	store_rollback(store);
	return OUTCOME_OK;
}

enum outcome
audit_round_save(struct store *store, struct arena *arena, const struct audit_cursor *c,
		 const struct audit_round *round, struct why *why)
{
	struct rows *cursor = rows_new(&cursor_update, arena), *insert = rows_new(&round_insert, arena),
		    *delete = rows_new(&rounds_delete, arena);

	rows_instant(cursor, c->orders_since_us);
	rows_instant(cursor, c->documents_since_us);
	rows_instant(cursor, c->horizon_us);
	rows_instant(cursor, c->next_horizon_us);
	rows_int(cursor, c->next_horizon_xid);
	rows_uuid(cursor, c->orders_after);
	rows_uuid(cursor, c->documents_after);
	rows_text(cursor, c->stock_after);
	rows_instant(cursor, c->pass_began_us);
	rows_int(cursor, c->rounds);
	rows_instant_or_null(cursor, c->orders_passed_us);
	rows_int(cursor, c->pass_seconds);
	rows_int(insert, c->rounds);
	rows_instant(insert, round->began_us);
	rows_int(insert, round->took_ms);
	rows_int(insert, round->orders);
	rows_int(insert, round->documents);
	rows_int(insert, round->findings);
	rows_int(insert, round->put_back);
	rows_int(delete, c->rounds);
	store_begin(store);
	store_send(store, cursor);
	store_send(store, insert);
	store_send(store, delete);
	return store_commit(store, why);
}

static struct str
subject_of(struct audit *a, const struct audit_set *set, size_t i)
{
	char text[UUID_TEXT_BYTES];

	if (set->scope == AUDIT_STOCK || set->scope == AUDIT_NUMBERS)
		return set->items[i];
	uuid_format(set->ids[i], text);
	return arena_str(a->arena, str_of(text));
}

enum outcome
audit_findings_save(struct audit *a, const struct audit_set *set, int64_t now_us, struct why *why)
{
	struct rows *put = rows_new(&findings_put, a->arena), *clear = rows_new(&findings_clear, a->arena);

	for (const struct audit_finding *f = a->findings; f; f = f->next) {
		rows_text(put, str_of(f->check));
		rows_text(put, f->table);
		rows_text(put, f->key);
		rows_text(put, str_of(audit_scope_name(f->scope)));
		rows_text(put, f->subject);
		rows_text(put, f->says);
		rows_instant(put, now_us);
	}
	for (size_t i = 0; !a->is_capped && i < set->n; i++) {
		rows_text(clear, str_of(audit_scope_name(set->scope)));
		rows_text(clear, subject_of(a, set, i));
		rows_instant(clear, now_us);
	}
	store_begin(a->store);
	store_send(a->store, put);
	store_send(a->store, clear);
	return store_commit(a->store, why);
}

/* Ids or item numbers of the first column, which is text. */
static enum outcome
set_read(struct audit *a, const struct rows *rows, bool is_text, struct audit_set *set, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(a->store);
	outcome = store_query(a->store, rows, &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	set->ids = arena_array(a->arena, result_count(r) + 1, sizeof *set->ids);
	set->items = arena_array(a->arena, result_count(r) + 1, sizeof *set->items);
	if (!set->ids || !set->items)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for a set of %zu", result_count(r));
	for (size_t row = 0; row < result_count(r); row++) {
		if (!is_text)
			set->ids[set->n++] = result_uuid(r, row, 0);
		else if (set->scope == AUDIT_STOCK || set->scope == AUDIT_NUMBERS)
			set->items[set->n++] = arena_str(a->arena, result_text(r, row, 0));
		else if (uuid_parse(result_text(r, row, 0), &set->ids[set->n]))
			set->n++;
	}
	store_rollback(a->store);
	return OUTCOME_OK;
}

enum outcome
audit_findings_open(struct audit *a, enum audit_scope scope, int64_t max, struct audit_set *set, struct why *why)
{
	struct rows *rows = rows_new(&findings_select, a->arena);

	*set = (struct audit_set){.scope = scope};
	rows_text(rows, str_of(audit_scope_name(scope)));
	rows_int(rows, max);
	return set_read(a, rows, true, set, why);
}

enum outcome
audit_findings_count(struct store *store, struct arena *arena, struct audit_count **counts, size_t *n, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(&findings_count, arena), &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*n = result_count(r);
	*counts = arena_array(arena, *n + 1, sizeof **counts);
	if (!*counts)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu checks", *n);
	for (size_t i = 0; i < *n; i++)
		(*counts)[i] = (struct audit_count){arena_str(arena, result_text(r, i, 0)), result_int(r, i, 1)};
	store_rollback(store);
	return OUTCOME_OK;
}

enum outcome
audit_trails_due(struct audit *a, int64_t now_us, int64_t max, struct audit_set *set, struct why *why)
{
	struct rows *rows = rows_new(&trails_due, a->arena);

	*set = (struct audit_set){.scope = AUDIT_DOCUMENT};
	rows_instant(rows, now_us);
	rows_int(rows, max);
	return set_read(a, rows, false, set, why);
}

enum outcome
audit_trails_save(struct audit *a, const struct audit_set *documents, const struct trail *trail, int64_t next_us,
		  struct why *why)
{
	struct rows *gone = rows_new(&trails_delete, a->arena), *put = rows_new(&trails_put, a->arena);

	for (size_t i = 0; i < documents->n; i++)
		rows_uuid(gone, documents->ids[i]);
	for (size_t i = 0; i < trail->unfinished_count; i++) {
		rows_uuid(put, trail->unfinished[i]);
		rows_instant(put, next_us);
	}
	store_begin(a->store);
	store_send(a->store, gone);
	store_send(a->store, put);
	return store_commit(a->store, why);
}

enum outcome
audit_trails_reopen(struct audit *a, const struct audit_set *orders, struct why *why)
{
	struct rows *ids = rows_new(&trails_reopen, a->arena);

	for (size_t i = 0; i < orders->n; i++)
		rows_uuid(ids, orders->ids[i]);
	store_begin(a->store);
	store_send(a->store, ids);
	return store_commit(a->store, why);
}

enum outcome
audit_put_backs_save(struct audit *a, const struct trail_lost *lost, size_t n, int64_t now_us, struct why *why)
{
	struct rows *put = rows_new(&put_backs_put, a->arena), *timeline = rows_new(&timeline_put, a->arena);

	for (size_t i = 0; i < n; i++) {
		rows_uuid(put, lost[i].message_id);
		rows_text(put, str_of(lost[i].queue));
		rows_uuid_or_null(put, lost[i].order_id);
		rows_instant(put, now_us);
		if (uuid_is_nil(lost[i].order_id))
			continue;
		rows_uuid(timeline, lost[i].order_id);
		rows_instant(timeline, now_us);
		rows_text(timeline,
			  arena_printf(a->arena,
				       "%.*s had not come to %s, and is put back on its way (%" PRId64 ". time)",
				       STR_ARGS(lost[i].message.envelope.type), lost[i].stage, lost[i].times + 1));
		rows_uuid(timeline, lost[i].message_id);
	}
	store_begin(a->store);
	store_send(a->store, put);
	store_send(a->store, timeline);
	return store_commit(a->store, why);
}
