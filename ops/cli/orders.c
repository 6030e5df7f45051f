/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "database.h"
#include "options.h"
#include "order_named.h"
#include "order_proof.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000

#define ORDERS_LIST(name, from)                                                                                    \
	{                                                                                                          \
		name, "TTI",                                                                                       \
		    "SELECT coalesce(json_agg(t ORDER BY received_at DESC), '[]')::text FROM ("                    \
		    " SELECT order_id, party, number, state, hold_code, shipments_count AS shipments,"             \
		    " invoices_count AS invoices, currency, total_minor, invoiced_minor, received_at, updated_at"  \
		    " FROM " from " WHERE (($1)[1] = '' OR party = ($1)[1]) AND (($2)[1] = '' OR state = ($2)[1])" \
		    " ORDER BY received_at DESC LIMIT ($3)[1]) t"                                                  \
	}

static const struct statement orders_list = ORDERS_LIST("orders_list", "report.orders");
/* Of the states held and failed: such an order has a closed gate, and these are few. */
static const struct statement orders_gated = ORDERS_LIST(
    "orders_gated", "(SELECT DISTINCT order_id FROM tributary.gates) g JOIN report.orders USING (order_id)");

/*
 * By id, by the id that follows from party and channel's id, or by number: of one party, or of each that there is (by steps
 * along the index of party and number, for there are few).
 */
static const struct statement order_find = {
    "order_find", "UUTT",
    "WITH RECURSIVE parties AS ((SELECT party FROM tributary.orders ORDER BY party LIMIT 1) UNION ALL SELECT (SELECT "
    "o.party"
    " FROM tributary.orders o WHERE o.party > p.party ORDER BY o.party LIMIT 1) FROM parties p WHERE p.party IS NOT "
    "NULL)"
    " SELECT order_id FROM tributary.orders WHERE order_id IN (($1)[1], ($2)[1], (SELECT f.order_id FROM"
    " tributary.former_order_ids f WHERE f.derived_id IN (($1)[1], ($2)[1]) LIMIT 1))"
    " UNION SELECT o.order_id FROM parties p JOIN tributary.orders o ON o.party = p.party"
    " AND o.number IN (($4)[1], '#' || ($4)[1]) WHERE ($3)[1] IN ('', p.party) LIMIT 2"};

static const struct statement order_show = {
    "order_show", "U",
    "SELECT json_build_object("
    "'order', (SELECT row_to_json(o) FROM report.orders o WHERE order_id = ($1)[1]),"
    "'lines', (SELECT coalesce(json_agg(l ORDER BY line_no), '[]') FROM report.order_lines l WHERE order_id = ($1)[1]),"
    "'allocation', (SELECT coalesce(json_agg(json_build_object('line_no', line_no, 'item_no', item_no, 'candidates',"
    " candidates) ORDER BY line_no), '[]') FROM tributary.allocation_lines WHERE order_id = ($1)[1]),"
    "'shipments', (SELECT coalesce(json_agg(s ORDER BY place), '[]') FROM report.shipments s WHERE order_id = ($1)[1]),"
    "'invoices', (SELECT coalesce(json_agg(i ORDER BY number), '[]') FROM report.invoices i WHERE order_id = ($1)[1]),"
    "'returns', (SELECT coalesce(json_agg(r ORDER BY requested_at, reference), '[]') FROM report.returns r"
    " WHERE order_id = ($1)[1]),"
    "'exceptions', (SELECT coalesce(json_agg(x ORDER BY opened_at), '[]') FROM report.exceptions x"
    " WHERE order_id = ($1)[1]),"
    "'dead_letters', (SELECT coalesce(json_agg(d ORDER BY died_at), '[]') FROM report.dead_letters d"
    " WHERE order_id = ($1)[1]),"
    "'timeline', (SELECT coalesce(json_agg(t ORDER BY at, event IN ('done', 'held', 'parked', 'retry', 'dead')), '[]') "
    "FROM (SELECT at, stage, event, code, detail"
    " FROM tributary.timeline WHERE order_id = ($1)[1]) t))::text"};

static const struct statement order_head = {
    "order_head", "U",
    "SELECT json_agg(t)::text FROM (SELECT order_id, party, number, state, hold_stage AS held_at, hold_code AS because,"
    " customer_no AS customer, report.amount(total_minor, currency) AS total, currency, to_char(received_at AT TIME "
    "ZONE"
    " 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS received_utc FROM report.orders WHERE order_id = ($1)[1]) t"};

static const struct statement order_lines_list = {
    "order_lines_list", "U",
    "SELECT coalesce(json_agg(t ORDER BY line), '[]')::text FROM (SELECT line_no AS line, sku, item_no AS item,"
    " trim_scale(quantity) AS ordered, trim_scale(unit_price) AS price, trim_scale(our_price) AS our_price, "
    "price_source,"
    " trim_scale(allocated) AS allocated, trim_scale(backordered) AS backordered, trim_scale(shipped) AS shipped,"
    " trim_scale(invoiced) AS invoiced, nullif(returned, 0) AS returned FROM report.order_lines WHERE order_id = "
    "($1)[1]) t"};

static const struct statement order_shipments_list = {
    "order_shipments_list", "U",
    "SELECT coalesce(json_agg(t ORDER BY shipment), '[]')::text FROM (SELECT place AS shipment, warehouse, partner, "
    "state,"
    " partner_ref, carrier, tracking_number, i.number AS invoice, report.amount(i.total_minor, i.currency) AS "
    "invoice_total"
    " FROM report.shipments s LEFT JOIN report.invoices i USING (shipment_id) WHERE s.order_id = ($1)[1]) t"};

static const struct statement order_timeline_list = {
    "order_timeline_list", "U",
    "SELECT coalesce(json_agg(t ORDER BY n), '[]')::text FROM (SELECT row_number() OVER (ORDER BY at, event IN "
    "('done', 'held', 'parked', 'retry', 'dead')) AS n,"
    " to_char(at AT TIME ZONE 'UTC', 'HH24:MI:SS.MS') AS at_utc, stage, event, code, detail"
    " FROM tributary.timeline WHERE order_id = ($1)[1]) t"};

struct filter {
	const char *party, *state;
	int64_t limit;
	bool as_json;
};

static const struct option_row orders_rows[] = {
    {"party", OPTION_TEXT, offsetof(struct filter, party), "NAME", "", .help = "only this channel's"},
    {"state", OPTION_TEXT, offsetof(struct filter, state), "STATE", "",
     .help = "only these: held, failed, accepted, enriched, allocated, shipped, invoiced, ..."},
    {"limit", OPTION_INT, offsetof(struct filter, limit), "N", "50", .min = 1, .max = 10000, .help = "rows at most"},
    {"json", OPTION_FLAG, offsetof(struct filter, as_json), .help = "for programs"},
};
static const struct options orders_options = {"tributary orders [OPTION...]",
					      "The latest orders and where they stand.",
					      orders_rows,
					      COUNT_OF(orders_rows),
					      0,
					      0};

struct order_wish {
	bool as_json, wants_proof;
};

static const struct option_row order_rows[] = {
    {"proof", OPTION_FLAG, offsetof(struct order_wish, wants_proof),
     .help = "the evidence, checked against the seals; exit 1 when something was changed"},
    {"json", OPTION_FLAG, offsetof(struct order_wish, as_json), .help = "for programs"},
};
static const struct options order_options = {
    "tributary order [--proof] [--json] ID|PARTY:NUMBER|NUMBER",
    "One order: lines, shipments, invoices and timeline. NUMBER is the channel's number or id.",
    order_rows,
    COUNT_OF(order_rows),
    1,
    1};

int
orders_command(int argc, char **argv)
{
	struct arena *arena;
	struct database db = {0};
	struct filter f = {0};
	struct rows *rows;
	int status = EXIT_NO;

	if (!options_read(&orders_options, argc, argv, &f, NULL, NULL, &status))
		return status;
	arena = arena_new((size_t)1 << 20);
	if (arena && database_open(&db, "orders", TIMEOUT_MS, TIMEOUT_MS)) {
		bool is_gated = strcmp(f.state, "held") == 0 || strcmp(f.state, "failed") == 0;

		rows = rows_new(is_gated ? &orders_gated : &orders_list, arena);
		rows_text(rows, str_of(f.party));
		rows_text(rows, str_of(f.state));
		rows_int(rows, f.limit);
		status = report_print(db.store, rows, f.as_json, "no orders");
	}
	database_close(&db);
	arena_free(arena);
	return status;
}

bool
order_named(const char *command, struct store *store, struct arena *arena, const char *name, struct uuid *id)
{
	struct rows *rows = rows_new(&order_find, arena);
	struct str number = str_of(name), party = {NULL, 0};
	struct uuid named = {{0}}, derived = {{0}};
	struct why why = {0};
	struct result *found;
	size_t count;

	if (strchr(name, ':')) {
		party = str_split(&number, ':');
		derived = uuid_of_order(party, number);
	} else if (!uuid_parse(number, &named)) {
		named = (struct uuid){{0}};
	}
	rows_uuid(rows, named);
	rows_uuid(rows, derived);
	rows_text(rows, party);
	rows_text(rows, number);
	store_begin(store);
	if (store_query(store, rows, &found, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary %s: %s: %s\n", command, why.code, why.text);
		store_rollback(store);
		return false;
	}
	count = result_count(found);
	if (count == 1)
		*id = result_uuid(found, 0, 0);
	else
		fprintf(stderr,
			count ? "tributary %s: %s stands for more than one order: say PARTY:NUMBER\n"
			      : "tributary %s: there is no order %s (an id, PARTY:NUMBER or a number)\n",
			command, name);
	store_rollback(store);
	return count == 1;
}

static int
section_print(struct store *store, struct arena *arena, const struct statement *statement, struct uuid id,
	      const char *title, const char *none)
{
	struct rows *rows = rows_new(statement, arena);

	rows_uuid(rows, id);
	printf("%s%s\n", title[0] ? "\n" : "", title);
	return report_print(store, rows, false, none);
}

static int
order_print(struct store *store, struct arena *arena, struct uuid id, bool as_json)
{
	struct rows *rows = rows_new(&order_show, arena);

	rows_uuid(rows, id);
	if (as_json)
		return report_print(store, rows, true, "");
	return section_print(store, arena, &order_head, id, "", "no such order") ||
	       section_print(store, arena, &order_lines_list, id, "lines", "none") ||
	       section_print(store, arena, &order_shipments_list, id, "shipments and invoices", "none yet") ||
	       section_print(store, arena, &order_timeline_list, id, "timeline", "nothing yet");
}

int
order_command(int argc, char **argv)
{
	struct arena *arena;
	struct database db = {0};
	struct order_wish wish = {false, false};
	const char *name;
	struct uuid id;
	int status = EXIT_NO;

	if (!options_read(&order_options, argc, argv, &wish, &name, NULL, &status))
		return status;
	arena = arena_new((size_t)64 << 20);
	if (arena && database_open(&db, "order", TIMEOUT_MS, TIMEOUT_MS) &&
	    order_named("order", db.store, arena, name, &id))
		status = wish.wants_proof ? order_proof_print(db.store, arena, id, wish.as_json)
					  : order_print(db.store, arena, id, wish.as_json);
	database_close(&db);
	arena_free(arena);
	return status;
}
