-- A backorder is filled when stock comes: clock finds those for which there is some, allocate takes it, in shipments of their own.
-- So a line may be reserved in a warehouse twice, for two shipments.
ALTER TABLE reservations DROP CONSTRAINT reservations_pkey;
ALTER TABLE reservations ADD PRIMARY KEY (order_id, line_no, shipment_id);

-- waits: stock that comes is for this line. Not, or no more, when the channel said anything of the order since but the same again, or a
-- person said so (tributary backorders end, resume).
-- content_at: received_at of the content that was allocated, of a line that is short. Null: short before this migration.
-- What was short before waits for none: nobody knows here what was done about it meanwhile (report.backorders has it,
-- `tributary backorders resume` lets it wait).
ALTER TABLE allocation_lines ADD COLUMN content_at timestamptz;
ALTER TABLE allocation_lines ADD COLUMN waits boolean NOT NULL DEFAULT false
	CHECK (NOT waits OR (backordered_micro > 0 AND content_at IS NOT NULL));
CREATE INDEX allocation_lines_waiting ON allocation_lines (item_no) WHERE waits;
CREATE INDEX allocation_lines_backordered ON allocation_lines (order_id) WHERE backordered_micro > 0;

-- The message that told allocate of stock for what was short; null of a shipment that the order itself asked for. The auditor follows what
-- that message said: no document did.
ALTER TABLE shipments ADD COLUMN caused_by uuid;
CREATE INDEX shipments_caused ON shipments (order_id) WHERE caused_by IS NOT NULL;

GRANT UPDATE (allocated_micro, backordered_micro, candidates, content_at, waits) ON allocation_lines TO tributary_allocate;
GRANT SELECT (order_id, document) ON enrichments TO tributary_allocate;
-- What ingest may do to allocate's table, and no more: nothing of these orders waits for stock any more.
CREATE FUNCTION backorders_end(order_ids uuid[]) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = tributary, pg_temp AS
	$$UPDATE allocation_lines SET waits = false WHERE order_id = ANY (order_ids) AND waits$$;
REVOKE ALL ON FUNCTION backorders_end(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION backorders_end(uuid[]) TO tributary_ingest;
GRANT UPDATE (content_at, waits) ON allocation_lines TO tributary_operator;

GRANT USAGE ON SCHEMA tributary TO tributary_clock;
GRANT SELECT (order_id, party, received_at, changed_at, cancelled_at) ON orders TO tributary_clock;
GRANT SELECT (order_id, line_no, item_no, backordered_micro, content_at, waits) ON allocation_lines TO tributary_clock;
GRANT SELECT ON stock, warehouses, gates TO tributary_clock;
GRANT SELECT (order_id, state, origin) ON dead_letters TO tributary_clock;

-- What is short, by line, whether it waits for stock, and what is free of the item in the warehouses that are active.
CREATE VIEW report.backorders AS
SELECT a.order_id, o.party, o.number, a.line_no, a.item_no, trim_scale(a.ordered_micro / 1000000.0) AS ordered,
       trim_scale(a.backordered_micro / 1000000.0) AS backordered, o.received_at,
       a.waits,
       (SELECT trim_scale(coalesce(sum(s.on_hand_micro - s.reserved_micro), 0) / 1000000.0) FROM tributary.stock s
        JOIN tributary.warehouses w USING (warehouse) WHERE s.item_no = a.item_no AND w.active) AS free
FROM tributary.allocation_lines a
JOIN tributary.orders o USING (order_id)
WHERE a.backordered_micro > 0 AND o.cancelled_at IS NULL;
GRANT SELECT ON report.backorders TO tributary_operator;
