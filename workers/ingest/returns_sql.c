/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/returns_sql.h"

#define RETURN_MAX_BYTES ((size_t)16 << 20)

const struct statement returns_orders_find = {
    "returns_orders_find", "TUT",
    "WITH u AS MATERIALIZED (SELECT * FROM unnest($1, $2, $3) WITH ORDINALITY AS u(party, order_id, number, n))"
    " SELECT u.n, o.order_id, o.number FROM u JOIN tributary.orders o ON o.order_id = coalesce((SELECT"
    " f.order_id FROM tributary.former_order_ids f WHERE f.derived_id = u.order_id), u.order_id)"
    " WHERE o.party = u.party AND u.number IN ('', o.number)"
    " UNION ALL SELECT u.n, o.order_id, o.number FROM u JOIN tributary.orders o ON o.party = u.party"
    " AND o.number = u.number WHERE u.order_id IS NULL ORDER BY 1"};

const struct statement returns_known = {
    "returns_known", "U",
    "SELECT return_id, state = 'requested', content_sha256 FROM tributary.returns WHERE return_id = ANY ($1)"};

const struct statement returns_lines_find = {
    "returns_lines_find", "U",
    "SELECT l.order_id, l.line_no::bigint, l.line_ref, l.sku, l.gtin, l.unit, n.item_no, n.base_unit, l.quantity_micro,"
    " n.base_quantity_micro, (SELECT coalesce(sum(r.shipped_micro), 0)::bigint FROM tributary.reservations r"
    " WHERE r.order_id = l.order_id AND r.line_no = l.line_no),"
    " (SELECT coalesce(sum(b.base_quantity_micro), 0)::bigint FROM tributary.return_lines b"
    " WHERE b.order_id = l.order_id AND b.line_no = l.line_no)"
    " FROM (SELECT DISTINCT * FROM unnest($1)) u(order_id) JOIN tributary.order_lines l USING (order_id)"
    " LEFT JOIN tributary.line_enrichments n USING (order_id, line_no) ORDER BY l.order_id, l.line_no"};

const struct statement returns_numbers_take = {"returns_numbers_take", "I",
					       "UPDATE tributary.return_numbers SET last_number = last_number + "
					       "($1)[1] WHERE series = 'RMA' RETURNING last_number"};

const struct statement returns_put = {
    "returns_put", "UUTTTUTTNZBB",
    "INSERT INTO tributary.returns (return_id, order_id, party, reference, number, document_id, state, code,"
    " lines_count, requested_at, content_sha256, document)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " ON CONFLICT (return_id) DO UPDATE SET order_id = excluded.order_id, number = excluded.number,"
    " document_id = excluded.document_id, state = excluded.state, code = excluded.code,"
    " lines_count = excluded.lines_count, requested_at = excluded.requested_at,"
    " content_sha256 = excluded.content_sha256, document = excluded.document"};

const struct statement returns_lines_insert = {
    "returns_lines_insert", "UNUNTITITT",
    "INSERT INTO tributary.return_lines (return_id, place, order_id, line_no, item_no, quantity_micro, unit,"
    " base_quantity_micro, reason_code, reason_text) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};

struct returnable
returns_line_read(const struct result *r, size_t row)
{
	return (struct returnable){
	    .line_no = result_int(r, row, 1),
	    .line_ref = result_text(r, row, 2),
	    .sku = result_text(r, row, 3),
	    .gtin = result_text(r, row, 4),
	    .unit = result_text(r, row, 5),
	    .item_no = result_text(r, row, 6),
	    .base_unit = result_text(r, row, 7),
	    .quantity_micro = result_int(r, row, 8),
	    .base_quantity_micro = result_int(r, row, 9),
	    .shipped_micro = result_int(r, row, 10),
	    .returned_micro = result_int(r, row, 11),
	};
}

void
returns_row_put(struct rows *rows, const struct batch *batch, const struct item *item, const char *code)
{
	const struct intake *in = item->scratch;
	const struct return_request *r = in->return_request;
	struct buf document;

	buf_init(&document, RETURN_MAX_BYTES);
	if (!code)
		contract_encode(&return_contract, r, &document);
	rows_uuid(rows, r->return_id);
	rows_uuid(rows, r->order_id);
	rows_text(rows, r->party);
	rows_text(rows, r->reference);
	rows_text_or_null(rows, code ? (struct str){NULL, 0} : r->number);
	rows_uuid(rows, item->message_id);
	rows_text(rows, code ? STR("refused") : STR("requested"));
	rows_text_or_null(rows, str_of(code));
	rows_int(rows, (int64_t)r->lines.n);
	rows_instant(rows, batch->now_us);
	rows_bytes(rows, (struct str){(const char *)in->content_sha256, sizeof in->content_sha256});
	if (code)
		rows_null(rows);
	else
		rows_bytes(rows, arena_str(batch->arena, buf_str(&document)));
	buf_release(&document);
}

void
returns_lines_put(struct rows *rows, const struct return_request *request)
{
	for (size_t i = 0; i < request->lines.n; i++) {
		const struct return_line *l = return_line_at(request, i);

		rows_uuid(rows, request->return_id);
		rows_int(rows, (int64_t)i + 1);
		rows_uuid(rows, request->order_id);
		rows_int(rows, l->line_no);
		rows_text(rows, l->item_no);
		rows_int(rows, l->quantity_micro);
		rows_text(rows, l->unit);
		rows_int(rows, l->base_quantity_micro);
		rows_text(rows, return_reason_name(l->reason_code));
		rows_text_or_null(rows, l->reason_text);
	}
}
