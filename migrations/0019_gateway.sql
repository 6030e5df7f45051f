-- gateway: what was asked with an Idempotency-Key, so that the same question has the same answer, whatever Redis forgot
CREATE TABLE gateway_requests (
	party       text NOT NULL,
	key         text NOT NULL,              -- the caller's
	routing_key text NOT NULL,              -- of the document on intake
	content_type text NOT NULL,
	body_sha256 bytea NOT NULL CHECK (octet_length(body_sha256) = 32),
	document_id uuid NOT NULL,              -- as ingest calls it
	answer      text NOT NULL,              -- of the 202
	at          timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (party, key)
);
CREATE INDEX gateway_requests_at ON gateway_requests USING brin (at);

GRANT USAGE ON SCHEMA tributary TO tributary_gateway;
GRANT SELECT, INSERT, DELETE ON gateway_requests TO tributary_gateway;

-- What is asked of it: what became of a party's documents and orders, stock and prices. It reads, and by key.
GRANT SELECT ON documents, orders, order_status, order_states, timeline, shipments, invoices TO tributary_gateway;
GRANT SELECT (order_id, line_no, line_ref, sku) ON order_lines TO tributary_gateway;
GRANT SELECT (order_id, customer_no) ON enrichments TO tributary_gateway;
GRANT SELECT (order_id, line_no, base_unit) ON line_enrichments TO tributary_gateway;
GRANT SELECT ON reservations, confirmations, invoice_lines TO tributary_gateway;
GRANT SELECT (order_id, reference, state, prepared_at) ON effects TO tributary_gateway;
GRANT SELECT ON warehouses, customers, customer_accounts, items, item_aliases, item_units, prices, tax_rates, stock
	TO tributary_gateway;
-- A party's orders by time, for pages; which accounts a customer has at a party. The first is of an expression, so that no
-- plan takes another index for this order (workers/gateway/ask_orders_sql.c).
CREATE INDEX orders_party_received ON orders (party, (received_at AT TIME ZONE 'UTC'), order_id);
CREATE INDEX customer_accounts_customer ON customer_accounts (customer_no, party);

GRANT SELECT ON gateway_requests TO tributary_operator;
