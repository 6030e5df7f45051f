/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/enrich_sql.h"

const struct statement enrich_insert = {
    "enrich_insert", "UTTTZBZ",
    "INSERT INTO tributary.enrichments (order_id, customer_no, customer_source, price_group, enriched_at, document,"
    " content_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"};

const struct statement enrich_replace = {
    "enrich_replace", "UTTTZBZ",
    "WITH put AS (INSERT INTO tributary.enrichments AS t (order_id, customer_no, customer_source, price_group,"
    " enriched_at, document, content_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (order_id) DO UPDATE SET customer_no = excluded.customer_no,"
    " customer_source = excluded.customer_source, price_group = excluded.price_group,"
    " enriched_at = excluded.enriched_at, document = excluded.document, content_at = excluded.content_at"
    " WHERE t.content_at < excluded.content_at RETURNING order_id)"
    " DELETE FROM tributary.line_enrichments l USING put WHERE l.order_id = put.order_id"};

/* Where the order's enrichment stays as it was, so do its lines, all of them. Its message's lock keeps others away. */
const struct statement enrich_lines_insert = {
    "enrich_lines_insert", "UNTTITTITITI",
    "INSERT INTO tributary.line_enrichments (order_id, line_no, item_no, item_source, base_quantity_micro, base_unit,"
    " unit_source, price_micro, price_source, tax_rate_micro, tax_source, available_micro)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " u(a, b, c, d, e, f, g, h, i, j, k, l) WHERE NOT EXISTS (SELECT FROM tributary.line_enrichments t"
    " WHERE t.order_id = u.a)"};

void
enrich_order_put(struct rows *rows, const struct order *order, struct str said, int64_t now_us)
{
	rows_uuid(rows, order->order_id);
	rows_text(rows, order->enriched.customer_no);
	rows_text(rows, order->enriched.customer_source);
	rows_text_or_null(rows, order->enriched.price_group);
	rows_instant(rows, now_us);
	rows_bytes(rows, said);
	rows_instant(rows, order->received_at_us);
}

void
enrich_line_put(struct rows *rows, const struct order *order, size_t index)
{
	const struct line_enrichment *e = &order_line_at(order, index)->enriched;

	rows_uuid(rows, order->order_id);
	rows_int(rows, (int64_t)index + 1);
	rows_text(rows, e->item_no);
	rows_text(rows, e->item_source);
	rows_int(rows, e->base_quantity_micro);
	rows_text(rows, e->base_unit);
	rows_text(rows, e->unit_source);
	rows_int(rows, e->price_micro);
	rows_text(rows, e->price_source);
	rows_int(rows, e->tax_rate_micro);
	rows_text(rows, e->tax_source);
	rows_int(rows, e->available_micro);
}
