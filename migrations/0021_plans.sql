-- Nothing reads it, and each row version of a status had to be put into it, and so into every index of the table (no HOT).
DROP INDEX order_status_held;

-- Bytes are packed with lz4 where this server has it: pglz, the default, costs ten times as much for about the same size.
DO $$
DECLARE
	c record;
BEGIN
	IF 'lz4' = ANY ((SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression')::text[]) THEN
		FOR c IN SELECT attrelid::regclass AS t, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
		         WHERE relnamespace = 'tributary'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0
		         AND NOT attisdropped AND attstorage IN ('x', 'm') AND atttypid = 'bytea'::regtype
		LOOP
			EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', c.t, c.attname);
		END LOOP;
	END IF;
END
$$;

-- ingest: whether the request for a shipment has had its answer, so that ship-sync need not hear of the confirmation
GRANT SELECT (order_id, reference, state) ON effects TO tributary_ingest;
