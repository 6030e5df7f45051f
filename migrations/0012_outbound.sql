-- notify: what parties were sent about their orders, and what they said to it.
CREATE TABLE outbound_documents (
	document_id     uuid PRIMARY KEY,           -- derived from what it is about, so that nothing is said twice
	party           text NOT NULL,
	what            text NOT NULL CHECK (what IN ('order-response', 'ship-notice', 'invoice')),
	order_id        uuid NOT NULL,
	control         bigint NOT NULL,            -- its control number, as the party knows it
	content_type    text NOT NULL,
	body            bytea NOT NULL,             -- as it was sent
	issued_at       timestamptz NOT NULL,
	state           text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'accepted', 'with-errors', 'rejected')),
	reason          text,                       -- the party's codes, when it found fault
	acknowledged_at timestamptz
);
CREATE UNIQUE INDEX outbound_documents_control ON outbound_documents (party, control);
CREATE INDEX outbound_documents_order ON outbound_documents (order_id);

GRANT SELECT, INSERT ON outbound_documents TO tributary_notify;
GRANT UPDATE (state, reason, acknowledged_at) ON outbound_documents TO tributary_notify;
GRANT SELECT ON enrichments TO tributary_notify;
GRANT SELECT ON outbound_documents TO tributary_operator;

ALTER TABLE answer_numbers RENAME TO control_numbers;
REVOKE ALL ON control_numbers FROM tributary_ingest;
-- Answers (ingest) and documents (notify) of a party take their control numbers from one series, by this function alone.
CREATE FUNCTION control_numbers_take(parties text[], counts bigint[]) RETURNS TABLE (party text, last_number bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = tributary, pg_temp AS $$
	INSERT INTO control_numbers AS a (party, last_number)
	SELECT u.party, sum(u.n)::bigint FROM unnest(parties, counts) u(party, n) GROUP BY u.party ORDER BY u.party
	ON CONFLICT (party) DO UPDATE SET last_number = a.last_number + excluded.last_number
	RETURNING a.party, a.last_number
$$;
REVOKE ALL ON FUNCTION control_numbers_take FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_numbers_take TO tributary_ingest, tributary_notify;

ALTER TABLE documents DROP CONSTRAINT documents_outcome_check;
ALTER TABLE documents ADD CONSTRAINT documents_outcome_check CHECK (outcome IN ('order', 'change', 'cancel', 'shipment',
	'duplicate', 'exception', 'refused', 'ignored', 'split', 'acknowledgement', 'inventory'));

CREATE VIEW report.outbound_documents AS
SELECT d.document_id, d.party, d.what, d.control, o.number AS order_number, d.order_id, d.state, d.reason, d.issued_at,
       d.acknowledged_at, d.content_type, octet_length(d.body) AS bytes
FROM tributary.outbound_documents d LEFT JOIN tributary.orders o USING (order_id);
GRANT SELECT ON report.outbound_documents TO tributary_operator;
