-- What the messages of a transaction say is one value now, packed as one: they resemble each other, and each alone is below the
-- 2 KB from which Postgres packs. 1.6 KB a message were 0.4 then. Rows that were there keep theirs in `outputs`.
CREATE TABLE journal_outputs (
	outputs_id uuid PRIMARY KEY,            -- version 7: new ones lie side by side
	said_at    timestamptz NOT NULL,
	body       bytea NOT NULL               -- each message's outputs, one after the other (shared/worker/outputs.c)
);
CREATE INDEX journal_outputs_said_at ON journal_outputs USING brin (said_at) WITH (pages_per_range = 16, autosummarize = on);

DO $$
BEGIN
	IF 'lz4' = ANY ((SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression')::text[]) THEN
		ALTER TABLE journal_outputs ALTER COLUMN body SET COMPRESSION lz4;
	END IF;
END
$$;

-- Rows of before keep theirs. By its old name a program of before does not find it, and waits: it would take a new row for one
-- of a message that said nothing.
ALTER TABLE journal RENAME COLUMN outputs TO outputs_before;
ALTER TABLE journal ALTER COLUMN outputs_before DROP NOT NULL,
	ADD COLUMN outputs_id uuid,                          -- of journal_outputs; NULL: it said nothing
	ADD COLUMN outputs_from integer,                     -- bytes of its body before this message's
	ADD COLUMN outputs_bytes integer;

-- outputs: empty when the message said nothing; NULL when they are not there, or not whole: gone with a day that was dropped.
CREATE VIEW journal_known AS
SELECT j.message_id, j.stage, j.outcome, j.settled_at, j.outputs_id,
       CASE WHEN j.outputs_id IS NULL THEN coalesce(j.outputs_before, '')
            WHEN octet_length(o.body) >= j.outputs_from + j.outputs_bytes THEN substr(o.body, j.outputs_from + 1, j.outputs_bytes) END AS outputs
FROM journal j LEFT JOIN journal_outputs o USING (outputs_id);

GRANT INSERT ON journal_outputs TO tributary_worker;
GRANT SELECT ON journal_known TO tributary_worker, tributary_operator, tributary_auditor;
GRANT SELECT ON journal_outputs TO tributary_operator, tributary_auditor;

-- Documents of which something may still come, or is in question, also of those that are of no order: what was said because of
-- them stays.
CREATE VIEW documents_under_way AS
SELECT document_id, 'has messages under way' AS because FROM audit_trails
UNION ALL SELECT subject::uuid, 'has a finding, ' || check_name FROM audit_findings WHERE cleared_at IS NULL AND scope = 'document';
GRANT SELECT ON documents_under_way TO tributary_operator, tributary_auditor;

-- As in 0024, and a day stays while a document is under way that came in it or before. What it empties in the journal are rows of
-- before this migration.
CREATE OR REPLACE FUNCTION timeline_day_record(part integer, after uuid, max_orders integer) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tributary, pg_temp AS $$
DECLARE
	day    CONSTANT timeline_days := retention_day(part);
	sealed CONSTANT bigint := coalesce((SELECT last_place FROM timeline_seals ORDER BY batch_no DESC LIMIT 1), 0);
	orders uuid[];
	why    text;
BEGIN
	IF day.decided_at IS NOT NULL THEN
		RETURN NULL;
	END IF;
	SELECT 'document ' || u.document_id || ' ' || because INTO why FROM documents_under_way u LEFT JOIN documents d USING (document_id)
	WHERE d.received_at < day.until_at OR d.document_id IS NULL LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% stays: %', day.part_name, why USING ERRCODE = 'check_violation';
	END IF;
	EXECUTE format('SELECT ARRAY(SELECT DISTINCT order_id FROM %I WHERE $1 IS NULL OR order_id > $1 ORDER BY 1 LIMIT $2)',
	               day.part_name) INTO orders USING after, least(greatest(max_orders, 1), 10000);
	IF cardinality(orders) = 0 THEN
		RETURN NULL;
	END IF;
	SELECT 'order ' || order_id || ' ' || because INTO why FROM orders_under_way WHERE order_id = ANY (orders) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% stays: %', day.part_name, why USING ERRCODE = 'check_violation';
	END IF;
	EXECUTE format('INSERT INTO timeline_dropped AS d (part_no, subject_id, rows_count, marks)'
		' SELECT $1, order_id, count(*), string_agg(int8send(place) || sha256(seal_lead(''timeline'', place, order_id, at)'
		' || seal_field(stage) || seal_field(event) || seal_field(code) || seal_field(detail) || seal_field(message_id::text)),'
		' ''''::bytea ORDER BY place) FROM %I WHERE order_id = ANY ($2) AND place <= $3 GROUP BY order_id'
		' ON CONFLICT (part_no, subject_id) DO UPDATE SET rows_count = excluded.rows_count, marks = excluded.marks'
		' WHERE d.marks <> excluded.marks', day.part_name) USING part, orders, sealed;
	EXECUTE format('UPDATE journal j SET outputs_before = '''' FROM (SELECT DISTINCT message_id, stage FROM %I'
		' WHERE order_id = ANY ($1) AND event = ''done'') t WHERE j.message_id = t.message_id AND j.stage = t.stage'
		' AND j.outcome = ''done'' AND j.outputs_before <> '''' AND j.settled_at < $2', day.part_name) USING orders, day.until_at;
	RETURN orders[cardinality(orders)];
END
$$;

-- Retention: with a day of the timeline that was detached goes what was said in it. Returns how many rows went; fewer than
-- max_rows: there are no more.
CREATE FUNCTION journal_outputs_drop(part integer, max_rows integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tributary, pg_temp AS $$
DECLARE
	day  CONSTANT timeline_days := retention_day(part);
	gone bigint := 0;
BEGIN
	IF day.detached_at IS NOT NULL THEN
		DELETE FROM journal_outputs WHERE ctid = ANY (ARRAY(SELECT ctid FROM journal_outputs
			WHERE said_at >= day.from_at AND said_at < day.until_at LIMIT least(greatest(max_rows, 1), 10000)));
		GET DIAGNOSTICS gone = ROW_COUNT;
	END IF;
	RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION journal_outputs_drop FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_outputs_drop TO tributary_operator;
