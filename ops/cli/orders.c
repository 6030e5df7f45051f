/* SPDX-License-Identifier: Apache-2.0 */
#include "orders.h"

#include "database.h"
#include "report.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 10000

static const struct statement orders_list = {
    "orders_list", "TTI",
    "SELECT coalesce(json_agg(t ORDER BY received_at DESC), '[]')::text FROM ("
    " SELECT order_id, party, number, state, hold_code, shipments_count AS shipments, invoices_count AS invoices,"
    " currency, total_minor, invoiced_minor, received_at, updated_at FROM report.orders"
    " WHERE (($1)[1] = '' OR party = ($1)[1]) AND (($2)[1] = '' OR state = ($2)[1])"
    " ORDER BY received_at DESC LIMIT ($3)[1]) t"};

/* By id, by PARTY:NUMBER (the channel's number or id), or by a number alone when it is the only one. */
static const struct statement order_find = {
    "order_find", "TTT",
    "SELECT order_id FROM tributary.orders WHERE order_id::text = ($1)[1]"
    " OR (($2)[1] <> '' AND party = ($2)[1] AND (number IN (($3)[1], '#' || ($3)[1]) OR external_id = ($3)[1]))"
    " OR (($2)[1] = '' AND number IN (($3)[1], '#' || ($3)[1])) LIMIT 2"};

static const struct statement order_show = {
    "order_show", "U",
    "SELECT json_build_object("
    "'order', (SELECT row_to_json(o) FROM report.orders o WHERE order_id = ($1)[1]),"
    "'lines', (SELECT coalesce(json_agg(l ORDER BY line_no), '[]') FROM report.order_lines l WHERE order_id = ($1)[1]),"
    "'allocation', (SELECT coalesce(json_agg(json_build_object('line_no', line_no, 'item_no', item_no, 'candidates',"
    " candidates) ORDER BY line_no), '[]') FROM tributary.allocation_lines WHERE order_id = ($1)[1]),"
    "'shipments', (SELECT coalesce(json_agg(s ORDER BY place), '[]') FROM report.shipments s WHERE order_id = ($1)[1]),"
    "'invoices', (SELECT coalesce(json_agg(i ORDER BY number), '[]') FROM report.invoices i WHERE order_id = ($1)[1]),"
    "'exceptions', (SELECT coalesce(json_agg(x ORDER BY opened_at), '[]') FROM report.exceptions x"
    " WHERE order_id = ($1)[1]),"
    "'dead_letters', (SELECT coalesce(json_agg(d ORDER BY died_at), '[]') FROM report.dead_letters d"
    " WHERE order_id = ($1)[1]),"
    "'timeline', (SELECT coalesce(json_agg(t ORDER BY at), '[]') FROM (SELECT at, stage, event, code, detail"
    " FROM tributary.timeline WHERE order_id = ($1)[1]) t))::text"};

static const struct statement order_head = {
    "order_head", "U",
    "SELECT json_agg(t)::text FROM (SELECT order_id, party, number, state, hold_stage AS held_at, hold_code AS because,"
    " customer_no AS customer, (total_minor / 100.0)::numeric(20,2) AS total, currency, to_char(received_at AT TIME "
    "ZONE"
    " 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS received_utc FROM report.orders WHERE order_id = ($1)[1]) t"};

static const struct statement order_lines_list = {
    "order_lines_list", "U",
    "SELECT coalesce(json_agg(t ORDER BY line), '[]')::text FROM (SELECT line_no AS line, sku, item_no AS item,"
    " trim_scale(quantity) AS ordered, trim_scale(unit_price) AS price, trim_scale(our_price) AS our_price, "
    "price_source,"
    " trim_scale(allocated) AS allocated, trim_scale(backordered) AS backordered, trim_scale(shipped) AS shipped,"
    " trim_scale(invoiced) AS invoiced FROM report.order_lines WHERE order_id = ($1)[1]) t"};

static const struct statement order_shipments_list = {
    "order_shipments_list", "U",
    "SELECT coalesce(json_agg(t ORDER BY shipment), '[]')::text FROM (SELECT place AS shipment, warehouse, partner, "
    "state,"
    " partner_ref, carrier, tracking_number, i.number AS invoice, (i.total_minor / 100.0)::numeric(20,2) AS "
    "invoice_total"
    " FROM report.shipments s LEFT JOIN report.invoices i USING (shipment_id) WHERE s.order_id = ($1)[1]) t"};

static const struct statement order_timeline_list = {
    "order_timeline_list", "U",
    "SELECT coalesce(json_agg(t ORDER BY n), '[]')::text FROM (SELECT row_number() OVER (ORDER BY at) AS n,"
    " to_char(at AT TIME ZONE 'UTC', 'HH24:MI:SS.MS') AS at_utc, stage, event, code, detail"
    " FROM tributary.timeline WHERE order_id = ($1)[1]) t"};

struct filter {
	const char *party, *state;
	int64_t limit;
	bool as_json;
};

static bool
filter_read(struct filter *f, int argc, char **argv)
{
	static const struct option options[] = {
	    {"party", required_argument, NULL, 'p'},
	    {"state", required_argument, NULL, 's'},
	    {"limit", required_argument, NULL, 'l'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};

	*f = (struct filter){.party = "", .state = "", .limit = LIMIT_DEFAULT};
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == 'p')
			f->party = optarg;
		else if (option == 's')
			f->state = optarg;
		else if (option == 'j')
			f->as_json = true;
		else if (option != 'l' || !str_to_int(str_of(optarg), &f->limit) || f->limit < 1 ||
			 f->limit > LIMIT_MAX)
			return false;
	}
	return true;
}

int
orders_command(int argc, char **argv)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	struct database db = {0};
	struct filter f;
	struct rows *rows;
	int status = 1;

	if (!filter_read(&f, argc, argv) || optind < argc) {
		fprintf(stderr, "tributary orders [--party NAME] [--state STATE] [--limit N] [--json]\n");
		arena_free(arena);
		return 2;
	}
	if (arena && database_open(&db, "orders", TIMEOUT_MS, TIMEOUT_MS)) {
		rows = rows_new(&orders_list, arena);
		rows_text(rows, str_of(f.party));
		rows_text(rows, str_of(f.state));
		rows_int(rows, f.limit);
		status = report_print(db.store, rows, f.as_json, "no orders");
	}
	database_close(&db);
	arena_free(arena);
	return status;
}

/* Which order is meant; false after saying on stderr why none can be. */
static bool
order_named(struct store *store, struct arena *arena, const char *name, struct uuid *id)
{
	struct rows *rows = rows_new(&order_find, arena);
	struct str number = str_of(name), party = {NULL, 0};
	struct why why = {0};
	struct result *found;
	size_t count;

	if (strchr(name, ':'))
		party = str_split(&number, ':');
	rows_text(rows, str_of(name));
	rows_text(rows, party);
	rows_text(rows, number);
	store_begin(store);
	if (store_query(store, rows, &found, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary order: %s: %s\n", why.code, why.text);
		store_rollback(store);
		return false;
	}
	count = result_count(found);
	if (count == 1)
		*id = result_uuid(found, 0, 0);
	else
		fprintf(stderr,
			count ? "tributary order: %s stands for more than one order: say PARTY:NUMBER\n"
			      : "tributary order: there is no order %s (an id, PARTY:NUMBER or a number)\n",
			name);
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
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct arena *arena = arena_new((size_t)64 << 20);
	struct database db = {0};
	bool as_json = false, is_ok = true;
	struct uuid id;
	int status = 1;

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		as_json = option == 'j';
		is_ok = is_ok && option == 'j';
	}
	if (!is_ok || optind + 1 != argc) {
		fprintf(stderr, "tributary order ID|PARTY:NUMBER [--json]\n");
		arena_free(arena);
		return 2;
	}
	if (arena && database_open(&db, "order", TIMEOUT_MS, TIMEOUT_MS) &&
	    order_named(db.store, arena, argv[optind], &id))
		status = order_print(db.store, arena, id, as_json);
	database_close(&db);
	arena_free(arena);
	return status;
}
