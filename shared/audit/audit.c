/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include <string.h>

void
audit_init(struct audit *a, struct store *store, struct arena *arena, const struct routes *routes, int64_t grace_s)
{
	*a = (struct audit){.store = store, .arena = arena, .routes = routes, .grace_s = grace_s};
	a->findings_end = &a->findings;
}

static const struct statement session_set = {
    "audit_session", "",
    "SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),"
    " set_config('enable_mergejoin', 'off', false), set_config('enable_material', 'off', false),"
    " set_config('max_parallel_workers_per_gather', '0', false),"
    " set_config('plan_cache_mode', 'force_generic_plan', false)"};

enum outcome
audit_session(struct audit *a, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(a->store);
	outcome = store_query(a->store, rows_new(&session_set, a->arena), &r, why);
	return outcome == OUTCOME_OK ? store_commit(a->store, why) : outcome;
}

void
audit_clear(struct audit *a)
{
	arena_clear(a->arena);
	a->findings = NULL;
	a->findings_end = &a->findings;
	a->findings_count = 0;
	a->is_capped = false;
}

void
audit_report(struct audit *a, enum audit_scope scope, const char *check, struct str subject, struct str table,
	     struct str key, struct str says)
{
	struct audit_finding *f = arena_get(a->arena, sizeof *f);

	a->is_capped |= !f;
	if (!f)
		return;
	*f = (struct audit_finding){.scope = scope,
				    .check = check,
				    .subject = arena_str(a->arena, subject),
				    .table = arena_str(a->arena, table),
				    .key = arena_str(a->arena, key),
				    .says = arena_str(a->arena, says)};
	*a->findings_end = f;
	a->findings_end = &f->next;
	a->findings_count++;
}

static void
set_put(struct audit *a, const struct audit_set *set, struct rows *rows, const char *types)
{
	for (size_t i = 0; i < (set->scope == AUDIT_NUMBERS ? 1 : set->n); i++) {
		if (types[0] == 'T')
			rows_text(rows, set->items[i]);
		else if (types[0] == 'U')
			rows_uuid(rows, set->ids[i]);
		else
			rows_int(rows, 1);
		if (types[1])
			rows_int(rows, a->grace_s);
	}
}

/* name NULL: the finding's last column names its check */
static enum outcome
check_run(struct audit *a, const struct statement *statement, const char *name, const struct audit_set *set,
	  struct why *why)
{
	struct rows *rows = rows_new(statement, a->arena);
	struct result *found;
	enum outcome outcome;

	set_put(a, set, rows, statement->types);
	store_begin(a->store);
	outcome = store_query(a->store, rows, &found, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < result_count(found); i++)
		audit_report(a, set->scope, name ? name : arena_text(a->arena, result_text(found, i, 4)),
			     result_text(found, i, 0), result_text(found, i, 1), result_text(found, i, 2),
			     result_text(found, i, 3));
	if (outcome == OUTCOME_OK)
		a->is_capped |= result_count(found) == AUDIT_FINDINGS_MAX;
	store_rollback(a->store);
	return outcome;
}

static void
total_add(struct audit *a, struct str what, int64_t value)
{
	struct audit_total *t = a->totals;

	while (t < a->totals + a->totals_count && !str_equal(str_of(t->what), what))
		t++;
	if (t == a->totals + AUDIT_TOTALS_MAX || what.n >= sizeof t->what)
		return;
	if (t == a->totals + a->totals_count) {
		*t = (struct audit_total){.value = 0};
		memcpy(t->what, what.p, what.n);
		a->totals_count++;
	}
	t->value += value;
}

enum outcome
audit_add(struct audit *a, const struct audit_set *set, struct why *why)
{
	const struct statement *statement = audit_totals[set->scope];
	struct result *sums;
	struct rows *rows;
	enum outcome outcome;

	if (!statement)
		return OUTCOME_OK;
	rows = rows_new(statement, a->arena);
	set_put(a, set, rows, statement->types);
	store_begin(a->store);
	outcome = store_query(a->store, rows, &sums, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < result_count(sums); i++)
		total_add(a, result_text(sums, i, 0), result_int(sums, i, 1));
	store_rollback(a->store);
	return outcome;
}

enum outcome
audit_check(struct audit *a, const struct audit_set *set, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	if (set->scope != AUDIT_NUMBERS && set->n == 0)
		return OUTCOME_OK;
	for (size_t i = 0; outcome == OUTCOME_OK && i < audit_checks_count; i++)
		if (audit_checks[i].scope == set->scope && audit_checks[i].statement.sql)
			outcome = check_run(a, &audit_checks[i].statement, audit_checks[i].name, set, why);
	if (outcome != OUTCOME_OK || set->scope != AUDIT_ORDER)
		return outcome;
	outcome = check_run(a, &audit_told, NULL, set, why);
	return outcome == OUTCOME_OK ? audit_facts(a, set, why) : outcome;
}

/* --- which ones ----------------------------------------------------------------------------------------------------- */

/* The next ids of one table, whether or not it has several rows of each. */
#define IDS_OF(table) \
	"(SELECT DISTINCT order_id FROM tributary." table " WHERE order_id > ($1)[1] ORDER BY 1 LIMIT ($2)[1])"
#define AND_OF(table) " UNION " IDS_OF(table)

static const struct statement orders_next = {
    "audit_orders_next", "UI",
    "SELECT order_id FROM (" IDS_OF("orders") AND_OF("order_status") AND_OF("order_lines") AND_OF("order_revisions")
	AND_OF("enrichments") AND_OF("line_enrichments") AND_OF("allocation_lines") AND_OF("reservations")
	    AND_OF("shipments") AND_OF("confirmations") AND_OF("effects") AND_OF("invoices") AND_OF("invoice_lines")
		AND_OF("outbound_documents") AND_OF("documents") AND_OF("exceptions") AND_OF("timeline") AND_OF("gates")
		    AND_OF("parked") AND_OF("dead_letters") ") t ORDER BY 1 LIMIT ($2)[1]"};

static const struct statement documents_next = {
    "audit_documents_next", "UI",
    "SELECT id FROM ((SELECT document_id AS id FROM tributary.documents WHERE document_id > ($1)[1] ORDER BY 1"
    " LIMIT ($2)[1]) UNION (SELECT message_id FROM tributary.journal WHERE message_id > ($1)[1] AND stage = 'ingest'"
    " ORDER BY 1 LIMIT ($2)[1])) t ORDER BY 1 LIMIT ($2)[1]"};

static const struct statement items_next = {
    "audit_items_next", "TI",
    "SELECT item_no FROM ((SELECT DISTINCT item_no FROM tributary.stock WHERE item_no > ($1)[1] ORDER BY 1 LIMIT "
    "($2)[1])"
    " UNION (SELECT DISTINCT item_no FROM tributary.reservations WHERE item_no > ($1)[1] AND state = 'open' ORDER BY 1"
    " LIMIT ($2)[1])) t ORDER BY 1 LIMIT ($2)[1]"};

static const struct statement items_of = {
    "audit_items_of", "U", "SELECT DISTINCT item_no FROM tributary.reservations WHERE order_id = ANY ($1)"};

/* A full read has all rows of its last instant. How far it came is said also when no id is left. */
#define CHANGED(id, table, at, where)                                                                        \
	"WITH r AS MATERIALIZED (SELECT " id " AS id, " at " AS at FROM tributary." table " WHERE " at       \
	" > ($1)[1] AND " at " <= ($2)[1] AND " id " IS NOT NULL ORDER BY " at " FETCH FIRST (($4)[1]) ROWS" \
	" WITH TIES), m AS MATERIALIZED (SELECT CASE WHEN count(*) >= ($4)[1] THEN max(at) ELSE ($2)[1] END" \
	" AS until, ($3)[1] AS known FROM r) SELECT i.id, m.until FROM m LEFT JOIN LATERAL (SELECT d.id"     \
	" FROM (SELECT DISTINCT id FROM r) d" where ") i ON true ORDER BY i.id"

/* An order that is told of again behind this window is read again with the window in which that lies. */
static const struct statement orders_changed = {
    "audit_orders_changed", "ZZZI",
    CHANGED("order_id", "timeline", "at",
	    " WHERE NOT EXISTS (SELECT FROM tributary.timeline t WHERE t.order_id = d.id AND t.at > m.until"
	    " AND t.at <= m.known)")};
static const struct statement documents_changed = {"audit_documents_changed", "ZZZI",
						   CHANGED("document_id", "documents", "received_at", "")};

/* The first column of what the statement finds, which outlives the result. */
static enum outcome
set_query(struct audit *a, const struct rows *rows, struct audit_set *set, int64_t *read_us, struct why *why)
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
	for (size_t i = 0; i < result_count(r); i++) {
		if (set->scope == AUDIT_STOCK)
			set->items[set->n++] = arena_str(a->arena, result_text(r, i, 0));
		else if (!result_is_null(r, i, 0))
			set->ids[set->n++] = result_uuid(r, i, 0);
	}
	if (read_us)
		*read_us = result_instant(r, 0, 1);
	store_rollback(a->store);
	return OUTCOME_OK;
}

static enum outcome
ids_next(struct audit *a, const struct statement *statement, struct uuid after, int64_t max, struct audit_set *set,
	 struct why *why)
{
	struct rows *rows = rows_new(statement, a->arena);

	rows_uuid(rows, after);
	rows_int(rows, max);
	return set_query(a, rows, set, NULL, why);
}

enum outcome
audit_next_orders(struct audit *a, struct uuid after, int64_t max, struct audit_set *set, struct why *why)
{
	*set = (struct audit_set){.scope = AUDIT_ORDER};
	return ids_next(a, &orders_next, after, max, set, why);
}

enum outcome
audit_next_documents(struct audit *a, struct uuid after, int64_t max, struct audit_set *set, struct why *why)
{
	*set = (struct audit_set){.scope = AUDIT_DOCUMENT};
	return ids_next(a, &documents_next, after, max, set, why);
}

enum outcome
audit_next_items(struct audit *a, struct str after, int64_t max, struct audit_set *set, struct why *why)
{
	struct rows *rows = rows_new(&items_next, a->arena);

	*set = (struct audit_set){.scope = AUDIT_STOCK};
	rows_text(rows, after);
	rows_int(rows, max);
	return set_query(a, rows, set, NULL, why);
}

static enum outcome
changed(struct audit *a, const struct statement *statement, const struct audit_span *span, struct audit_set *set,
	int64_t *read_us, struct why *why)
{
	struct rows *rows = rows_new(statement, a->arena);

	rows_instant(rows, span->since_us);
	rows_instant(rows, span->until_us);
	rows_instant(rows, span->known_us);
	rows_int(rows, span->max);
	return set_query(a, rows, set, read_us, why);
}

enum outcome
audit_changed_orders(struct audit *a, const struct audit_span *span, struct audit_set *set, int64_t *read_us,
		     struct why *why)
{
	*set = (struct audit_set){.scope = AUDIT_ORDER};
	return changed(a, &orders_changed, span, set, read_us, why);
}

enum outcome
audit_changed_documents(struct audit *a, const struct audit_span *span, struct audit_set *set, int64_t *read_us,
			struct why *why)
{
	*set = (struct audit_set){.scope = AUDIT_DOCUMENT};
	return changed(a, &documents_changed, span, set, read_us, why);
}

enum outcome
audit_items_of(struct audit *a, const struct audit_set *orders, struct audit_set *items, struct why *why)
{
	struct rows *rows = rows_new(&items_of, a->arena);

	*items = (struct audit_set){.scope = AUDIT_STOCK};
	if (orders->n == 0)
		return OUTCOME_OK;
	for (size_t i = 0; i < orders->n; i++)
		rows_uuid(rows, orders->ids[i]);
	return set_query(a, rows, items, NULL, why);
}
