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

ALTER TABLE journal ALTER COLUMN outputs DROP NOT NULL,  -- of rows before this migration; else NULL
	ADD COLUMN outputs_id uuid,                          -- of journal_outputs; NULL: it said nothing
	ADD COLUMN outputs_from integer,                     -- bytes of its body before this message's
	ADD COLUMN outputs_bytes integer;

-- outputs: empty when the message said nothing; NULL when they are gone, with a day that was dropped.
CREATE VIEW journal_known AS
SELECT j.message_id, j.stage, j.outcome, j.settled_at, j.outputs_id,
       CASE WHEN j.outputs_id IS NULL THEN coalesce(j.outputs, '') ELSE substr(o.body, j.outputs_from + 1, j.outputs_bytes) END AS outputs
FROM journal j LEFT JOIN journal_outputs o USING (outputs_id);

GRANT INSERT ON journal_outputs TO tributary_worker;
GRANT SELECT ON journal_known TO tributary_worker, tributary_operator, tributary_auditor;
GRANT SELECT ON journal_outputs TO tributary_operator, tributary_auditor;

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
