-- ingest: what the channel says again about an order it sent before. `orders` holds what is wanted now, order_revisions
-- what was wanted before. A change or cancellation is taken only while nothing was asked of a warehouse: both sides take
-- the order's lock (orders_lock_key) before they look.
CREATE TABLE order_revisions (
	order_id        uuid NOT NULL,
	revision_no     integer NOT NULL,       -- 1 is what came first
	source_revision text,
	document_id     uuid NOT NULL,
	content_sha256  bytea NOT NULL,
	document        bytea NOT NULL,         -- contract order
	total_minor     bigint NOT NULL,
	received_at     timestamptz NOT NULL,
	replaced_at     timestamptz NOT NULL,
	PRIMARY KEY (order_id, revision_no)
);

ALTER TABLE orders ADD COLUMN source_revision text;          -- of what is wanted now
ALTER TABLE orders ADD COLUMN revision_no integer NOT NULL DEFAULT 1;
ALTER TABLE orders ADD COLUMN changed_at timestamptz;        -- when what is wanted now came, if it is a change
ALTER TABLE orders ADD COLUMN cancelled_at timestamptz;
ALTER TABLE enrichments ADD COLUMN content_at timestamptz;   -- received_at of what was enriched

INSERT INTO order_states VALUES (90, 'cancelled');

GRANT SELECT, INSERT ON order_revisions TO tributary_ingest;
GRANT UPDATE (document_id, currency, total_minor, lines_count, content_sha256, document, source_revision, revision_no,
	changed_at, cancelled_at) ON orders TO tributary_ingest;
GRANT DELETE ON order_lines TO tributary_ingest;
GRANT UPDATE ON exceptions TO tributary_ingest;
GRANT UPDATE ON enrichments TO tributary_enrich;
GRANT DELETE ON line_enrichments TO tributary_enrich;
GRANT SELECT (order_id, received_at, changed_at, cancelled_at) ON orders TO tributary_allocate;
GRANT SELECT ON order_revisions TO tributary_operator;

-- One lock per order for what concerns several stages.
CREATE FUNCTION orders_lock_key(order_id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	$$SELECT hashtextextended(order_id::text, 7)$$;

-- A document may be a change or a cancellation of an order, too.
ALTER TABLE documents DROP CONSTRAINT documents_outcome_check;
ALTER TABLE documents ADD CONSTRAINT documents_outcome_check CHECK (outcome IN
	('order', 'change', 'cancel', 'shipment', 'duplicate', 'exception', 'refused', 'ignored', 'split'));
GRANT DELETE ON allocation_lines TO tributary_allocate;
GRANT SELECT (shipment_id, order_id, partner, requested_at) ON shipments TO tributary_ingest;

CREATE OR REPLACE VIEW report.orders AS
SELECT o.order_id, o.party, o.external_id, o.number,
       CASE WHEN st.state = 'cancelled' THEN st.state WHEN s.hold_reason = 'held' THEN 'held'
            WHEN s.hold_reason = 'dead' THEN 'failed' ELSE st.state END AS state,
       st.state AS step, s.hold_stage, s.hold_code, e.customer_no, o.currency, o.total_minor, o.lines_count,
       (SELECT count(*) FROM tributary.shipments h WHERE h.order_id = o.order_id) AS shipments_count,
       (SELECT count(*) FROM tributary.invoices i WHERE i.order_id = o.order_id) AS invoices_count,
       (SELECT coalesce(sum(i.total_minor), 0)::bigint FROM tributary.invoices i WHERE i.order_id = o.order_id)
           AS invoiced_minor,
       o.placed_at, o.received_at, s.updated_at, o.revision_no, o.changed_at, o.cancelled_at
FROM tributary.orders o
JOIN tributary.order_status s USING (order_id)
JOIN tributary.order_states st USING (rank)
LEFT JOIN tributary.enrichments e USING (order_id);
