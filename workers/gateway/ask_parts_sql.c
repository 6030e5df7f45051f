/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_parts_sql.h"

#define OWN                                                                                             \
	" FROM unnest($1, $2) WITH ORDINALITY u(id, party, n) JOIN tributary.orders o ON o.order_id = " \
	"coalesce((SELECT"                                                                              \
	" f.order_id FROM tributary.former_order_ids f WHERE f.derived_id = u.id), u.id)"               \
	" AND (u.party IS NULL OR o.party = u.party)"
/* What the channel calls a line, and the unit that we count it in. */
#define LINE_NAMES                                                                                \
	" LEFT JOIN tributary.order_lines l ON l.order_id = x.order_id AND l.line_no = x.line_no" \
	" LEFT JOIN tributary.line_enrichments e ON e.order_id = x.order_id AND e.line_no = x.line_no"

/* What has no answer of its partner is at least requested; of several effects the one that was tried last counts. */
const struct statement parts_shipments = {
    "ask_shipments", "UT",
    "SELECT u.n - 1, h.shipment_id, x.line_no, l.line_ref, l.sku, x.item_no, e.base_unit, x.quantity_micro,"
    " x.shipped_micro, h.place, h.partner, h.warehouse,"
    " CASE WHEN c.shipment_id IS NOT NULL THEN 'shipped' ELSE coalesce((SELECT f.state FROM tributary.effects f"
    " WHERE f.order_id = h.order_id AND f.reference = h.shipment_id ORDER BY f.prepared_at DESC LIMIT 1), 'requested')"
    " END, c.carrier, c.tracking_number, h.requested_at, c.shipped_at" OWN
    " LEFT JOIN tributary.shipments h ON h.order_id = o.order_id"
    " LEFT JOIN tributary.confirmations c ON c.shipment_id = h.shipment_id"
    " LEFT JOIN tributary.reservations x ON x.order_id = h.order_id AND x.shipment_id = h.shipment_id" LINE_NAMES
    " ORDER BY u.n, h.place, h.shipment_id, x.line_no"};

const struct statement parts_invoices = {
    "ask_invoices", "UT",
    "SELECT u.n - 1, i.invoice_id, x.line_no, l.line_ref, l.sku, x.item_no, e.base_unit, x.base_quantity_micro,"
    " x.gross_minor, x.discount_minor, x.net_minor, x.tax_minor, i.number, i.shipment_id, i.issued_at, i.currency,"
    " i.gross_minor, i.discount_minor, i.charges_minor, i.tax_minor, i.total_minor" OWN
    " LEFT JOIN tributary.invoices i ON i.order_id = o.order_id"
    " LEFT JOIN tributary.invoice_lines x ON x.invoice_id = i.invoice_id" LINE_NAMES
    " ORDER BY u.n, i.issued_at, i.invoice_id, x.line_no"};

const struct statement parts_returns = {
    "ask_returns", "UT",
    "SELECT u.n - 1, r.return_id, x.place, x.line_no, l.line_ref, l.sku, x.item_no, x.unit, x.quantity_micro,"
    " x.reason_code, x.reason_text, r.number, r.reference, r.state, r.code, r.requested_at" OWN
    " LEFT JOIN tributary.returns r ON r.order_id = o.order_id AND r.party IS NOT DISTINCT FROM o.party"
    " LEFT JOIN tributary.return_lines x ON x.return_id = r.return_id"
    " LEFT JOIN tributary.order_lines l ON l.order_id = x.order_id AND l.line_no = x.line_no"
    " ORDER BY u.n, r.requested_at, r.return_id, x.place"};

const struct statement parts_return = {
    "ask_return", "UT",
    "SELECT u.n - 1, r.return_id, x.place, x.line_no, l.line_ref, l.sku, x.item_no, x.unit, x.quantity_micro,"
    " x.reason_code, x.reason_text, r.number, r.reference, r.state, r.code, r.requested_at, r.order_id"
    " FROM unnest($1, $2) WITH ORDINALITY u(id, party, n)"
    " JOIN tributary.returns r ON r.return_id = u.id AND (u.party IS NULL OR r.party = u.party)"
    " LEFT JOIN tributary.return_lines x ON x.return_id = r.return_id"
    " LEFT JOIN tributary.order_lines l ON l.order_id = r.order_id AND l.line_no = x.line_no ORDER BY u.n, x.place"};

const struct statement parts_timeline = {
    "ask_timeline", "UTZII",
    "SELECT u.n - 1, t.place, t.at, t.stage, t.event, t.code, t.detail"
    " FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY u(id, party, at, place, wanted, n)"
    " JOIN tributary.orders o ON o.order_id = coalesce((SELECT f.order_id FROM tributary.former_order_ids f"
    " WHERE f.derived_id = u.id), u.id) AND (u.party IS NULL OR o.party = u.party)"
    " LEFT JOIN LATERAL (SELECT t.place, t.at, t.stage, t.event, t.code, t.detail FROM tributary.timeline t"
    " WHERE t.order_id = o.order_id AND t.at >= u.at AND (t.at, t.place) > (u.at, u.place) ORDER BY t.at, t.place"
    " LIMIT u.wanted) t ON true ORDER BY u.n, t.at, t.place"};
