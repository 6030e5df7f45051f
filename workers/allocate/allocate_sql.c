/* SPDX-License-Identifier: Apache-2.0 */
#include "allocate/allocate_sql.h"

#include "base/decimal.h"
#include "formats/json.h"

#define CANDIDATES_MAX_BYTES ((size_t)64 * 1024)

static const struct statement stock_lock_select = {
    "allocate_stock_lock", "T",
    "SELECT s.item_no, s.warehouse, w.partner, w.priority::bigint,"
    " CASE WHEN w.active THEN s.on_hand_micro - s.reserved_micro ELSE 0 END"
    " FROM tributary.stock s JOIN tributary.warehouses w USING (warehouse)"
    " WHERE s.item_no = ANY ($1) ORDER BY s.item_no, s.warehouse FOR UPDATE OF s"};

static const struct statement unstocked_select = {
    "allocate_unstocked", "T",
    "SELECT item_no FROM tributary.items WHERE item_no = ANY ($1) AND NOT stocked ORDER BY item_no COLLATE \"C\""};

const struct statement allocate_stock_reserve = {"allocate_stock_reserve", "TTI",
						 "UPDATE tributary.stock s SET reserved_micro = s.reserved_micro + u.q "
						 "FROM unnest($1, $2, $3) u(item_no, warehouse, q)"
						 " WHERE s.item_no = u.item_no AND s.warehouse = u.warehouse"};

const struct statement allocate_stock_take_out = {
    "allocate_stock_take_out", "TTI",
    "UPDATE tributary.stock s SET reserved_micro = s.reserved_micro - u.gone, on_hand_micro = s.on_hand_micro - u.gone"
    " FROM unnest($1, $2, $3) u(item_no, warehouse, gone)"
    " WHERE s.item_no = u.item_no AND s.warehouse = u.warehouse"};

const struct statement allocate_lines_insert = {
    "allocate_lines_insert", "UNTIIITZO",
    "INSERT INTO tributary.allocation_lines (order_id, line_no, item_no, ordered_micro, allocated_micro,"
    " backordered_micro, candidates, content_at, waits) SELECT a, b, c, d, e, f, g::json, h, i"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) u(a, b, c, d, e, f, g, h, i)"};

const struct statement allocate_lines_fill = {
    "allocate_lines_fill", "UNIT",
    "UPDATE tributary.allocation_lines a SET allocated_micro = a.allocated_micro + u.taken,"
    " backordered_micro = a.backordered_micro - u.taken, candidates = (a.candidates::jsonb || u.c::jsonb)::json,"
    " content_at = CASE WHEN a.backordered_micro > u.taken THEN a.content_at END,"
    " waits = a.waits AND a.backordered_micro > u.taken"
    " FROM unnest($1, $2, $3, $4) u(order_id, line_no, taken, c)"
    " WHERE a.order_id = u.order_id AND a.line_no = u.line_no"};

const struct statement allocate_backorders_select = {
    "allocate_backorders", "U",
    "SELECT o.order_id, e.document, (SELECT coalesce(max(h.place), 0)::bigint FROM tributary.shipments h"
    " WHERE h.order_id = o.order_id), (SELECT count(*) FROM tributary.shipments h WHERE h.order_id = o.order_id"
    " AND h.partner <> 'none') FROM tributary.orders o JOIN tributary.enrichments e USING (order_id)"
    " WHERE o.order_id = ANY ($1) AND o.cancelled_at IS NULL AND coalesce(o.changed_at, o.received_at) ="
    " (SELECT a.content_at FROM tributary.allocation_lines a WHERE a.order_id = o.order_id"
    " AND a.waits LIMIT 1)"};

const struct statement allocate_backorders_end = {
    "allocate_backorders_end", "U",
    "UPDATE tributary.allocation_lines SET waits = false WHERE order_id = ANY ($1) AND waits"};

const struct statement allocate_backorder_lines_select = {
    "allocate_backorder_lines", "U",
    "SELECT order_id, line_no::bigint, ordered_micro, allocated_micro, waits, item_no FROM tributary.allocation_lines"
    " WHERE order_id = ANY ($1) ORDER BY order_id, line_no"};

const struct statement allocate_orders_lock = {"allocate_orders_lock", "U",
					       "SELECT pg_advisory_xact_lock(k) FROM (SELECT DISTINCT "
					       "tributary.orders_lock_key(o) AS k FROM unnest($1) o ORDER BY 1) t"};

/* As EXISTS in the list of columns Postgres would now and then read all lines there are, into a hash. */
const struct statement allocate_orders_wanted = {
    "allocate_orders_wanted", "U",
    "SELECT o.order_id, coalesce(o.changed_at, o.received_at), o.cancelled_at IS NOT NULL,"
    " (SELECT true FROM tributary.allocation_lines a WHERE a.order_id = o.order_id LIMIT 1) IS NOT NULL"
    " FROM tributary.orders o WHERE o.order_id = ANY ($1)"};

const struct statement allocate_lines_delete = {"allocate_lines_delete", "U",
						"DELETE FROM tributary.allocation_lines WHERE order_id = ANY ($1)"};

const struct statement allocate_reservations_insert = {"allocate_reservations_insert", "UNTTUIIT",
						       "INSERT INTO tributary.reservations (order_id, line_no, "
						       "warehouse, item_no, shipment_id, quantity_micro, shipped_micro,"
						       " state) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)"};

const struct statement allocate_shipments_insert = {"allocate_shipments_insert", "UUNTTZBU",
						    "INSERT INTO tributary.shipments (shipment_id, order_id, place, "
						    "partner, warehouse, requested_at, document, caused_by)"
						    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)"};

/* Not "state = 'open'": by the index of the open ones Postgres would go through all of them for each line. */
const struct statement allocate_reservations_close = {
    "allocate_reservations_close", "UUNI",
    "UPDATE tributary.reservations r SET shipped_micro = u.shipped,"
    " state = CASE WHEN u.shipped < r.quantity_micro THEN 'open' ELSE 'closed' END"
    " FROM unnest($1, $2, $3, $4) u(order_id, shipment_id, line_no, shipped)"
    " WHERE r.order_id = u.order_id AND r.line_no = u.line_no AND r.shipment_id = u.shipment_id"
    " AND r.state <> 'closed' AND r.shipped_micro = 0"
    " RETURNING r.item_no, r.warehouse, r.shipped_micro"};

const struct statement allocate_orders_shipped = {
    "allocate_orders_shipped", "U",
    "SELECT o.order_id,"
    " (SELECT coalesce(sum(a.ordered_micro), 0)::bigint FROM tributary.allocation_lines a WHERE a.order_id = "
    "o.order_id),"
    " (SELECT coalesce(sum(r.shipped_micro), 0)::bigint FROM tributary.reservations r WHERE r.order_id = o.order_id)"
    " FROM unnest($1) o(order_id)"};

enum outcome
stock_lock(struct store *store, struct arena *arena, const struct str *item_nos, size_t n, struct stock_table *table,
	   struct why *why)
{
	struct rows *rows = rows_new(&stock_lock_select, arena);
	struct result *result;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		rows_text(rows, item_nos[i]);
	outcome = store_query(store, rows, &result, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	table->n = result_count(result);
	table->rows = arena_array(arena, table->n, sizeof *table->rows);
	if (!table->rows)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the stock of %zu items", n);
	for (size_t i = 0; i < table->n; i++)
		table->rows[i] = (struct stock_row){
		    .item_no = result_text(result, i, 0),
		    .warehouse = result_text(result, i, 1),
		    .partner = result_text(result, i, 2),
		    .priority = result_int(result, i, 3),
		    .available_micro = result_int(result, i, 4),
		};
	stock_table_sort(table);
	return OUTCOME_OK;
}

enum outcome
stock_unstocked(struct store *store, struct arena *arena, const struct str *item_nos, size_t n, struct str **unstocked,
		size_t *count, struct why *why)
{
	struct rows *rows = rows_new(&unstocked_select, arena);
	struct result *result;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		rows_text(rows, item_nos[i]);
	outcome = store_query(store, rows, &result, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*count = result_count(result);
	*unstocked = arena_array(arena, *count, sizeof **unstocked);
	if (!*unstocked)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu items", n);
	for (size_t i = 0; i < *count; i++)
		(*unstocked)[i] = result_text(result, i, 0);
	return OUTCOME_OK;
}

static void
decimal_put(struct buf *out, int64_t micro)
{
	char text[DECIMAL_TEXT_BYTES];

	decimal_format(micro, text);
	json_put_text(out, str_of(text));
}

static struct str
candidates_json(struct arena *arena, const struct plan_line *line, bool only_chosen)
{
	struct buf out;
	struct str json;
	size_t n = 0;

	buf_init(&out, CANDIDATES_MAX_BYTES);
	buf_put_char(&out, '[');
	for (size_t i = 0; i < line->candidates_count; i++) {
		const struct plan_candidate *c = &line->candidates[i];

		if (only_chosen && !c->taken_micro)
			continue;
		buf_put_str(&out, n++ ? STR(",{\"warehouse\":") : STR("{\"warehouse\":"));
		json_put_text(&out, c->row->warehouse);
		buf_put_str(&out, STR(",\"available\":"));
		decimal_put(&out, c->available_micro);
		buf_put_str(&out, STR(",\"taken\":"));
		decimal_put(&out, c->taken_micro);
		buf_printf(&out, ",\"reason\":\"%s\"}", c->reason);
	}
	buf_put_char(&out, ']');
	json = arena_str(arena, buf_is_ok(&out) ? buf_str(&out) : STR("[]"));
	buf_release(&out);
	return json;
}

void
allocate_line_put(struct rows *rows, struct arena *arena, const struct order *o, size_t index,
		  const struct plan_line *line, bool waits)
{
	rows_uuid(rows, o->order_id);
	rows_int(rows, (int64_t)index + 1);
	rows_text(rows, order_line_at(o, index)->enriched.item_no);
	rows_int(rows, line->ordered_micro);
	rows_int(rows, line->allocated_micro);
	rows_int(rows, line->ordered_micro - line->allocated_micro);
	rows_text(rows, candidates_json(arena, line, false));
	if (line->allocated_micro < line->ordered_micro)
		rows_instant(rows, o->received_at_us);
	else
		rows_null(rows);
	rows_bool(rows, waits && line->allocated_micro < line->ordered_micro);
}

void
allocate_line_fill_put(struct rows *rows, struct arena *arena, struct uuid order_id, int64_t line_no,
		       const struct plan_line *line)
{
	rows_uuid(rows, order_id);
	rows_int(rows, line_no);
	rows_int(rows, line->allocated_micro);
	rows_text(rows, candidates_json(arena, line, true));
}

void
allocate_reservation_put(struct rows *rows, const struct shipment *shipment, const struct shipment_line *line,
			 bool is_delivered)
{
	rows_uuid(rows, shipment->order_id);
	rows_int(rows, line->line_no);
	rows_text(rows, shipment->warehouse);
	rows_text(rows, line->item_no);
	rows_uuid(rows, shipment->shipment_id);
	rows_int(rows, line->quantity_micro);
	rows_int(rows, is_delivered ? line->quantity_micro : 0);
	rows_text(rows, is_delivered ? STR("closed") : STR("open"));
}

void
allocate_shipment_put(struct rows *rows, struct arena *arena, const struct shipment *shipment, struct uuid caused_by)
{
	struct buf document;

	buf_init(&document, (size_t)16 << 20);
	contract_encode(&shipment_contract, shipment, &document);
	rows_uuid(rows, shipment->shipment_id);
	rows_uuid(rows, shipment->order_id);
	rows_int(rows, shipment->place);
	rows_text(rows, shipment->partner);
	rows_text(rows, shipment->warehouse);
	rows_instant(rows, shipment->requested_at_us);
	rows_bytes(rows, arena_str(arena, buf_str(&document)));
	rows_uuid_or_null(rows, caused_by);
	buf_release(&document);
}
