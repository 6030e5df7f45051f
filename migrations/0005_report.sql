-- The contract for BI tools and scripts: columns here are only ever added. Money is bigint minor units of `currency`,
-- quantities and unit prices are numeric, times are timestamptz.

CREATE SCHEMA report;
GRANT USAGE ON SCHEMA report TO tributary_operator;

CREATE VIEW report.orders AS
SELECT o.order_id, o.party, o.external_id, o.number,
       CASE WHEN s.hold_reason = 'held' THEN 'held' WHEN s.hold_reason = 'dead' THEN 'failed' ELSE st.state END AS state,
       st.state AS step, s.hold_stage, s.hold_code, e.customer_no, o.currency, o.total_minor, o.lines_count,
       (SELECT count(*) FROM tributary.shipments h WHERE h.order_id = o.order_id) AS shipments_count,
       (SELECT count(*) FROM tributary.invoices i WHERE i.order_id = o.order_id) AS invoices_count,
       (SELECT coalesce(sum(i.total_minor), 0)::bigint FROM tributary.invoices i WHERE i.order_id = o.order_id)
           AS invoiced_minor,
       o.placed_at, o.received_at, s.updated_at
FROM tributary.orders o
JOIN tributary.order_status s USING (order_id)
JOIN tributary.order_states st USING (rank)
LEFT JOIN tributary.enrichments e USING (order_id);

CREATE VIEW report.order_lines AS
SELECT l.order_id, o.party, o.external_id, l.line_no, l.line_ref, l.sku, l.gtin, l.description,
       l.quantity_micro / 1000000.0 AS quantity, l.unit, l.unit_price_micro / 1000000.0 AS unit_price,
       l.discount_minor, l.tax_minor, o.currency, n.item_no, n.item_source, n.base_quantity_micro / 1000000.0 AS base_quantity,
       n.base_unit, n.price_micro / 1000000.0 AS our_price, n.price_source, n.tax_rate_micro / 1000000.0 AS tax_percent,
       n.tax_source, a.allocated_micro / 1000000.0 AS allocated, a.backordered_micro / 1000000.0 AS backordered,
       (SELECT coalesce(sum(r.shipped_micro), 0) / 1000000.0 FROM tributary.reservations r
        WHERE r.order_id = l.order_id AND r.line_no = l.line_no) AS shipped,
       (SELECT coalesce(sum(i.base_quantity_micro), 0) / 1000000.0 FROM tributary.invoice_lines i
        WHERE i.order_id = l.order_id AND i.line_no = l.line_no) AS invoiced
FROM tributary.order_lines l
JOIN tributary.orders o USING (order_id)
LEFT JOIN tributary.line_enrichments n USING (order_id, line_no)
LEFT JOIN tributary.allocation_lines a USING (order_id, line_no);

CREATE VIEW report.shipments AS
SELECT h.shipment_id, h.order_id, o.party, o.external_id, h.place, h.partner, h.warehouse,
       CASE WHEN c.shipment_id IS NOT NULL THEN 'shipped' ELSE coalesce(f.state, 'requested') END AS state,
       c.partner_ref, c.carrier, c.tracking_number, h.requested_at, c.shipped_at, c.confirmed_at
FROM tributary.shipments h
JOIN tributary.orders o USING (order_id)
LEFT JOIN tributary.confirmations c USING (shipment_id)
LEFT JOIN tributary.effects f ON f.order_id = h.order_id AND f.reference = h.shipment_id;

CREATE VIEW report.invoices AS
SELECT i.invoice_id, i.number, i.order_id, i.party, o.external_id, i.shipment_id, i.customer_no, i.currency, i.gross_minor,
       i.discount_minor, i.charges_minor, i.tax_minor, i.total_minor, i.issued_at
FROM tributary.invoices i
JOIN tributary.orders o USING (order_id);

CREATE VIEW report.stock AS
SELECT s.item_no, i.description, s.warehouse, i.base_unit, s.on_hand_micro / 1000000.0 AS on_hand,
       s.reserved_micro / 1000000.0 AS reserved, (s.on_hand_micro - s.reserved_micro) / 1000000.0 AS available
FROM tributary.stock s
JOIN tributary.items i USING (item_no);

CREATE VIEW report.exceptions AS
SELECT x.exception_id, x.order_id, x.party, o.external_id, o.number, x.stage, x.code, x.path, x.reason, x.state, x.times,
       x.opened_at, x.closed_at
FROM tributary.exceptions x
LEFT JOIN tributary.orders o USING (order_id);

CREATE VIEW report.dead_letters AS
SELECT d.dead_letter_id, d.order_id, d.party, o.external_id, d.origin, d.source, d.type, d.code, d.path, d.reason,
       d.fingerprint, d.state, d.times, octet_length(d.body) AS body_bytes, d.died_at, d.closed_at
FROM tributary.dead_letters d
LEFT JOIN tributary.orders o USING (order_id);

GRANT SELECT ON ALL TABLES IN SCHEMA report TO tributary_operator;
