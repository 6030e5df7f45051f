-- grow - makes the function that copies settled orders (tests/bench/grow loads it; as the owner, in schema bench_grow)
--
-- A template is a real order, taken by the fleet to its invoice. A copy has all its rows, in every table that has rows of it,
-- with other ids, numbers and times: also inside the documents and messages, which are bytes. Everything that differs from
-- order to order has the same width in each, so a copy is the template's bytes with other bytes at known places:
--
--   the channel's number, G and 8 digits         the invoice's number, INV- and 8 digits
--   each uuid, as 16 bytes and as text           each instant, as microseconds in 8 bytes and as RFC 3339
--
-- The order's id is the one that ingest derives, and the hashes are those of the copied bytes: the same order published
-- again is a duplicate. The other ids are md5 of the template's and the number, and begin like the order's where the template's
-- do, or with the document's channel and the order's place. References of the partner (WMS-…) are the template's.

CREATE SCHEMA IF NOT EXISTS bench_grow;

CREATE TABLE IF NOT EXISTS bench_grow.meta (
	is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
	begin_at    timestamptz NOT NULL DEFAULT now() - interval '30 days',  -- received_at of number 0
	step        interval NOT NULL DEFAULT interval '0.25 s',              -- from one number to the next
	next_number bigint NOT NULL                                           -- the first that is free
);
INSERT INTO bench_grow.meta (next_number) VALUES (100) ON CONFLICT DO NOTHING;

-- The timeline's days of the numbers first..last, as far as they are missing; rows of no day would lie in the default partition.
CREATE OR REPLACE FUNCTION bench_grow.days_make(first bigint, last bigint) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FILTER (WHERE tributary.timeline_day_make(d::date, 1000000)) FROM bench_grow.meta m, generate_series(
		date_trunc('day', (m.begin_at + first * m.step) AT TIME ZONE 'UTC'), (m.begin_at + last * m.step) AT TIME ZONE 'UTC', interval '1 day') d
$$;

-- What differs in the copies of a template: its bytes, and the expression of those of a copy (of i, a row of bench_grow_ids).
CREATE TABLE IF NOT EXISTS bench_grow.tokens (
	template integer NOT NULL,
	old      bytea NOT NULL,
	new      text NOT NULL,
	PRIMARY KEY (template, old)
);

-- As uuid_of_order() has it (shared/base/uuid.h): a hash of the party, the place of the number, the rest of a hash of both.
CREATE OR REPLACE FUNCTION bench_grow.order_id(party text, external_id text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT encode(substr(sha256(convert_to(party, 'UTF8')), 1, 2) || substr(int8send(bits::bigint << 26
		| (CASE WHEN bits > 26 THEN n >> (bits - 27) ELSE n << (27 - bits) END & ((1 << 26) - 1))), 5)
		|| substr(set_byte(set_byte(h, 6, get_byte(h, 6) & 15 | 128), 8, get_byte(h, 8) & 63 | 128), 7), 'hex')::uuid
	FROM (SELECT coalesce(nullif(substr(ltrim(regexp_replace(external_id, '[^0-9]', '', 'g'), '0'), 1, 18), '')::bigint, 0)) v(n),
	LATERAL (SELECT length(ltrim(n::bit(64)::text, '0'))) b(bits),
	LATERAL (SELECT substr(public.digest('\x8e1d5b0a934c4f7ea6213c70d915b200'::bytea
		|| set_byte('\x00000000', 0, length(party)) || convert_to(party, 'UTF8')
		|| set_byte('\x00000000', 0, length(external_id)) || convert_to(external_id, 'UTF8'), 'sha1'), 1, 16)) d(h)
$$;
-- Any 16 bytes as an id near that one.
CREATE OR REPLACE FUNCTION bench_grow.near(id bytea, other bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$SELECT substr(other, 1, 6) || substr(set_byte(id, 6, get_byte(id, 6) & 15 | 128), 7)$$;

-- An id of version 7 of that time.
CREATE OR REPLACE FUNCTION bench_grow.outputs_id(at timestamptz, seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT encode(substr(int8send((extract(epoch FROM at) * 1000)::bigint), 3) || substr(set_byte(h, 6, get_byte(h, 6) & 15 | 112), 7), 'hex')::uuid
	FROM (SELECT decode(md5(seed), 'hex')) x(h)
$$;

CREATE OR REPLACE FUNCTION bench_grow.instant_bytes(at timestamptz) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$SELECT int8send((extract(epoch FROM at) * 1000000)::bigint)$$;
CREATE OR REPLACE FUNCTION bench_grow.instant_text(at timestamptz) RETURNS bytea LANGUAGE sql STABLE AS
	$$SELECT convert_to(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'UTF8')$$;

-- The bytes as an expression: pieces of them and, between, what differs.
CREATE OR REPLACE FUNCTION bench_grow.pieces(template_no integer, bytes bytea) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	rest  bytea := bytes;
	parts text[] := '{}';
	best  record;
BEGIN
	LOOP
		SELECT t.old, t.new, position(t.old IN rest) AS at INTO best FROM bench_grow.tokens t
		WHERE t.template = template_no AND position(t.old IN rest) > 0 ORDER BY position(t.old IN rest), length(t.old) DESC LIMIT 1;
		EXIT WHEN NOT FOUND;
		IF best.at > 1 THEN
			parts := parts || format('%L::bytea', substr(rest, 1, best.at - 1));
		END IF;
		parts := parts || best.new;
		rest := substr(rest, best.at + length(best.old));
	END LOOP;
	IF length(rest) > 0 OR parts = '{}' THEN
		parts := parts || format('%L::bytea', rest);
	END IF;
	RETURN array_to_string(parts, ' || ');
END
$$;

-- What comes behind a key of a msgpack map: its place, and how long it is. Only text of at most 31 bytes and integers of 8.
CREATE OR REPLACE FUNCTION bench_grow.value_at(map bytea, key text, OUT at integer, OUT length integer) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	name bytea := set_byte('\x00', 0, 160 + length(key)) || convert_to(key, 'UTF8');
	type integer;
BEGIN
	at := position(name IN map) + octet_length(name);
	type := get_byte(map, at - 1);
	length := CASE WHEN type = 207 THEN 9 ELSE 1 + (type & 31) END;
	IF position(name IN map) = 0 OR type <> 207 AND type NOT BETWEEN 160 AND 191 THEN
		RAISE EXCEPTION '% is not there, or of another type', key;
	END IF;
END
$$;

-- What the hash of an order's content is of (shared/intake: intake_hash): received_at is 0, revision and payment_status are not
-- there. template_make checks that it is so.
CREATE OR REPLACE FUNCTION bench_grow.content(document bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	m bytea := document;
	v record;
	k text;
BEGIN
	v := bench_grow.value_at(m, 'received_at');
	m := substr(m, 1, v.at - 1) || '\x00' || substr(m, v.at + v.length);
	FOREACH k IN ARRAY ARRAY['revision', 'payment_status'] LOOP
		v := bench_grow.value_at(m, k);
		m := substr(m, 1, v.at - 2 - length(k)) || substr(m, v.at + v.length);
	END LOOP;
	IF get_byte(m, 0) <> 222 OR get_byte(m, 2) NOT BETWEEN 16 AND 17 THEN -- a map of 16 bits, which becomes one of 4
		RAISE EXCEPTION 'an order of the template has 16 or 17 fields';
	END IF;
	RETURN set_byte('\x00', 0, 128 + get_byte(m, 2) - 2) || substr(m, 4);
END
$$;

-- One column of one row of a template, as an expression.
CREATE OR REPLACE FUNCTION bench_grow.column_copy(template_no integer, tab text, col text, type text, value text, r jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF value IS NULL THEN
		RETURN 'NULL::' || type;
	ELSIF tab = 'documents' AND col = 'sha256' THEN
		RETURN format('sha256(%s)', bench_grow.pieces(template_no, (r->>'body')::bytea));
	ELSIF tab = 'orders' AND col = 'content_sha256' THEN -- as intake_hash has it
		RETURN format('sha256(%s)', bench_grow.pieces(template_no, bench_grow.content((r->>'document')::bytea)));
	ELSIF type = 'uuid' THEN
		RETURN (SELECT format('encode(%s, ''hex'')::uuid', new) FROM bench_grow.tokens WHERE template = template_no AND old = uuid_send(value::uuid));
	ELSIF type = 'bytea' THEN
		RETURN bench_grow.pieces(template_no, value::bytea);
	ELSIF type IN ('text', 'json') THEN
		IF (bench_grow.pieces(template_no, convert_to(value, 'UTF8'))) = format('%L::bytea', convert_to(value, 'UTF8')) THEN
			RETURN format('%L::%s', value, type);
		END IF;
		RETURN format('convert_from(%s, ''UTF8'')::%s', bench_grow.pieces(template_no, convert_to(value, 'UTF8')), type);
	ELSIF type = 'timestamp with time zone' AND col <> 'placed_at' THEN -- which the channel said, and is a part of the content
		RETURN format('%L::timestamptz + i.shift', value);
	END IF;
	RETURN format('%L::%s', value, type);
END
$$;

-- Reads template number `template_no` and makes bench_grow.copy_<template_no>(first, last, invoices): copies the numbers
-- first..last that are its turn; invoices is what the number of the invoice is ahead of the order's.
CREATE OR REPLACE FUNCTION bench_grow.template_make(template_no integer, templates integer, external text) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
	o         tributary.orders;
	documents uuid[];
	messages  uuid[];
	tab       text;
	cond      text;
	r         jsonb;
	insert    text;
	code      text := '';
	names     text;
	selects   text[];
	ids       text := '';
	u         uuid;
	n         integer := 0;
	at        timestamptz;
	zero      timestamptz;
	invoice   text;
BEGIN
	SELECT * INTO STRICT o FROM tributary.orders WHERE party = 'shopify' AND external_id = external;
	IF o.order_id <> bench_grow.order_id(o.party, external) THEN
		RAISE EXCEPTION 'the order''s id is derived in another way than here: %', external;
	END IF;
	IF o.content_sha256 <> sha256(bench_grow.content(o.document)) THEN
		RAISE EXCEPTION 'the hash of the order''s content is made in another way than here: %', external;
	END IF;
	SELECT number INTO STRICT invoice FROM tributary.invoices WHERE order_id = o.order_id;
	zero := o.received_at;
	documents := ARRAY(SELECT document_id FROM tributary.documents WHERE order_id = o.order_id);
	messages := ARRAY(SELECT message_id FROM tributary.timeline WHERE order_id = o.order_id) || documents;

	-- What differs
	DELETE FROM bench_grow.tokens WHERE template = template_no;
	INSERT INTO bench_grow.tokens VALUES (template_no, convert_to(external, 'UTF8'), 'i.external'), (template_no, convert_to(invoice, 'UTF8'), 'i.invoice');
	FOR u IN
		SELECT x FROM unnest(documents || messages) x UNION SELECT shipment_id FROM tributary.shipments WHERE order_id = o.order_id
		UNION SELECT invoice_id FROM tributary.invoices WHERE order_id = o.order_id UNION SELECT o.order_id
		UNION SELECT effect_id FROM tributary.effects WHERE order_id = o.order_id
		UNION SELECT (regexp_matches(encode(outputs, 'escape'), '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', 'g'))[1]::uuid
		      FROM tributary.journal_known WHERE message_id = ANY (messages)
	LOOP
		n := n + 1;
		INSERT INTO bench_grow.tokens VALUES (template_no, uuid_send(u), format('i.u[%s]', n)), (template_no, convert_to(u::text, 'UTF8'), format('i.t[%s]', n));
		ids := ids || CASE WHEN n > 1 THEN ', ' ELSE '' END || CASE WHEN u = o.order_id THEN 'o'
			WHEN left(u::text, 13) = left(o.order_id::text, 13) THEN format('bench_grow.near(decode(md5(%L || n), ''hex''), o)', u)
			WHEN substr(u::text, 15, 1) = '8' THEN format('bench_grow.near(decode(md5(%L || n), ''hex''), %L::bytea || substr(o, 3))', u, substr(uuid_send(u), 1, 2))
			ELSE format('decode(md5(%L || n), ''hex'')', u) END;
	END LOOP;

	FOREACH tab IN ARRAY ARRAY['documents', 'orders', 'order_lines', 'enrichments', 'line_enrichments', 'allocation_lines', 'shipments',
		'reservations', 'effects', 'confirmations', 'invoices', 'invoice_lines', 'order_status', 'journal_known', 'timeline'] LOOP
		cond := CASE tab WHEN 'journal_known' THEN format('message_id = ANY (%L::uuid[])', messages) ELSE format('order_id = %L', o.order_id) END;
		FOR r IN EXECUTE format('SELECT to_jsonb(x) FROM tributary.%I x WHERE %s', tab, cond) LOOP
			FOR at IN SELECT (r->>attname)::timestamptz FROM pg_attribute WHERE attrelid = ('tributary.' || tab)::regclass AND atttypid = 'timestamptz'::regtype
			          AND attname <> 'placed_at' AND attnum > 0 AND NOT attisdropped AND r->>attname IS NOT NULL LOOP
				INSERT INTO bench_grow.tokens VALUES
					(template_no, bench_grow.instant_bytes(at), format('bench_grow.instant_bytes(%L::timestamptz + i.shift)', at)),
					(template_no, bench_grow.instant_text(at), format('bench_grow.instant_text(%L::timestamptz + i.shift)', at)) ON CONFLICT DO NOTHING;
			END LOOP;
		END LOOP;
	END LOOP;

	-- The statements
	FOREACH tab IN ARRAY ARRAY['documents', 'orders', 'order_lines', 'enrichments', 'line_enrichments', 'allocation_lines', 'shipments',
		'reservations', 'effects', 'confirmations', 'invoices', 'invoice_lines', 'order_status', 'timeline'] LOOP
		cond := format('order_id = %L', o.order_id);
		SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names FROM pg_attribute
		WHERE attrelid = ('tributary.' || tab)::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'place' OR
		      attrelid = ('tributary.' || tab)::regclass AND attname = 'place' AND tab = 'shipments';
		selects := '{}';
		FOR r IN EXECUTE format('SELECT to_jsonb(x) FROM tributary.%I x WHERE %s', tab, cond) LOOP
			SELECT string_agg(bench_grow.column_copy(template_no, tab, attname, format_type(atttypid, NULL), r->>attname, r), ', ' ORDER BY attnum)
			INTO insert FROM pg_attribute WHERE attrelid = ('tributary.' || tab)::regclass AND attnum > 0 AND NOT attisdropped
			AND (attname <> 'place' OR tab = 'shipments');
			selects := selects || format('SELECT %s FROM bench_grow_ids i', insert);
		END LOOP;
		IF selects = '{}' THEN
			RAISE EXCEPTION 'order % has no row in %', external, tab;
		END IF;
		code := code || format(E'INSERT INTO tributary.%I (%s) %s;\n', tab, names, array_to_string(selects, ' UNION ALL '));
	END LOOP;
	-- What the messages of a transaction said is one value: of so many orders, and of one day
	FOR r IN SELECT to_jsonb(x) FROM tributary.journal_known x WHERE message_id = ANY (messages) LOOP
		code := code || format($q$
			WITH s AS MATERIALIZED (SELECT m.*, (m.at AT TIME ZONE 'UTC')::date AS day, length(said) AS bytes, (row_number() OVER (ORDER BY m.at) - 1) / 48 AS n
				FROM (SELECT %s AS message_id, %s AS at, %s AS said FROM bench_grow_ids i) m),
			g AS MATERIALIZED (SELECT day, n, min(at) AS at, bench_grow.outputs_id(min(at), min(message_id::text)) AS id,
				string_agg(said, ''::bytea ORDER BY at) AS body FROM s WHERE bytes > 0 GROUP BY 1, 2),
			o AS (INSERT INTO tributary.journal_outputs (outputs_id, said_at, body) SELECT id, at, body FROM g)
			INSERT INTO tributary.journal (message_id, stage, outcome, settled_at, outputs_id, outputs_from, outputs_bytes)
			SELECT s.message_id, %L, %L, s.at, g.id, sum(s.bytes) OVER (PARTITION BY s.day, s.n ORDER BY s.at) - s.bytes, s.bytes FROM s LEFT JOIN g USING (day, n);
			$q$, bench_grow.column_copy(template_no, 'journal', 'message_id', 'uuid', r->>'message_id', r),
			bench_grow.column_copy(template_no, 'journal', 'settled_at', 'timestamp with time zone', r->>'settled_at', r),
			bench_grow.column_copy(template_no, 'journal', 'outputs', 'bytea', r->>'outputs', r), r->>'stage', r->>'outcome');
	END LOOP;
	EXECUTE format($f$
		CREATE OR REPLACE FUNCTION bench_grow.copy_%s(first bigint, last bigint, invoices bigint) RETURNS void LANGUAGE plpgsql AS $copy$
		BEGIN
			CREATE TEMP TABLE IF NOT EXISTS bench_grow_ids (external bytea, invoice bytea, shift interval, u bytea[], t bytea[]) ON COMMIT DELETE ROWS;
			TRUNCATE bench_grow_ids;
			INSERT INTO bench_grow_ids
			SELECT convert_to(e, 'UTF8'), convert_to('INV-' || lpad((n + invoices)::text, 8, '0'), 'UTF8'), m.begin_at + n * m.step - %L::timestamptz, u,
			       ARRAY(SELECT convert_to(encode(x, 'hex')::uuid::text, 'UTF8') FROM unnest(u) x)
			FROM bench_grow.meta m, generate_series(first, last) n, LATERAL (SELECT 'G' || lpad(n::text, 8, '0')) y(e),
			     LATERAL (SELECT uuid_send(bench_grow.order_id(%L, e)) OFFSET 0) w(o), LATERAL (SELECT ARRAY[%s]) z(u) WHERE n %% %s = %s;
			%s
		END $copy$ $f$, template_no, zero, o.party, ids, templates, template_no, code);
END
$body$;
