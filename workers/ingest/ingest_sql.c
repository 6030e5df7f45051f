/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/ingest_sql.h"

#include <string.h>

#define ORDER_MAX_BYTES ((size_t)64 << 20)

/* What became of it may change when it comes again out of an exception or a dead letter; then its bytes may have been
 * edited on the way, and nobody may take what those say for what the stored ones say. */
const struct statement ingest_documents_put = {
    "ingest_documents_put", "UTTTTBBUTUTTZUNI",
    "INSERT INTO tributary.documents AS d (document_id, party, kind, content_type, idempotency_key, sha256, body, "
    "body_of,"
    " outcome, order_id, code, path, received_at, parent_id, units_count, reading)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    " ON CONFLICT (document_id) DO UPDATE SET outcome = excluded.outcome, order_id = excluded.order_id,"
    " code = excluded.code, path = excluded.path,"
    " reading = CASE WHEN d.sha256 = excluded.sha256 THEN excluded.reading END"};

const struct statement ingest_answer_numbers = {
    "ingest_answer_numbers", "TI", "SELECT party, last_number FROM tributary.control_numbers_take($1, $2)"};

const struct statement ingest_orders_insert = {
    "ingest_orders_insert", "UTTTUTINZZBBT",
    "INSERT INTO tributary.orders (order_id, party, external_id, number, document_id, currency, total_minor, "
    "lines_count,"
    " placed_at, received_at, content_sha256, document, source_revision)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    " ON CONFLICT DO NOTHING RETURNING order_id"};

const struct statement ingest_orders_lock = {"ingest_orders_lock", "U",
					     "SELECT pg_advisory_xact_lock(k) FROM (SELECT DISTINCT "
					     "tributary.orders_lock_key(o) AS k FROM unnest($1) o ORDER BY 1) t"};

const struct statement ingest_orders_known = {
    "ingest_orders_known", "UTOB",
    "SELECT o.order_id, o.content_sha256, coalesce(o.source_revision, ''), o.revision_no::bigint,"
    " o.cancelled_at IS NOT NULL, count(s.shipment_id), min(s.requested_at), coalesce(min(s.partner), ''),"
    " CASE WHEN u.with_document THEN o.document END, (SELECT true FROM tributary.order_revisions r"
    " WHERE r.order_id = o.order_id AND r.source_revision = u.revision LIMIT 1) IS NOT NULL, o.document_id,"
    " (SELECT coalesce(d.body_of, d.document_id) FROM tributary.documents d WHERE d.document_id = o.document_id"
    " AND d.sha256 = u.sha256), coalesce(o.changed_at, o.received_at)"
    " FROM unnest($1, $2, $3, $4) u(order_id, revision, with_document, sha256)"
    " JOIN tributary.orders o USING (order_id) LEFT JOIN tributary.shipments s USING (order_id)"
    " GROUP BY o.order_id, u.revision, u.with_document, u.sha256"};

const struct statement ingest_repeats_known = {
    "ingest_repeats_known", "UTTTBI",
    "SELECT u.n, coalesce(d.body_of, d.document_id) FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY"
    " u(order_id, party, kind, content_type, sha256, reading, n) JOIN tributary.orders o USING (order_id)"
    " JOIN tributary.documents d ON d.document_id = o.document_id WHERE d.sha256 = u.sha256 AND d.reading = u.reading"
    " AND d.party = u.party AND d.kind = u.kind AND d.content_type = u.content_type AND d.outcome = 'order'"};

const struct statement ingest_revisions_keep = {
    "ingest_revisions_keep", "UZ",
    "INSERT INTO tributary.order_revisions (order_id, revision_no, source_revision, document_id, content_sha256,"
    " document, total_minor, received_at, replaced_at)"
    " SELECT o.order_id, o.revision_no, o.source_revision, o.document_id, o.content_sha256, o.document, o.total_minor,"
    " coalesce(o.changed_at, o.received_at), u.now FROM unnest($1, $2) u(order_id, now)"
    " JOIN tributary.orders o USING (order_id)"};

const struct statement ingest_orders_change = {
    "ingest_orders_change", "UUTINBBTZ",
    "UPDATE tributary.orders o SET document_id = u.b, currency = u.c, total_minor = u.d, lines_count = u.e,"
    " content_sha256 = u.f, document = u.g, source_revision = u.h, changed_at = u.i, revision_no = o.revision_no + 1"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) u(a, b, c, d, e, f, g, h, i) WHERE o.order_id = u.a"};

const struct statement ingest_orders_cancel = {
    "ingest_orders_cancel", "UZ",
    "UPDATE tributary.orders o SET cancelled_at = u.at FROM unnest($1, $2) u(order_id, at)"
    " WHERE o.order_id = u.order_id"};

const struct statement ingest_exceptions_close = {"ingest_exceptions_close", "U",
						  "UPDATE tributary.exceptions SET state = 'dismissed', closed_at = "
						  "now() WHERE order_id = ANY ($1) AND state = 'open'"};

const struct statement ingest_lines_delete = {"ingest_lines_delete", "U",
					      "DELETE FROM tributary.order_lines WHERE order_id = ANY ($1)"};

const struct statement ingest_backorders_end = {"ingest_backorders_end", "U", "SELECT tributary.backorders_end($1)"};

const struct statement ingest_backorders_end_named = {
    "ingest_backorders_end_named", "TT",
    "SELECT tributary.backorders_end(ARRAY(SELECT o.order_id FROM unnest($1, $2) u(party, number) JOIN "
    "tributary.orders o"
    " ON o.party = u.party AND o.number IN (u.number, '#' || u.number)))"};

const struct statement ingest_orders_cancelled = {
    "ingest_orders_cancelled", "UUZ",
    "SELECT u.order_id, x.order_id FROM unnest($1, $2, $3) u(order_id, former_id, since) CROSS JOIN LATERAL (SELECT"
    " x.order_id FROM tributary.exceptions x WHERE x.order_id IN (u.order_id, u.former_id)"
    " AND x.code = 'order-cancelled' AND x.state = 'open' AND x.opened_at > u.since) x"};

const struct statement ingest_lines_insert = {
    "ingest_lines_insert", "UNTTTTITIIIO",
    "INSERT INTO tributary.order_lines (order_id, line_no, line_ref, sku, gtin, description, quantity_micro, unit,"
    " unit_price_micro, discount_minor, tax_minor, requires_shipping)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};

const struct statement ingest_shipments_known = {
    "ingest_shipments_known", "U",
    "SELECT shipment_id, order_id, partner, document, (SELECT true FROM tributary.effects e WHERE e.order_id = "
    "s.order_id"
    " AND e.reference = s.shipment_id AND e.state = 'confirmed' LIMIT 1) IS NOT NULL"
    " FROM tributary.shipments s WHERE shipment_id = ANY ($1)"};

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
	if (in->result == INTAKE_DUPLICATE && !uuid_is_nil(in->body_of)) {
		rows_null(documents);
		rows_uuid(documents, in->body_of);
	} else {
		rows_bytes(documents, item->delivery->body);
		rows_null(documents);
	}
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
	if (in->reading)
		rows_int(documents, in->reading);
	else
		rows_null(documents);
}

void
ingest_repeat_put(struct rows *repeats, const struct item *item, const struct intake *in)
{
	rows_uuid(repeats, item->order_id);
	rows_text(repeats, in->sender);
	rows_text(repeats, as_text(item->kind));
	rows_text(repeats, as_text(item->delivery->envelope.content_type));
	rows_bytes(repeats, hash_str(in->body_sha256));
	rows_int(repeats, in->reading);
}

static int64_t
grand_total(const struct order *o)
{
	int64_t minor;

	return order_grand_total(o, &minor) ? minor : 0; /* order_check refused such a one before */
}

/* The document as msgpack, in the arena. */
static struct str
order_bytes(const struct order *o, struct arena *arena)
{
	struct buf document;
	struct str bytes;

	buf_init(&document, ORDER_MAX_BYTES);
	contract_encode(&order_contract, o, &document);
	bytes = arena_str(arena, buf_str(&document));
	buf_release(&document);
	return bytes;
}

void
ingest_order_put(struct rows *orders, const struct item *item, const struct intake *in, struct str said)
{
	const struct order *o = in->order;

	rows_uuid(orders, o->order_id);
	rows_text(orders, o->party);
	rows_text(orders, o->source_id);
	rows_text(orders, o->source_number);
	rows_uuid(orders, item->message_id);
	rows_text(orders, o->currency);
	rows_int(orders, grand_total(o));
	rows_int(orders, (int64_t)o->lines.n);
	rows_instant(orders, o->placed_at_us);
	rows_instant(orders, o->received_at_us);
	rows_bytes(orders, hash_str(in->content_sha256));
	rows_bytes(orders, said);
	rows_text_or_null(orders, o->revision);
}

void
ingest_change_put(struct rows *orders, struct arena *arena, const struct item *item, const struct intake *in)
{
	const struct order *o = in->order;

	rows_uuid(orders, o->order_id);
	rows_uuid(orders, item->message_id);
	rows_text(orders, o->currency);
	rows_int(orders, grand_total(o));
	rows_int(orders, (int64_t)o->lines.n);
	rows_bytes(orders, hash_str(in->content_sha256));
	rows_bytes(orders, order_bytes(o, arena));
	rows_text_or_null(orders, o->revision);
	rows_instant(orders, o->received_at_us);
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
