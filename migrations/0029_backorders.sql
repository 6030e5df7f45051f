-- A backorder is filled when stock comes: clock finds those for which there is some, allocate takes it, in shipments of their own.
-- So a line may be reserved in a warehouse twice, for two shipments.
ALTER TABLE reservations DROP CONSTRAINT reservations_pkey;
ALTER TABLE reservations ADD PRIMARY KEY (order_id, line_no, shipment_id);

-- Of a line that waits: received_at of the content that was allocated. While the channel wants another by now, that comes by itself.
ALTER TABLE allocation_lines ADD COLUMN content_at timestamptz;
CREATE INDEX allocation_lines_backordered ON allocation_lines (item_no) WHERE backordered_micro > 0;

-- Those that wait already: what was allocated is what is wanted now, unless a change came after it.
UPDATE allocation_lines a SET content_at = coalesce(o.changed_at, o.received_at) FROM orders o
WHERE o.order_id = a.order_id AND a.backordered_micro > 0 AND o.cancelled_at IS NULL AND (o.changed_at IS NULL OR EXISTS
	(SELECT FROM timeline t WHERE t.order_id = a.order_id AND t.stage = 'allocate' AND t.event = 'allocated'
	 AND t.at > o.changed_at));

GRANT UPDATE (allocated_micro, backordered_micro, candidates, content_at) ON allocation_lines TO tributary_allocate;
GRANT SELECT (order_id, document) ON enrichments TO tributary_allocate;

GRANT USAGE ON SCHEMA tributary TO tributary_clock;
GRANT SELECT (order_id, party, received_at, changed_at, cancelled_at) ON orders TO tributary_clock;
GRANT SELECT (order_id, line_no, item_no, backordered_micro, content_at) ON allocation_lines TO tributary_clock;
GRANT SELECT ON stock, warehouses, gates TO tributary_clock;

-- What waits for stock, by line, with what is free of the item in the warehouses that are active.
CREATE VIEW report.backorders AS
SELECT a.order_id, o.party, o.number, a.line_no, a.item_no, trim_scale(a.ordered_micro / 1000000.0) AS ordered,
       trim_scale(a.backordered_micro / 1000000.0) AS backordered, o.received_at,
       (SELECT trim_scale(coalesce(sum(s.on_hand_micro - s.reserved_micro), 0) / 1000000.0) FROM tributary.stock s
        JOIN tributary.warehouses w USING (warehouse) WHERE s.item_no = a.item_no AND w.active) AS free
FROM tributary.allocation_lines a
JOIN tributary.orders o USING (order_id)
WHERE a.backordered_micro > 0 AND o.cancelled_at IS NULL;
GRANT SELECT ON report.backorders TO tributary_operator;
