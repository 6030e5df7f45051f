-- ingest: what customers want to send back. A request is taken when its order has shipped what it says and nobody asked for
-- it back before; then it has a number. One that is not taken is an exception, and stands here as refused, so that who asked
-- can be told; when the exception is released, or the requester sends a better one under the same reference, it may be taken.
CREATE TABLE returns (
	return_id      uuid PRIMARY KEY,        -- derived from party and reference
	order_id       uuid NOT NULL,
	party          text NOT NULL,
	reference      text NOT NULL,           -- the requester's own
	number         text UNIQUE,             -- RMA-00000001
	document_id    uuid NOT NULL,           -- that said it last
	state          text NOT NULL CHECK (state IN ('requested', 'refused')),
	code           text,                    -- why refused
	lines_count    integer NOT NULL,        -- of the request
	requested_at   timestamptz NOT NULL,
	content_sha256 bytea NOT NULL,          -- of what it says
	document       bytea,                   -- contract return
	CHECK ((state = 'refused') = (code IS NOT NULL)),
	CHECK ((state = 'refused') = (number IS NULL)),
	CHECK ((state = 'refused') = (document IS NULL))
);
CREATE INDEX returns_order ON returns (order_id);
CREATE INDEX returns_party ON returns (party, requested_at, return_id);

-- ingest: of those that were taken
CREATE TABLE return_lines (
	return_id           uuid NOT NULL,
	place               integer NOT NULL,   -- from 1
	order_id            uuid NOT NULL,
	line_no             integer NOT NULL,   -- of the order; a line may be there several times
	item_no             text NOT NULL,
	quantity_micro      bigint NOT NULL CHECK (quantity_micro > 0),
	unit                text NOT NULL,
	base_quantity_micro bigint NOT NULL CHECK (base_quantity_micro > 0),
	reason_code         text NOT NULL,
	reason_text         text,
	PRIMARY KEY (return_id, place)
);
CREATE INDEX return_lines_order ON return_lines (order_id, line_no);

-- ingest: a number per series without gaps; the row's lock orders the returns
CREATE TABLE return_numbers (
	series      text PRIMARY KEY,
	last_number bigint NOT NULL
);
INSERT INTO return_numbers VALUES ('RMA', 0);

ALTER TABLE documents DROP CONSTRAINT documents_outcome_check;
ALTER TABLE documents ADD CONSTRAINT documents_outcome_check CHECK (outcome IN ('order', 'change', 'cancel', 'shipment',
	'duplicate', 'exception', 'refused', 'ignored', 'split', 'acknowledgement', 'inventory', 'return'));

GRANT SELECT, INSERT ON returns, return_lines TO tributary_ingest;
GRANT UPDATE (order_id, number, document_id, state, code, lines_count, requested_at, content_sha256, document) ON returns
	TO tributary_ingest;
GRANT SELECT, UPDATE ON return_numbers TO tributary_ingest;
GRANT SELECT (order_id, line_no, shipped_micro) ON reservations TO tributary_ingest;
GRANT SELECT (order_id, line_no, item_no, base_unit, base_quantity_micro) ON line_enrichments TO tributary_ingest;
GRANT SELECT ON returns, return_lines, return_numbers TO tributary_operator;

-- gateway: answers questions by the rules of shared/pricing, and about returns
GRANT SELECT ON warehouses, customers, customer_accounts, items, item_aliases, item_units, prices, tax_rates, stock
	TO tributary_gateway;
GRANT SELECT ON returns, return_lines TO tributary_gateway;

CREATE VIEW report.returns AS
SELECT r.return_id, r.number, r.order_id, r.party, o.number AS order_number, o.external_id, r.reference, r.state, r.code,
       r.lines_count, r.requested_at
FROM tributary.returns r
JOIN tributary.orders o USING (order_id);

CREATE VIEW report.return_lines AS
SELECT l.return_id, r.number, l.place, l.order_id, r.party, o.external_id, l.line_no, n.line_ref, n.sku, l.item_no,
       trim_scale(l.quantity_micro / 1000000.0) AS quantity, l.unit,
       trim_scale(l.base_quantity_micro / 1000000.0) AS base_quantity, l.reason_code, l.reason_text
FROM tributary.return_lines l
JOIN tributary.returns r USING (return_id)
JOIN tributary.orders o ON o.order_id = l.order_id
LEFT JOIN tributary.order_lines n ON n.order_id = l.order_id AND n.line_no = l.line_no;

CREATE OR REPLACE VIEW report.order_lines AS
SELECT l.order_id, o.party, o.external_id, l.line_no, l.line_ref, l.sku, l.gtin, l.description,
       trim_scale(l.quantity_micro / 1000000.0) AS quantity, l.unit, trim_scale(l.unit_price_micro / 1000000.0) AS unit_price,
       l.discount_minor, l.tax_minor, o.currency, n.item_no, n.item_source,
       trim_scale(n.base_quantity_micro / 1000000.0) AS base_quantity, n.base_unit,
       trim_scale(n.price_micro / 1000000.0) AS our_price, n.price_source,
       trim_scale(n.tax_rate_micro / 1000000.0) AS tax_percent, n.tax_source,
       trim_scale(a.allocated_micro / 1000000.0) AS allocated, trim_scale(a.backordered_micro / 1000000.0) AS backordered,
       (SELECT trim_scale(coalesce(sum(r.shipped_micro), 0) / 1000000.0) FROM tributary.reservations r
        WHERE r.order_id = l.order_id AND r.line_no = l.line_no) AS shipped,
       (SELECT trim_scale(coalesce(sum(i.base_quantity_micro), 0) / 1000000.0) FROM tributary.invoice_lines i
        WHERE i.order_id = l.order_id AND i.line_no = l.line_no) AS invoiced,
       (SELECT trim_scale(coalesce(sum(b.base_quantity_micro), 0) / 1000000.0) FROM tributary.return_lines b
        WHERE b.order_id = l.order_id AND b.line_no = l.line_no) AS returned
FROM tributary.order_lines l
JOIN tributary.orders o USING (order_id)
LEFT JOIN tributary.line_enrichments n USING (order_id, line_no)
LEFT JOIN tributary.allocation_lines a USING (order_id, line_no);

GRANT SELECT ON report.returns, report.return_lines TO tributary_operator;
