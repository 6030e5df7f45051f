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
GRANT SELECT ON documents, orders, order_status, order_states, timeline, shipments, invoices TO tributary_gateway;
GRANT SELECT ON gateway_requests TO tributary_operator;
