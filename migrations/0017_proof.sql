-- The proof: what was written down cannot be changed unseen. Rows of the timeline, of audit_log and of documents are only
-- ever inserted; each takes a place from one sequence. tributary.timeline_seal() takes those of finished transactions in
-- batches, chains each subject's rows by hash, and each batch to the one before. `tributary order ID --proof` and
-- `tributary proof check` compute all of it again, from the rows (shared/proof).
--
-- A subject is what a chain is about: an order (its timeline and the acts of persons that concern it), a document of the
-- outside (itself alone), or nil (acts that concern no order).

-- CACHE must stay 1: a session that took places in advance would use them after the sealer passed them.
CREATE SEQUENCE seal_places AS bigint CACHE 1;

-- The rows that are there are numbered in the order in which they lie.
ALTER TABLE documents ADD COLUMN place bigint NOT NULL DEFAULT nextval('tributary.seal_places');
ALTER TABLE timeline  ADD COLUMN place bigint NOT NULL DEFAULT nextval('tributary.seal_places');
ALTER TABLE audit_log ADD COLUMN place bigint NOT NULL DEFAULT nextval('tributary.seal_places');

-- From now on a transaction has its id before it takes a place (CASE evaluates in this order): the sealer relies on it.
ALTER TABLE documents ALTER COLUMN place SET DEFAULT
	CASE WHEN pg_current_xact_id() >= '3'::xid8 THEN nextval('tributary.seal_places') END;
ALTER TABLE timeline  ALTER COLUMN place SET DEFAULT
	CASE WHEN pg_current_xact_id() >= '3'::xid8 THEN nextval('tributary.seal_places') END;
ALTER TABLE audit_log ALTER COLUMN place SET DEFAULT
	CASE WHEN pg_current_xact_id() >= '3'::xid8 THEN nextval('tributary.seal_places') END;

-- BRIN costs the writers next to nothing: places grow as the tables do.
CREATE INDEX timeline_place ON timeline USING brin (place) WITH (autosummarize = on);
CREATE INDEX documents_place ON documents USING brin (place) WITH (autosummarize = on);
CREATE UNIQUE INDEX audit_log_place ON audit_log (place);

-- Nobody but the owner says where a row stands, nor, of an act, when it was and as which role.
REVOKE INSERT ON timeline FROM tributary_worker, tributary_operator, tributary_auditor;
GRANT INSERT (order_id, at, stage, event, code, detail, message_id) ON timeline
	TO tributary_worker, tributary_operator, tributary_auditor;
REVOKE INSERT ON audit_log FROM tributary_operator;
GRANT INSERT (who, act, target_id, order_id, reason, before, after) ON audit_log TO tributary_operator;
REVOKE INSERT ON documents FROM tributary_ingest;
GRANT INSERT (document_id, party, kind, content_type, idempotency_key, sha256, body, outcome, order_id, code, path,
	received_at, parent_id, units_count) ON documents TO tributary_ingest;
GRANT USAGE ON SEQUENCE seal_places TO tributary_worker, tributary_operator, tributary_auditor;

-- The bytes of a row that its hash is of. Each field is its length in bytes (int32, big-endian; -1 of NULL) and its bytes:
--   source (UTF-8), place (int64), subject (16 bytes), when (int64, microseconds since 2000-01-01 UTC), then the facts in
--   the order below, as text in UTF-8.
-- shared/proof/proof.h says the same in C; tests/integration/proof.sh compares them. Sealed bytes never change: a new
-- column that is to be sealed gets a source of its own name (timeline2), chosen by place.
CREATE FUNCTION seal_field(v bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	$$SELECT coalesce(int4send(octet_length(v)) || v, '\xffffffff')$$;
CREATE FUNCTION seal_field(v text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS
	$$SELECT coalesce(int4send(octet_length(v)) || convert_to(v, 'UTF8'), '\xffffffff')$$;
CREATE FUNCTION seal_lead(source text, place bigint, subject uuid, at timestamptz) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT tributary.seal_field(source) || tributary.seal_field(int8send(place)) || tributary.seal_field(uuid_send(subject))
	    || tributary.seal_field(timestamptz_send(at))
$$;
CREATE VIEW seal_rows AS
SELECT place, order_id AS subject_id, seal_lead('timeline', place, order_id, at) || seal_field(stage) || seal_field(event)
       || seal_field(code) || seal_field(detail) || seal_field(message_id::text) AS bytes
FROM timeline
UNION ALL
SELECT place, coalesce(order_id, '00000000-0000-0000-0000-000000000000'),
       seal_lead('audit_log', place, coalesce(order_id, '00000000-0000-0000-0000-000000000000'), at)
       || seal_field(act_id::text) || seal_field(who) || seal_field(role) || seal_field(act) || seal_field(target_id)
       || seal_field(reason) || seal_field(before::text) || seal_field(after::text)
FROM audit_log
UNION ALL
SELECT place, document_id, seal_lead('documents', place, document_id, received_at) || seal_field(party) || seal_field(kind)
       || seal_field(content_type) || seal_field(idempotency_key) || seal_field(encode(sha256, 'hex'))
       || seal_field(parent_id::text)
FROM documents;

-- A batch: all rows whose places are first_place..last_place, which begins where the batch before ended.
CREATE TABLE timeline_seals (
	batch_no    bigint PRIMARY KEY,         -- 1, 2, 3 …
	first_place bigint NOT NULL,
	last_place  bigint NOT NULL,
	rows_count  bigint NOT NULL,
	sealed_at   timestamptz NOT NULL,
	heads_hash  bytea NOT NULL,             -- sha256 of subject, rows_count (int64) and head of each of its heads, by subject
	hash        bytea NOT NULL              -- sha256 of the hash of the batch before (the first: 32 zero bytes), batch_no,
);                                          -- first_place, last_place, rows_count, sealed_at (int64 each) and heads_hash
CREATE INDEX timeline_seals_sealed ON timeline_seals (sealed_at);
CREATE INDEX timeline_seals_hash ON timeline_seals (hash);

-- What a batch has of one subject. head: starting from its head in an earlier batch (the first: 32 zero bytes), for each
-- row in order of place: head = sha256(head || sha256(the row's bytes)).
CREATE TABLE timeline_heads (
	subject_id uuid NOT NULL,
	batch_no   bigint NOT NULL,
	rows_count bigint NOT NULL,
	head       bytea NOT NULL,
	marks      bytea NOT NULL,              -- per row its place (int64) and the first 8 bytes of its sha256: names what differs
	PRIMARY KEY (subject_id, batch_no)
);
CREATE INDEX timeline_heads_batch ON timeline_heads (batch_no, subject_id);

-- How far the sealer may go: every transaction that took a place up to safe_place has ended. Those that took one up to
-- fence_place had ids below fence_xid; when the last of them has ended, fence_place becomes the safe one.
CREATE TABLE seal_fence (
	is_only     boolean PRIMARY KEY DEFAULT true CHECK (is_only),
	safe_place  bigint NOT NULL,
	fence_place bigint NOT NULL,
	fence_xid   xid8 NOT NULL
);
INSERT INTO seal_fence VALUES (true, 0, 0, '3');

CREATE FUNCTION seal_link(head bytea, digest bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	$$SELECT CASE WHEN head IS NULL THEN digest ELSE sha256(head || digest) END$$;
CREATE AGGREGATE seal_chain(bytea) (SFUNC = seal_link, STYPE = bytea);

-- Seals the next batch: the rows of at most max_rows places. Returns how many rows; 0 when there is nothing to seal yet, or
-- another sealer is at it. Alone in its transaction, for its id must be younger than the places it looks at. Takes no lock
-- that a writer of rows could wait for. What is written between two calls is sealed by the one after.
CREATE FUNCTION timeline_seal(max_rows bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tributary, pg_temp SET enable_seqscan = off AS $$
DECLARE
	zero   CONSTANT bytea := decode(repeat('00', 32), 'hex');
	step   CONSTANT bigint := least(greatest(coalesce(max_rows, 0), 1), 100000);
	now_at CONSTANT timestamptz := clock_timestamp();
	newest bigint;
	own    xid8;
	fence  seal_fence;
	latest timeline_seals;
	this   timeline_seals;
	upto   bigint;
BEGIN
	IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
		RAISE EXCEPTION 'timeline_seal must be alone in its transaction' USING ERRCODE = 'active_sql_transaction';
	END IF;
	IF NOT pg_try_advisory_xact_lock(hashtextextended('tributary.timeline_seal', 0)) THEN
		RETURN 0;
	END IF;
	-- In this order: who took a place that is seen here had his id before, so it is below the own one.
	SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO newest FROM seal_places;
	own := pg_current_xact_id();
	SELECT * INTO STRICT fence FROM seal_fence;
	-- An id of the future is of another cluster, from which this one was restored: all its transactions have ended.
	IF fence.fence_xid < pg_snapshot_xmin(pg_current_snapshot()) OR fence.fence_xid > own THEN
		UPDATE seal_fence SET safe_place = fence_place, fence_place = newest, fence_xid = own
		RETURNING * INTO fence;
	END IF;

	SELECT * INTO latest FROM timeline_seals ORDER BY batch_no DESC LIMIT 1;
	this.batch_no := coalesce(latest.batch_no, 0) + 1;
	this.first_place := coalesce(latest.last_place, 0) + 1;
	upto := this.first_place - 1;
	LOOP -- places of what was rolled back stay empty
		IF upto >= fence.safe_place THEN
			RETURN 0;
		END IF;
		this.last_place := least(upto + step, fence.safe_place);
		WITH r AS MATERIALIZED (
			SELECT place, subject_id, sha256(bytes) AS digest FROM seal_rows WHERE place > upto AND place <= this.last_place
		), s AS (
			SELECT DISTINCT subject_id FROM r
		), link AS (
			SELECT subject_id, place, digest FROM r
			UNION ALL
			SELECT subject_id, 0, coalesce((SELECT h.head FROM timeline_heads h WHERE h.subject_id = s.subject_id
			                                ORDER BY h.batch_no DESC LIMIT 1), zero) FROM s
		)
		INSERT INTO timeline_heads (subject_id, batch_no, rows_count, head, marks)
		SELECT subject_id, this.batch_no, count(*) - 1, seal_chain(digest ORDER BY place),
		       string_agg(int8send(place) || substr(digest, 1, 8), ''::bytea ORDER BY place) FILTER (WHERE place > 0)
		FROM link GROUP BY subject_id;
		EXIT WHEN FOUND;
		upto := this.last_place;
	END LOOP;

	SELECT sum(rows_count), sha256(string_agg(uuid_send(subject_id) || int8send(rows_count) || head, ''::bytea
	                                          ORDER BY subject_id))
	INTO this.rows_count, this.heads_hash FROM timeline_heads WHERE batch_no = this.batch_no;
	this.sealed_at := now_at;
	this.hash := sha256(coalesce(latest.hash, zero) || int8send(this.batch_no) || int8send(this.first_place)
		|| int8send(this.last_place) || int8send(this.rows_count) || timestamptz_send(this.sealed_at) || this.heads_hash);
	INSERT INTO timeline_seals SELECT this.*;
	RETURN this.rows_count;
END
$$;
REVOKE ALL ON FUNCTION timeline_seal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION timeline_seal TO tributary_auditor;

GRANT SELECT ON timeline_seals, timeline_heads, seal_fence, seal_rows TO tributary_operator, tributary_auditor;
