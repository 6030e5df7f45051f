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
