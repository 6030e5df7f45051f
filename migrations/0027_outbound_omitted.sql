-- notify: what a party is not told, as its mapping has nothing to say about it. What is told after it does not wait for it then.
CREATE TABLE outbound_omitted (
	document_id uuid PRIMARY KEY,               -- that it would have had: outbound_documents
	party       text NOT NULL,
	what        text NOT NULL CHECK (what IN ('order-response', 'ship-notice', 'invoice')),
	order_id    uuid NOT NULL,
	code        text NOT NULL,                  -- the mapping's own
	omitted_at  timestamptz NOT NULL
);
CREATE INDEX outbound_omitted_order ON outbound_omitted (order_id);

GRANT SELECT, INSERT ON outbound_omitted TO tributary_notify;
GRANT SELECT ON outbound_omitted TO tributary_operator;
