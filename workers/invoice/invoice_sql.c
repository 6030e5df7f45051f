/* SPDX-License-Identifier: Apache-2.0 */
#include "invoice/invoice_sql.h"

const struct statement invoice_orders_known = {
    "invoice_orders_known", "U", "SELECT order_id, document FROM tributary.enrichments WHERE order_id = ANY ($1)"};

const struct statement invoice_lines_known = {
    "invoice_lines_known", "U",
    "SELECT order_id, line_no::bigint, sum(base_quantity_micro)::bigint, sum(gross_minor)::bigint"
    " FROM tributary.invoice_lines WHERE order_id = ANY ($1) GROUP BY order_id, line_no"};

const struct statement invoice_numbers_take = {"invoice_numbers_take", "I",
					       "UPDATE tributary.invoice_numbers SET last_number = last_number + "
					       "($1)[1] WHERE series = 'INV' RETURNING last_number"};

const struct statement invoice_insert = {
    "invoice_insert", "UTUUTTTIIIIIZB",
    "INSERT INTO tributary.invoices (invoice_id, number, order_id, shipment_id, party, customer_no, currency, "
    "gross_minor,"
    " discount_minor, charges_minor, tax_minor, total_minor, issued_at, document)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"};

const struct statement invoice_lines_insert = {
    "invoice_lines_insert", "UUNTIIIII",
    "INSERT INTO tributary.invoice_lines (invoice_id, order_id, line_no, item_no, base_quantity_micro, gross_minor,"
    " discount_minor, net_minor, tax_minor) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)"};

void
invoice_put(struct rows *rows, const struct invoice *i, struct str said)
{
	rows_uuid(rows, i->invoice_id);
	rows_text(rows, i->number);
	rows_uuid(rows, i->order_id);
	rows_uuid(rows, i->shipment_id);
	rows_text(rows, i->party);
	rows_text(rows, i->customer_no);
	rows_text(rows, i->currency);
	rows_int(rows, i->gross_minor);
	rows_int(rows, i->discount_minor);
	rows_int(rows, i->charges_minor);
	rows_int(rows, i->tax_minor);
	rows_int(rows, i->total_minor);
	rows_instant(rows, i->issued_at_us);
	rows_bytes(rows, said);
}

void
invoice_lines_put(struct rows *rows, const struct bill *bill)
{
	const struct invoice_line *lines = bill->invoice.lines.items;

	for (size_t i = 0; i < bill->invoice.lines.n; i++) {
		rows_uuid(rows, bill->invoice.invoice_id);
		rows_uuid(rows, bill->invoice.order_id);
		rows_int(rows, (int64_t)bill->order_lines[i] + 1);
		rows_text(rows, lines[i].item_no);
		rows_int(rows, bill->base_quantities[i]);
		rows_int(rows, lines[i].gross_minor);
		rows_int(rows, lines[i].discount_minor);
		rows_int(rows, lines[i].net_minor);
		rows_int(rows, lines[i].tax_minor);
	}
}
