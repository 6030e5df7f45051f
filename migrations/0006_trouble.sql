-- An exception says what it is about in words that people know, also where no order came of it.
ALTER TABLE exceptions ADD COLUMN subject text NOT NULL DEFAULT '';

CREATE OR REPLACE VIEW report.exceptions AS
SELECT x.exception_id, x.order_id, x.party, o.external_id, coalesce(o.number, nullif(x.subject, '')) AS number, x.stage,
       x.code, x.path, x.reason, x.state, x.times, x.opened_at, x.closed_at
FROM tributary.exceptions x
LEFT JOIN tributary.orders o USING (order_id);

-- A cancellation may come before its order: ingest looks whether one is waiting.
GRANT SELECT ON exceptions TO tributary_ingest;
CREATE INDEX exceptions_cancelled ON exceptions (order_id) WHERE code = 'order-cancelled' AND state = 'open';

-- The skeleton: a message that was delivered again and again is tried alone, and counted before it is tried. One that is
-- begun too often and never settled kills its worker; its neighbours do not.
CREATE TABLE attempts (
	message_id uuid NOT NULL,
	stage      text NOT NULL,
	begun      integer NOT NULL DEFAULT 1,
	last_at    timestamptz NOT NULL,
	PRIMARY KEY (message_id, stage)
);
GRANT SELECT, INSERT, UPDATE ON attempts TO tributary_worker;
GRANT SELECT ON attempts TO tributary_operator;

-- Amounts for people: minor units with the decimal places of their currency (ISO 4217).
CREATE FUNCTION report.amount(minor bigint, currency text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND',
			'VUV', 'XAF', 'XOF', 'XPF') THEN minor::numeric
		WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN (minor / 1000.0)::numeric(24, 3)
		WHEN currency IN ('CLF', 'UYW') THEN (minor / 10000.0)::numeric(24, 4)
		ELSE (minor / 100.0)::numeric(24, 2) END
$$;

-- The same columns, without zeros that say nothing.
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
        WHERE i.order_id = l.order_id AND i.line_no = l.line_no) AS invoiced
FROM tributary.order_lines l
JOIN tributary.orders o USING (order_id)
LEFT JOIN tributary.line_enrichments n USING (order_id, line_no)
LEFT JOIN tributary.allocation_lines a USING (order_id, line_no);

CREATE OR REPLACE VIEW report.stock AS
SELECT s.item_no, i.description, s.warehouse, i.base_unit, trim_scale(s.on_hand_micro / 1000000.0) AS on_hand,
       trim_scale(s.reserved_micro / 1000000.0) AS reserved,
       trim_scale((s.on_hand_micro - s.reserved_micro) / 1000000.0) AS available
FROM tributary.stock s
JOIN tributary.items i USING (item_no);
