/* SPDX-License-Identifier: Apache-2.0 */
#include "retention_sql.h"

#include "audit_log.h"

#define RECORD_ORDERS 1000 /* of one transaction: some 10,000 rows */

static const struct statement lock_try = {
    "retention_lock", "", "SELECT pg_try_advisory_lock(hashtextextended('tributary.retention.run', 0))"};

static const struct statement days_select = {
    "retention_days", "II",
    "SELECT d.part_no::bigint, d.part_name, d.from_at, d.until_at, d.decided_at IS NOT NULL, d.detached_at IS NOT NULL,"
    " coalesce(d.rows_count, 0), coalesce(pg_total_relation_size(to_regclass('tributary.' || d.part_name)), 0)"
    " FROM tributary.timeline_days d WHERE d.dropped_at IS NULL AND d.until_at <= now() - ($1)[1] * interval '1 day'"
    " ORDER BY d.from_at LIMIT ($2)[1]"};
enum { DAY_NO, DAY_NAME, DAY_FROM, DAY_UNTIL, DAY_DECIDED, DAY_DETACHED, DAY_ROWS, DAY_BYTES };

/* As timeline_day_record() decides (migrations/0026_journal_outputs.sql). Reads the day's partition alone. An order that has several
 * reasons is said with one of them; then come documents of no order, and of orders that have no rows in that day. */
static const struct statement holders_select = {
    "retention_holders", "ZZI",
    "WITH o AS MATERIALIZED (SELECT u.order_id, min(u.because) AS because FROM tributary.orders_under_way u WHERE "
    "EXISTS"
    " (SELECT FROM tributary.timeline t WHERE t.order_id = u.order_id AND t.at >= ($1)[1] AND t.at < ($2)[1])"
    " GROUP BY 1),"
    " h AS MATERIALIZED (SELECT order_id, because FROM o UNION ALL SELECT coalesce(d.order_id, u.document_id), "
    "min(u.because)"
    " FROM tributary.documents_under_way u LEFT JOIN tributary.documents d USING (document_id)"
    " WHERE (d.received_at < ($2)[1] OR d.document_id IS NULL)"
    " AND NOT EXISTS (SELECT FROM o WHERE o.order_id = d.order_id) GROUP BY 1)"
    " SELECT (SELECT count(*) FROM tributary.timeline WHERE at >= ($1)[1] AND at < ($2)[1]), (SELECT count(*) FROM h),"
    " (SELECT string_agg(coalesce(o.party || ':' || o.number, s.order_id::text) || ' ' || s.because, '; ' ORDER BY "
    "s.order_id)"
    " FROM (SELECT * FROM h ORDER BY order_id LIMIT ($3)[1]) s LEFT JOIN tributary.orders o USING (order_id))"};

static const struct statement record = {
    "retention_record", "IUI", "SELECT tributary.timeline_day_record(($1)[1]::integer, ($2)[1], ($3)[1]::integer)"};
static const struct statement decide = {"retention_decide", "ITT",
					"SELECT tributary.timeline_day_decide(($1)[1]::integer, ($2)[1], ($3)[1])"};
static const struct statement detach = {"retention_detach", "II",
					"SELECT tributary.timeline_day_detach(($1)[1]::integer, ($2)[1]::integer)"};
static const struct statement outputs_drop = {
    "retention_outputs_drop", "II", "SELECT tributary.journal_outputs_drop(($1)[1]::integer, ($2)[1]::integer)"};
static const struct statement drop = {"retention_drop", "I", "SELECT tributary.timeline_day_drop(($1)[1]::integer)"};

static const struct statement rows_delete = {
    "retention_rows_delete", "TII",
    "SELECT tributary.retention_rows_delete(($1)[1], ($2)[1]::integer, ($3)[1]::integer)"};
static const struct statement rows_count_of = {
    "retention_rows_count", "TI",
    "SELECT CASE ($1)[1] WHEN 'api_usage' THEN (SELECT count(*) FROM tributary.api_usage WHERE day <"
    " ((now() - ($2)[1] * interval '1 day') AT TIME ZONE 'UTC')::date) WHEN 'audit_findings' THEN (SELECT count(*) FROM"
    " tributary.audit_findings WHERE cleared_at < now() - ($2)[1] * interval '1 day') ELSE 0 END"};

/* Rows are what the server last counted; of a table that it never did, unknown. */
#define ABOUT "CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END"
#define DAY(at) "to_char(" at " AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
#define ONE(name, oldest, older, by)                                                                                \
	" UNION ALL SELECT '" name "', NULL, " oldest ", " ABOUT ", pg_total_relation_size(c.oid), " older ", '" by \
	"' FROM pg_class c WHERE c.oid = 'tributary." name "'::regclass"
static const struct statement show = {
    "retention_show", "I",
    "SELECT coalesce(json_agg(t), '[]')::text FROM ("
    "SELECT 'timeline' AS table, count(*) AS days, " DAY(
	"min(nullif(d.from_at, '-infinity'))") " AS oldest, sum(CASE WHEN c.reltuples >= 0 THEN c.reltuples "
					       "END)::bigint AS rows,"
					       " sum(pg_total_relation_size(c.oid))::bigint AS bytes,"
					       " count(*) FILTER (WHERE d.until_at <= now() - ($1)[1] * interval '1 "
					       "day') AS older, 'days' AS goes_by"
					       " FROM tributary.timeline_days d JOIN pg_class c ON c.oid = "
					       "to_regclass('tributary.' || d.part_name)"
					       " WHERE d.dropped_at IS NULL" ONE(
						   "timeline_default", "NULL", "NULL::bigint",
						   "the owner") ONE("timeline_dropped", "NULL", "NULL::bigint",
								    "never: hashes of what was dropped")
						   ONE("journal", "NULL", "NULL::bigint",
						       "never: what comes again is known") ONE("journal_outputs",
											       "NULL", "NULL::bigint",
											       "with their day of the "
											       "timeline")
						       ONE("api_usage",
							   "(SELECT min(day)::text FROM tributary.api_usage)",
							   "(SELECT count(*) FROM tributary.api_usage WHERE day < "
							   "((now() - ($1)[1] * interval '1 day') AT TIME ZONE "
							   "'UTC')::date)",
							   "rows")
							   ONE("audit_findings",
							       "(SELECT " DAY(
								   "min(cleared_at)") " FROM tributary.audit_findings)",
							       "(SELECT count(*) FROM tributary.audit_findings WHERE "
							       "cleared_at < now() - ($1)[1] * interval '1 day')",
							       "rows, of cleared findings")
							       ONE("gateway_requests",
								   "(SELECT " DAY(
								       "min(at)") " FROM tributary.gateway_requests)",
								   "NULL::bigint", "the gateway") ") t"};

/* One row of one statement, in a transaction of its own; the result is valid until the next one. */
static enum outcome
ask(struct store *store, const struct rows *rows, struct result **r, struct why *why)
{
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows, r, why);
	if (outcome == OUTCOME_OK)
		return store_commit(store, why);
	store_rollback(store);
	return outcome;
}

enum outcome
retention_lock(struct store *store, struct arena *arena, bool *is_ours, struct why *why)
{
	struct result *r;
	enum outcome outcome = ask(store, rows_new(&lock_try, arena), &r, why);

	if (outcome == OUTCOME_OK)
		*is_ours = result_bool(r, 0, 0);
	return outcome;
}

enum outcome
retention_days_read(struct store *store, struct arena *arena, int64_t keep_days, int64_t max,
		    struct retention_day **days, size_t *n, struct why *why)
{
	struct rows *rows = rows_new(&days_select, arena);
	struct retention_day *list;
	struct result *r;
	enum outcome outcome;

	rows_int(rows, keep_days);
	rows_int(rows, max);
	outcome = ask(store, rows, &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	list = arena_array(arena, result_count(r) + 1, sizeof *list);
	if (!list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu days", result_count(r));
	for (size_t i = 0; i < result_count(r); i++)
		list[i] = (struct retention_day){.part_no = result_int(r, i, DAY_NO),
						 .name = arena_str(arena, result_text(r, i, DAY_NAME)),
						 .from_us = result_instant(r, i, DAY_FROM),
						 .until_us = result_instant(r, i, DAY_UNTIL),
						 .is_decided = result_bool(r, i, DAY_DECIDED),
						 .is_detached = result_bool(r, i, DAY_DETACHED),
						 .rows = result_int(r, i, DAY_ROWS),
						 .bytes = result_int(r, i, DAY_BYTES)};
	*days = list;
	*n = result_count(r);
	return OUTCOME_OK;
}

enum outcome
retention_holders_read(struct store *store, struct arena *arena, struct retention_day *day, struct str *holders,
		       struct why *why)
{
	struct rows *rows = rows_new(&holders_select, arena);
	struct result *r;
	enum outcome outcome;

	rows_instant(rows, day->from_us);
	rows_instant(rows, day->until_us);
	rows_int(rows, RETENTION_HOLDERS_MAX);
	outcome = ask(store, rows, &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	day->rows = result_int(r, 0, 0);
	*holders = STR("");
	if (result_int(r, 0, 1) > 0)
		*holders = arena_printf(arena, "%lld under way: %.*s", (long long)result_int(r, 0, 1),
					STR_ARGS(result_text(r, 0, 2)));
	return OUTCOME_OK;
}

enum outcome
retention_record(struct store *store, struct arena *arena, int64_t part_no, struct uuid *after, bool *is_end,
		 struct why *why)
{
	struct rows *rows = rows_new(&record, arena);
	struct result *r;
	enum outcome outcome;

	rows_int(rows, part_no);
	rows_uuid_or_null(rows, *after);
	rows_int(rows, RECORD_ORDERS);
	outcome = ask(store, rows, &r, why);
	if (outcome == OUTCOME_OK) {
		*is_end = result_is_null(r, 0, 0);
		*after = result_uuid(r, 0, 0);
	}
	return outcome;
}

enum outcome
retention_decide(struct store *store, struct arena *arena, struct retention_day *day, const char *reason,
		 struct why *why)
{
	struct rows *rows = rows_new(&decide, arena);
	struct result *r;
	enum outcome outcome;

	rows_int(rows, day->part_no);
	rows_text(rows, str_of(audit_log_who()));
	rows_text(rows, str_of(reason));
	outcome = ask(store, rows, &r, why);
	if (outcome == OUTCOME_OK)
		day->rows = result_int(r, 0, 0);
	return outcome;
}

enum outcome
retention_detach(struct store *store, struct arena *arena, int64_t part_no, int64_t wait_ms, bool *is_gone,
		 struct why *why)
{
	struct rows *rows = rows_new(&detach, arena);
	struct result *r;
	enum outcome outcome;

	rows_int(rows, part_no);
	rows_int(rows, wait_ms);
	outcome = ask(store, rows, &r, why);
	if (outcome == OUTCOME_OK && result_is_null(r, 0, 0))
		return why_set(why, OUTCOME_RETRY, "postgres-conflict",
			       "the timeline is in use: somebody reads it for long");
	if (outcome == OUTCOME_OK)
		*is_gone = result_bool(r, 0, 0);
	return outcome;
}

enum outcome
retention_drop(struct store *store, struct arena *arena, int64_t part_no, struct why *why)
{
	struct rows *rows = rows_new(&drop, arena);
	struct result *r;

	rows_int(rows, part_no);
	return ask(store, rows, &r, why);
}

static enum outcome
number_ask(struct store *store, const struct rows *rows, int64_t *number, struct why *why)
{
	struct result *r;
	enum outcome outcome = ask(store, rows, &r, why);

	if (outcome == OUTCOME_OK)
		*number = result_int(r, 0, 0);
	return outcome;
}

enum outcome
retention_outputs_drop(struct store *store, struct arena *arena, int64_t part_no, int64_t max, int64_t *dropped,
		       struct why *why)
{
	struct rows *rows = rows_new(&outputs_drop, arena);

	rows_int(rows, part_no);
	rows_int(rows, max);
	return number_ask(store, rows, dropped, why);
}

enum outcome
retention_rows_delete(struct store *store, struct arena *arena, const char *table, int64_t keep_days, int64_t max,
		      int64_t *deleted, struct why *why)
{
	struct rows *rows = rows_new(&rows_delete, arena);

	rows_text(rows, str_of(table));
	rows_int(rows, keep_days);
	rows_int(rows, max);
	return number_ask(store, rows, deleted, why);
}

enum outcome
retention_rows_count(struct store *store, struct arena *arena, const char *table, int64_t keep_days, int64_t *count,
		     struct why *why)
{
	struct rows *rows = rows_new(&rows_count_of, arena);

	rows_text(rows, str_of(table));
	rows_int(rows, keep_days);
	return number_ask(store, rows, count, why);
}

struct rows *
retention_show_rows(struct arena *arena, int64_t keep_days)
{
	struct rows *rows = rows_new(&show, arena);

	rows_int(rows, keep_days);
	return rows;
}
