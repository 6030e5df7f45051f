-- bare - what one order writes at each hop, taken from one that the fleet took (tests/bench/run; as the superuser, in the fleet's
-- database). The bare limit writes the same rows of every order, in tables like the fleet's, with their indexes, defaults and
-- fill factors. But the timeline has no partitions, and the tables are new, where the fleet's hold what it took before.
-- Variable `number`: of a settled order of one shipment.

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;
CREATE SEQUENCE bare.places;

-- A value of a row of the order. Same hop and part: one transaction; same step: one statement, in their order.
CREATE TABLE bare.image (
	hop     integer NOT NULL,
	part    integer NOT NULL, -- of the hop's transactions: a stage that asks a partner has two
	step    integer NOT NULL, -- of the part's statements
	kind    text NOT NULL CHECK (kind IN ('insert', 'update', 'outputs')), -- outputs: one row a transaction, of all its messages
	tab     text NOT NULL,
	line    integer NOT NULL, -- of the order's rows in tab
	place   integer NOT NULL, -- of the columns
	name    text NOT NULL,
	type    text NOT NULL,
	letter  "char" NOT NULL,  -- of shared/store/store.h
	is_key  boolean NOT NULL,
	is_own  boolean NOT NULL, -- a text that no other row may have
	value   bytea             -- of U and B as they are, of the others as text
);

-- How long the message is that a hop says: the fleet's, in the same number; of the two for nobody one comes out of the sixth.
CREATE TABLE bare.bodies (hop integer PRIMARY KEY, bytes bigint NOT NULL);

CREATE VIEW bare.said AS SELECT message_id, stage, outputs_id, settled_at AS said_at, outputs AS body FROM tributary.journal_known;

-- Rows of a table or view under the condition, with some values replaced: into the image. columns: of an update, beside the key.
CREATE FUNCTION bare.image_put(hop integer, part integer, step integer, kind text, tab text, source text, condition text, columns text[], replaced jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r    jsonb;
	line integer := 0;
	keys smallint[] := coalesce((SELECT indkey::smallint[] FROM pg_index WHERE indrelid = ('bare.' || tab)::regclass AND indisprimary), '{}');
BEGIN
	FOR r IN EXECUTE format('SELECT to_jsonb(x) || %L FROM %s x WHERE %s', replaced, source, condition) LOOP
		line := line + 1;
		INSERT INTO bare.image
		SELECT hop, part, step, kind, tab, line, a.attnum, a.attname, t.name,
		       CASE t.name WHEN 'uuid' THEN 'U' WHEN 'bytea' THEN 'B' WHEN 'bigint' THEN 'I' WHEN 'integer' THEN 'N' WHEN 'smallint' THEN 'N'
			WHEN 'boolean' THEN 'O' WHEN 'timestamp with time zone' THEN 'Z' WHEN 'text' THEN 'T' WHEN 'json' THEN 'T' END,
		       a.attnum = ANY (keys),
		       t.name = 'text' AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum),
		       CASE t.name WHEN 'uuid' THEN uuid_send((r->>a.attname)::uuid) WHEN 'bytea' THEN (r->>a.attname)::bytea
			ELSE convert_to(r->>a.attname, 'UTF8') END
		FROM pg_attribute a CROSS JOIN LATERAL (SELECT format_type(a.atttypid, NULL)) t(name)
		WHERE a.attrelid = ('bare.' || tab)::regclass AND a.attnum > 0 AND NOT a.attisdropped
		AND (columns IS NULL OR a.attname = ANY (columns) OR a.attnum = ANY (keys))
		AND NOT (a.attname = 'place' AND a.atthasdef);
	END LOOP;
	IF line = 0 THEN
		RAISE EXCEPTION 'hop %: the order has no row in % where %', hop, source, condition;
	END IF;
END $$;

CREATE FUNCTION bare.image_make(external text) RETURNS uuid LANGUAGE plpgsql AS $body$
DECLARE
	id    uuid;
	tab   text;
	terms text;
	of    text;
	stage text;
	nth   integer;
	m     uuid;
	stages text[] := ARRAY['ingest', 'enrich', 'allocate', 'ship-sync', 'ingest', 'allocate', 'invoice'];
BEGIN
	SELECT o.order_id INTO STRICT id FROM tributary.orders o JOIN tributary.order_status s USING (order_id)
	WHERE o.party = 'shopify' AND o.number = external AND s.rank = 80;
	FOREACH tab IN ARRAY ARRAY['documents', 'orders', 'order_lines', 'order_status', 'enrichments', 'line_enrichments', 'allocation_lines',
		'reservations', 'shipments', 'effects', 'confirmations', 'invoices', 'invoice_lines', 'journal', 'journal_outputs', 'timeline'] LOOP
		EXECUTE format('CREATE TABLE bare.%I (LIKE tributary.%I INCLUDING ALL)', tab, tab);
		SELECT array_to_string(reloptions, ', ') INTO terms FROM pg_class WHERE oid = ('tributary.' || tab)::regclass;
		IF terms <> '' THEN -- LIKE takes no fill factor
			EXECUTE format('ALTER TABLE bare.%I SET (%s)', tab, terms);
		END IF;
	END LOOP;
	FOREACH tab IN ARRAY ARRAY['documents', 'timeline'] LOOP
		EXECUTE format('ALTER TABLE bare.%I ALTER place SET DEFAULT CASE WHEN pg_current_xact_id() >= %L::xid8 THEN nextval(%L) END', tab, 3, 'bare.places');
	END LOOP;
	of := format('order_id = %L', id);
	PERFORM bare.image_put(1, 1, 2, 'insert', 'orders', 'tributary.orders', of, NULL, '{}');
	PERFORM bare.image_put(1, 1, 3, 'insert', 'order_lines', 'tributary.order_lines', of, NULL, '{}');
	PERFORM bare.image_put(1, 1, 9, 'insert', 'order_status', 'tributary.order_status', of, NULL, '{"rank": 10}');
	PERFORM bare.image_put(2, 1, 1, 'insert', 'enrichments', 'tributary.enrichments', of, NULL, '{}');
	PERFORM bare.image_put(2, 1, 2, 'insert', 'line_enrichments', 'tributary.line_enrichments', of, NULL, '{}');
	PERFORM bare.image_put(3, 1, 1, 'insert', 'allocation_lines', 'tributary.allocation_lines', of, NULL, '{}');
	PERFORM bare.image_put(3, 1, 2, 'insert', 'shipments', 'tributary.shipments', of, NULL, '{}');
	PERFORM bare.image_put(3, 1, 3, 'insert', 'reservations', 'tributary.reservations', of, NULL, '{"state": "open", "shipped_micro": 0}');
	PERFORM bare.image_put(4, 1, 1, 'insert', 'effects', 'tributary.effects', of, NULL, '{"state": "prepared", "settled_at": null, "partner_ref": null}');
	PERFORM bare.image_put(4, 2, 1, 'update', 'effects', 'tributary.effects', of, ARRAY['state', 'partner_ref', 'settled_at'], '{}');
	PERFORM bare.image_put(5, 1, 2, 'insert', 'confirmations', 'tributary.confirmations', of, NULL, '{}');
	PERFORM bare.image_put(6, 1, 1, 'update', 'reservations', 'tributary.reservations', of, ARRAY['shipped_micro', 'state'], '{}');
	PERFORM bare.image_put(7, 1, 1, 'insert', 'invoices', 'tributary.invoices', of, NULL, '{}');
	PERFORM bare.image_put(7, 1, 2, 'insert', 'invoice_lines', 'tributary.invoice_lines', of, NULL, '{}');
	FOR hop IN 1..7 LOOP
		stage := stages[hop];
		nth := CASE WHEN hop IN (5, 6) THEN 1 ELSE 0 END; -- the second time at that stage
		SELECT t.message_id INTO STRICT m FROM tributary.timeline t WHERE t.order_id = id AND t.stage = stages[hop]
		GROUP BY t.message_id ORDER BY min(t.at) OFFSET nth LIMIT 1;
		IF stage = 'ingest' THEN
			PERFORM bare.image_put(hop, 1, 1, 'insert', 'documents', 'tributary.documents', format('document_id = %L', m), NULL, '{}');
		END IF;
		of := format('message_id = %L AND stage = %L', m, stage);
		IF (SELECT j.outputs <> '' FROM tributary.journal_known j WHERE j.message_id = m AND j.stage = stages[hop]) THEN
			PERFORM bare.image_put(hop, 1, 5, 'outputs', 'journal_outputs', 'bare.said', of, NULL, '{}');
		END IF;
		PERFORM bare.image_put(hop, CASE hop WHEN 4 THEN 2 ELSE 1 END, 6, 'insert', 'journal', 'tributary.journal', of, NULL, '{}');
		PERFORM bare.image_put(hop, CASE hop WHEN 4 THEN 2 ELSE 1 END, 7, 'insert', 'timeline', 'tributary.timeline', format('order_id = %L AND ', id) || of, NULL, '{}');
		IF hop IN (2, 3, 6, 7) THEN
			PERFORM bare.image_put(hop, 1, 8, 'update', 'order_status', 'tributary.order_status', format('order_id = %L', id), ARRAY['rank', 'updated_at'], '{}');
		END IF;
	END LOOP;
	-- Of what ingest said of the shipment, and allocate of the allocation, the envelope is among it: some 300 bytes.
	INSERT INTO bare.bodies
	SELECT 1, octet_length(document) FROM tributary.orders WHERE order_id = id
	UNION ALL SELECT 2, octet_length(document) FROM tributary.enrichments WHERE order_id = id
	UNION ALL SELECT 3, octet_length(document) FROM tributary.shipments WHERE order_id = id
	UNION ALL SELECT 4, octet_length(body) FROM tributary.documents WHERE order_id = id AND kind = 'shipment'
	UNION ALL SELECT 5, octet_length(value) - 300 FROM bare.image WHERE hop = 5 AND kind = 'outputs' AND name = 'body'
	UNION ALL SELECT 6, octet_length(value) - 600 - octet_length(document) FROM bare.image, tributary.shipments
	          WHERE order_id = id AND hop = 3 AND kind = 'outputs' AND name = 'body'
	UNION ALL SELECT 7, octet_length(document) FROM tributary.invoices WHERE order_id = id;
	RETURN id;
END $body$;

SELECT bare.image_make(:'number');
