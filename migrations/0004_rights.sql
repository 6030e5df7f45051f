-- Least privilege: every worker logs in as its own role, tributary_<worker>. What all of them may do to the skeleton's
-- tables comes through the group tributary_worker, of which each is a member; a new worker needs only rows of its own.

GRANT USAGE ON SCHEMA tributary TO tributary_worker, tributary_operator;

GRANT SELECT, INSERT ON journal TO tributary_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON gates, parked TO tributary_worker;
GRANT SELECT, INSERT, UPDATE ON exceptions, order_status TO tributary_worker;
GRANT INSERT ON timeline TO tributary_worker;

GRANT SELECT, INSERT ON documents, orders, order_lines, confirmations TO tributary_ingest;
GRANT UPDATE (outcome, order_id, code, path) ON documents TO tributary_ingest;  -- a released or replayed document
GRANT SELECT ON shipments TO tributary_ingest;

GRANT SELECT ON warehouses, customers, customer_accounts, items, item_aliases, item_units, prices, tax_rates, stock
	TO tributary_enrich;
GRANT SELECT, INSERT ON enrichments, line_enrichments TO tributary_enrich;

GRANT SELECT ON warehouses, items TO tributary_allocate;
GRANT SELECT, UPDATE (on_hand_micro, reserved_micro) ON stock TO tributary_allocate;
GRANT SELECT, INSERT, UPDATE ON reservations TO tributary_allocate;
GRANT SELECT, INSERT ON shipments, allocation_lines TO tributary_allocate;

GRANT SELECT, INSERT, UPDATE ON effects TO tributary_ship_sync;

GRANT SELECT ON enrichments TO tributary_invoice;
GRANT SELECT, INSERT ON invoices, invoice_lines TO tributary_invoice;
GRANT SELECT, UPDATE ON invoice_numbers TO tributary_invoice;

GRANT SELECT, INSERT, UPDATE ON dead_letters TO tributary_dead_letter;

-- The operator's commands: read all, load the mirror, release and replay.
GRANT SELECT ON ALL TABLES IN SCHEMA tributary TO tributary_operator;
GRANT INSERT, UPDATE, DELETE ON warehouses, customers, customer_accounts, items, item_aliases, item_units, prices,
	tax_rates, stock TO tributary_operator;
GRANT UPDATE ON exceptions, dead_letters TO tributary_operator;
GRANT UPDATE (code) ON effects TO tributary_operator;           -- a person's word that a request in doubt may be sent
GRANT DELETE ON journal TO tributary_operator;
GRANT INSERT ON timeline TO tributary_operator;
