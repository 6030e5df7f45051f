/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/ingest_sql.h"

#include <string.h>

const struct statement ingest_documents_put = {
    "ingest_documents_put", "UTTTTBBTUTTZUN",
    "INSERT INTO tributary.documents (document_id, party, kind, content_type, idempotency_key, sha256, body, outcome,"
    " order_id, code, path, received_at, parent_id, units_count)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    " ON CONFLICT (document_id) DO UPDATE SET outcome = excluded.outcome, order_id = excluded.order_id,"
    " code = excluded.code, path = excluded.path"};

const struct statement ingest_orders_insert = {
    "ingest_orders_insert", "UTTTUTINZZBB",
    "INSERT INTO tributary.orders (order_id, party, external_id, number, document_id, currency, total_minor, "
    "lines_count,"
    " placed_at, received_at, content_sha256, document)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " ON CONFLICT DO NOTHING RETURNING order_id"};

const struct statement ingest_orders_known = {
    "ingest_orders_known", "U", "SELECT order_id, content_sha256 FROM tributary.orders WHERE order_id = ANY ($1)"};

const struct statement ingest_orders_cancelled = {"ingest_orders_cancelled", "U",
						  "SELECT order_id FROM tributary.exceptions WHERE order_id = ANY ($1) "
						  "AND code = 'order-cancelled' AND state = 'open'"};

const struct statement ingest_lines_insert = {
    "ingest_lines_insert", "UNTTTTITIIIO",
    "INSERT INTO tributary.order_lines (order_id, line_no, line_ref, sku, gtin, description, quantity_micro, unit,"
    " unit_price_micro, discount_minor, tax_minor, requires_shipping)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};

const struct statement ingest_shipments_known = {
    "ingest_shipments_known", "U",
    "SELECT shipment_id, order_id, partner, document FROM tributary.shipments WHERE shipment_id = ANY ($1)"};

const struct statement ingest_confirmations_insert = {
    "ingest_confirmations_insert", "UUUTTTZZB",
    "INSERT INTO tributary.confirmations (shipment_id, order_id, document_id, partner_ref, carrier, tracking_number,"
    " shipped_at, confirmed_at, content_sha256) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT DO NOTHING RETURNING shipment_id"};

const struct statement ingest_confirmations_known = {
    "ingest_confirmations_known", "U",
    "SELECT shipment_id, content_sha256 FROM tributary.confirmations WHERE shipment_id = ANY ($1)"};

static struct str
hash_str(const unsigned char hash[static 32])
{
	return (struct str){(const char *)hash, 32};
}

/* A stranger's property may hold anything; a column holds text. */
static struct str
as_text(struct str s)
{
	bool is_text = str_is_utf8(s) && !(s.n && memchr(s.p, 0, s.n));

	return is_text ? s : STR("(no text)");
}

void
ingest_document_put(struct rows *documents, const struct batch *batch, const struct item *item, const struct intake *in)
{
	const struct envelope *e = &item->delivery->envelope;
	bool is_ok = item->outcome == OUTCOME_OK;
	const char *code = is_ok ? in->ignored : item->why.code;

	rows_uuid(documents, item->message_id);
	rows_text(documents, in->sender);
	rows_text(documents, as_text(item->kind));
	rows_text(documents, as_text(e->content_type));
	rows_text_or_null(documents, as_text(e->key));
	rows_bytes(documents, hash_str(in->body_sha256));
	rows_bytes(documents, item->delivery->body);
	rows_text(documents, str_of(intake_result_name(in->result)));
	rows_uuid_or_null(documents, item->order_id);
	rows_text_or_null(documents, str_of(code));
	rows_text_or_null(documents, is_ok ? (struct str){NULL, 0} : str_of(item->why.path));
	rows_instant(documents, batch->now_us);
	rows_uuid_or_null(documents, in->parent);
	if (in->result == INTAKE_SPLIT)
		rows_int(documents, (int64_t)in->units_count);
	else
		rows_null(documents);
}

void
ingest_order_put(struct rows *orders, struct arena *arena, const struct item *item, const struct intake *in)
{
	const struct order *o = in->order;
	struct buf document;
	int64_t total_minor = 0;

	if (!order_grand_total(o, &total_minor))
		total_minor = 0; /* order_check refused such a one before */
	buf_init(&document, (size_t)64 << 20);
	contract_encode(&order_contract, o, &document);
	rows_uuid(orders, o->order_id);
	rows_text(orders, o->party);
	rows_text(orders, o->source_id);
	rows_text(orders, o->source_number);
	rows_uuid(orders, item->message_id);
	rows_text(orders, o->currency);
	rows_int(orders, total_minor);
	rows_int(orders, (int64_t)o->lines.n);
	rows_instant(orders, o->placed_at_us);
	rows_instant(orders, o->received_at_us);
	rows_bytes(orders, hash_str(in->content_sha256));
	rows_bytes(orders, arena_str(arena, buf_str(&document)));
	buf_release(&document);
}

void
ingest_lines_put(struct rows *lines, const struct order *order)
{
	for (size_t i = 0; i < order->lines.n; i++) {
		const struct order_line *l = order_line_at(order, i);

		rows_uuid(lines, order->order_id);
		rows_int(lines, (int64_t)i + 1);
		rows_text(lines, l->line_ref);
		rows_text_or_null(lines, l->sku);
		rows_text_or_null(lines, l->gtin);
		rows_text_or_null(lines, l->description);
		rows_int(lines, l->quantity_micro);
		rows_text_or_null(lines, l->unit);
		rows_int(lines, l->unit_price_micro);
		rows_int(lines, l->discount_minor);
		rows_int(lines, l->tax_minor);
		rows_bool(lines, l->requires_shipping);
	}
}

void
ingest_confirmation_put(struct rows *confirmations, const struct batch *batch, const struct item *item,
			const struct intake *in, struct uuid order_id)
{
	const struct confirmation *c = in->confirmation;

	rows_uuid(confirmations, c->shipment_id);
	rows_uuid(confirmations, order_id);
	rows_uuid(confirmations, item->message_id);
	rows_text(confirmations, c->partner_ref);
	rows_text_or_null(confirmations, c->carrier);
	rows_text_or_null(confirmations, c->tracking_number);
	rows_instant(confirmations, c->shipped_at_us);
	rows_instant(confirmations, batch->now_us);
	rows_bytes(confirmations, hash_str(in->content_sha256));
}
