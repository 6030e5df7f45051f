-- Retention: the timeline lies in one partition a day (UTC), and whole days of it are dropped when they are old enough.
--
-- No insert ever fails for want of a day: what no day takes is taken by timeline_default. With a default partition Postgres
-- does not detach CONCURRENTLY. So timeline_day_detach() takes the lock only when nobody holds another (NOWAIT, tried again),
-- and holds it for the change of the catalog alone: no statement waits behind one that waits.

ALTER TABLE timeline RENAME TO timeline_before;
ALTER INDEX timeline_order RENAME TO timeline_before_order;
ALTER INDEX timeline_at RENAME TO timeline_before_at;
ALTER INDEX timeline_place RENAME TO timeline_before_place;

CREATE TABLE timeline (LIKE timeline_before INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (at);
CREATE INDEX timeline_order ON timeline (order_id, at);
CREATE INDEX timeline_at ON timeline USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX timeline_place ON timeline USING brin (place) WITH (autosummarize = on);
CREATE TABLE timeline_default PARTITION OF timeline DEFAULT;

-- The rights that timeline had
GRANT SELECT ON timeline TO tributary_operator, tributary_auditor, tributary_gateway;
GRANT INSERT (order_id, at, stage, event, code, detail, message_id) ON timeline
	TO tributary_worker, tributary_operator, tributary_auditor;
REVOKE ALL ON timeline_before FROM tributary_worker, tributary_operator, tributary_auditor, tributary_gateway;
REVOKE INSERT (order_id, at, stage, event, code, detail, message_id) ON timeline_before
	FROM tributary_worker, tributary_operator, tributary_auditor;

CREATE OR REPLACE VIEW seal_rows AS
SELECT place, order_id AS subject_id, seal_lead('timeline', place, order_id, at) || seal_field(stage) || seal_field(event)
       || seal_field(code) || seal_field(detail) || seal_field(message_id::text) AS bytes, at AS timeline_at
FROM timeline
UNION ALL
SELECT place, coalesce(order_id, '00000000-0000-0000-0000-000000000000'),
       seal_lead('audit_log', place, coalesce(order_id, '00000000-0000-0000-0000-000000000000'), at)
       || seal_field(act_id::text) || seal_field(who) || seal_field(role) || seal_field(act) || seal_field(target_id)
       || seal_field(reason) || seal_field(before::text) || seal_field(after::text), NULL
FROM audit_log
UNION ALL
SELECT place, document_id, seal_lead('documents', place, document_id, received_at) || seal_field(party) || seal_field(kind)
       || seal_field(content_type) || seal_field(idempotency_key) || seal_field(encode(sha256, 'hex'))
       || seal_field(parent_id::text), NULL
FROM documents;

-- Between which instants a batch's rows of the timeline lie: who looks for an order's rows need not look into every day. It
-- is no part of the seal. NULL of the batches of before.
ALTER TABLE timeline_seals ADD COLUMN oldest_at timestamptz, ADD COLUMN newest_at timestamptz;

-- As in 0017, and fills in these two.
CREATE OR REPLACE FUNCTION timeline_seal(max_rows bigint) RETURNS bigint
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
	taken  bigint;
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
			SELECT place, subject_id, sha256(bytes) AS digest, timeline_at FROM seal_rows WHERE place > upto AND place <= this.last_place
		), s AS (
			SELECT DISTINCT subject_id FROM r
		), link AS (
			SELECT subject_id, place, digest FROM r
			UNION ALL
			SELECT subject_id, 0, coalesce((SELECT h.head FROM timeline_heads h WHERE h.subject_id = s.subject_id
			                                ORDER BY h.batch_no DESC LIMIT 1), zero) FROM s
		), heads AS (
			INSERT INTO timeline_heads (subject_id, batch_no, rows_count, head, marks)
			SELECT subject_id, this.batch_no, count(*) - 1, seal_chain(digest ORDER BY place),
			       string_agg(int8send(place) || substr(digest, 1, 8), ''::bytea ORDER BY place) FILTER (WHERE place > 0)
			FROM link GROUP BY subject_id
		)
		SELECT count(*), coalesce(min(timeline_at), latest.newest_at), coalesce(max(timeline_at), latest.newest_at)
		INTO taken, this.oldest_at, this.newest_at FROM r;
		EXIT WHEN taken > 0;
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

-- Every partition that was made, also of days that are dropped. To be dropped a day goes this way, in this order:
-- rows of it are recorded in timeline_dropped; decided; detached; dropped. Whoever ends in between goes on from there.
CREATE TABLE timeline_days (
	part_no       integer PRIMARY KEY,
	part_name     text NOT NULL UNIQUE,     -- of the table
	from_at       timestamptz NOT NULL,
	until_at      timestamptz NOT NULL,     -- exclusive
	made_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
	rows_count    bigint,                   -- as decided
	digest        bytea,                    -- sha256 chained (seal_chain) over sha256(subject_id || marks) of each of its rows
	                                        -- of timeline_dropped, by subject_id; empty of an empty day
	decided_at    timestamptz,              -- with a row of audit_log, retention.drop
	decided_place bigint,                   -- no row of a later place is in it
	detached_at   timestamptz,
	dropped_at    timestamptz,
	CHECK (from_at < until_at)
);

-- What is left of a dropped row: its place and its hash, so that the chains it is part of can still be computed.
CREATE TABLE timeline_dropped (
	part_no    integer NOT NULL,
	subject_id uuid NOT NULL,               -- the order
	rows_count integer NOT NULL,
	marks      bytea NOT NULL,              -- per row, by place: its place (int64) and the sha256 of its bytes
	PRIMARY KEY (part_no, subject_id)
);
CREATE INDEX timeline_dropped_subject ON timeline_dropped (subject_id);

GRANT SELECT ON timeline_days, timeline_dropped TO tributary_operator, tributary_auditor;

-- Orders of which something may still come, or is in question: none of their days goes.
CREATE VIEW orders_under_way AS
SELECT order_id, 'is ' || t.state AS because
FROM orders JOIN order_status USING (order_id) JOIN order_states t USING (rank) WHERE rank NOT IN (80, 90)
UNION ALL SELECT order_id, 'is ' || hold_reason || ' at ' || hold_stage FROM order_status WHERE hold_reason IS NOT NULL
UNION ALL SELECT order_id, 'has a gate at ' || queue FROM gates
UNION ALL SELECT order_id, 'has a message parked at ' || queue FROM parked
UNION ALL SELECT order_id, 'has an open exception, ' || code FROM exceptions WHERE state IN ('open', 'releasing')
UNION ALL SELECT order_id, 'has an open dead letter, ' || code FROM dead_letters WHERE state IN ('open', 'replaying')
UNION ALL SELECT order_id, 'has an effect ' || state FROM effects WHERE state IN ('prepared', 'in_doubt')
UNION ALL SELECT order_id, 'has an open reservation of ' || item_no FROM reservations WHERE state = 'open'
UNION ALL SELECT order_id, 'has messages under way' FROM audit_trails JOIN documents USING (document_id)
UNION ALL SELECT CASE WHEN scope = 'order' THEN subject::uuid END, 'has a finding, ' || check_name FROM audit_findings
	WHERE cleared_at IS NULL AND scope = 'order';
GRANT SELECT ON orders_under_way TO tributary_operator, tributary_auditor;

-- --- days ahead ---------------------------------------------------------------------------------------------------------

-- Makes the day's partition. Rows of it in timeline_default move, when they are at most max_rows. Returns whether it was made:
-- not when another partition has that day, or had it before it was dropped, or there are too many rows. Never waits for a
-- lock: lock_not_available. Whoever reads the timeline waits meanwhile, who writes into another day does not: some ms, and one
-- scan of timeline_default, which is empty as a rule.
CREATE FUNCTION timeline_day_make(day date, max_rows bigint) RETURNS boolean LANGUAGE plpgsql
SET search_path = tributary, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	starts CONSTANT timestamptz := day;
	ends   CONSTANT timestamptz := day + 1;
	part   CONSTANT text := 'timeline_' || to_char(day, 'YYYYMMDD');
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('tributary.timeline_days', 0));
	IF EXISTS (SELECT FROM timeline_days d WHERE d.from_at < ends AND d.until_at > starts) THEN
		RETURN false;
	END IF;
	EXECUTE format('CREATE TABLE %I (LIKE timeline INCLUDING ALL)', part);
	LOCK TABLE ONLY timeline IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
	LOCK TABLE timeline_default IN ACCESS EXCLUSIVE MODE NOWAIT;
	IF (SELECT count(*) > max_rows FROM (SELECT FROM timeline_default WHERE at >= starts AND at < ends
	                                     LIMIT max_rows + 1) t) THEN
		EXECUTE format('DROP TABLE %I', part);
		RETURN false;
	END IF;
	EXECUTE format('WITH moved AS (DELETE FROM timeline_default WHERE at >= %L AND at < %L RETURNING *)'
	               ' INSERT INTO %I SELECT * FROM moved', starts, ends, part);
	EXECUTE format('ALTER TABLE timeline ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, starts, ends);
	INSERT INTO timeline_days (part_no, part_name, from_at, until_at)
	SELECT coalesce(max(part_no), 0) + 1, part, starts, ends FROM timeline_days;
	RETURN true;
END
$$;
REVOKE ALL ON FUNCTION timeline_day_make FROM PUBLIC;

-- Makes the days up to two weeks ahead, as far as they are missing, at most three at a time. Returns how many. What cannot be
-- had at once is left to the next call.
CREATE FUNCTION timeline_days_make() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tributary, pg_temp SET timezone = 'UTC' SET lock_timeout = '20ms' AS $$
DECLARE
	today CONSTANT date := clock_timestamp()::date;
	made  integer := 0;
	day   date;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('tributary.timeline_days', 0))
	   OR pg_relation_size('timeline_default') > 32 << 20 THEN
		RETURN 0;
	END IF;
	FOR day IN
		SELECT g::date FROM generate_series(today, today + 14, interval '1 day') g
		WHERE NOT EXISTS (SELECT FROM timeline_days d WHERE d.from_at <= g AND g < d.until_at) ORDER BY g
	LOOP
		BEGIN
			made := made + timeline_day_make(day, 10000)::integer;
		EXCEPTION WHEN lock_not_available OR duplicate_table THEN
			NULL;
		END;
		EXIT WHEN made >= 3;
	END LOOP;
	RETURN made;
END
$$;
REVOKE ALL ON FUNCTION timeline_days_make FROM PUBLIC;
GRANT EXECUTE ON FUNCTION timeline_days_make TO tributary_auditor;

-- What was there before becomes one partition, to the end of today; rows of later than that, of a clock that is ahead, move.
-- Nobody writes into the timeline while all of it is read once, to see that no row is of later.
DO $$
DECLARE
	tomorrow CONSTANT timestamptz := (date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC';
	day date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
BEGIN
	IF EXISTS (SELECT FROM timeline_before) THEN
		WITH moved AS (DELETE FROM timeline_before WHERE at >= tomorrow RETURNING *) INSERT INTO timeline SELECT * FROM moved;
		EXECUTE format('ALTER TABLE timeline_before ADD CONSTRAINT timeline_before_at CHECK (at < %L) NOT VALID', tomorrow);
		ALTER TABLE timeline_before VALIDATE CONSTRAINT timeline_before_at;
		EXECUTE format('ALTER TABLE timeline ATTACH PARTITION timeline_before FOR VALUES FROM (MINVALUE) TO (%L)', tomorrow);
		INSERT INTO timeline_days (part_no, part_name, from_at, until_at) VALUES (1, 'timeline_before', '-infinity', tomorrow);
		day := day + 1;
	ELSE
		DROP TABLE timeline_before;
	END IF;
	FOR n IN 0..14 LOOP
		PERFORM timeline_day_make(day + n, 1000000);
	END LOOP;
END
$$;

-- --- days that go ---------------------------------------------------------------------------------------------------------
-- Called by `tributary retention`, as the operator: whatever it says, what is here holds. Each is a transaction of its own.

-- The day of that number, locked; an exception when it is younger than 30 days. Below that a message of it might come again:
-- the longest retry is an hour, a message that RabbitMQ holds back or a person replays may be days old; and who looks into
-- what went wrong last month needs the timeline. Also when the auditor has not read all of it: it says which messages of an
-- order are still under way.
CREATE FUNCTION retention_day(part integer) RETURNS timeline_days LANGUAGE plpgsql
SET search_path = tributary, pg_temp AS $$
DECLARE
	day timeline_days;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('tributary.retention', 0));
	SELECT * INTO STRICT day FROM timeline_days WHERE part_no = part;
	IF day.until_at > clock_timestamp() - interval '30 days' THEN
		RAISE EXCEPTION '% is younger than 30 days', day.part_name USING ERRCODE = 'check_violation';
	END IF;
	IF EXISTS (SELECT FROM audit_cursor WHERE least(orders_since, documents_since) < day.until_at) THEN
		RAISE EXCEPTION '%: the auditor has not come to its end yet', day.part_name USING ERRCODE = 'check_violation';
	END IF;
	RETURN day;
END
$$;
REVOKE ALL ON FUNCTION retention_day FROM PUBLIC;

-- Records what is left of the next orders' rows, and empties what their messages said, which is 8 of the 22 KB that an order
-- takes. The rows of the journal stay: a message that comes again is still known, and says nothing,
-- for all it said was settled. Returns the last of the orders; NULL when there are no more.
CREATE FUNCTION timeline_day_record(part integer, after uuid, max_orders integer) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
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
	EXECUTE format('UPDATE journal j SET outputs = '''' FROM (SELECT DISTINCT message_id, stage FROM %I'
		' WHERE order_id = ANY ($1) AND event = ''done'') t WHERE j.message_id = t.message_id AND j.stage = t.stage'
		' AND j.outcome = ''done'' AND j.outputs <> '''' AND j.settled_at < $2', day.part_name) USING orders, day.until_at;
	RETURN orders[cardinality(orders)];
END
$$;
REVOKE ALL ON FUNCTION timeline_day_record FROM PUBLIC;

-- Decides that a recorded day goes, and writes it down. Returns how many rows go with it.
CREATE FUNCTION timeline_day_decide(part integer, who text, reason text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tributary, pg_temp AS $$
DECLARE
	day      timeline_days := retention_day(part);
	recorded bigint;
	why      text;
BEGIN
	IF day.decided_at IS NOT NULL THEN
		RETURN day.rows_count;
	END IF;
	day.decided_place := coalesce((SELECT last_place FROM timeline_seals ORDER BY batch_no DESC LIMIT 1), 0);
	EXECUTE format('SELECT ''order '' || u.order_id || '' '' || because FROM orders_under_way u WHERE EXISTS'
	               ' (SELECT FROM %I t WHERE t.order_id = u.order_id) LIMIT 1', day.part_name) INTO why;
	IF why IS NOT NULL THEN
		RAISE EXCEPTION '% stays: %', day.part_name, why USING ERRCODE = 'check_violation';
	END IF;
	EXECUTE format('SELECT count(*) FROM %I', day.part_name) INTO day.rows_count;
	SELECT coalesce(sum(rows_count), 0), coalesce(seal_chain(sha256(uuid_send(subject_id) || marks) ORDER BY subject_id), '')
	INTO recorded, day.digest FROM timeline_dropped WHERE part_no = part;
	IF recorded <> day.rows_count THEN
		RAISE EXCEPTION '% has % rows, % of them recorded: some are not sealed yet, or came since', day.part_name,
			day.rows_count, recorded USING ERRCODE = 'check_violation';
	END IF;
	UPDATE timeline_days SET rows_count = day.rows_count, digest = day.digest, decided_at = clock_timestamp(),
		decided_place = day.decided_place WHERE part_no = part;
	INSERT INTO audit_log (who, act, target_id, reason, after)
	VALUES (who, 'retention.drop', day.part_name, reason, json_build_object('part_no', part, 'from', day.from_at,
		'until', day.until_at, 'rows', day.rows_count, 'digest', encode(day.digest, 'hex')));
	RETURN day.rows_count;
END
$$;
REVOKE ALL ON FUNCTION timeline_day_decide FROM PUBLIC;

-- Takes a decided day out of the timeline. wait_ms: 0 when it may not wait for a lock at all, else for so long, at most 50.
-- NULL: the lock was not to be had, try again. A row that came since it was decided makes the decision void, and false is
-- returned. The commit does not wait for the disk, for who waits for the lock waits for it: after a crash the day may be
-- there again.
CREATE FUNCTION timeline_day_detach(part integer, wait_ms integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tributary, pg_temp AS $$
DECLARE
	day   CONSTANT timeline_days := retention_day(part);
	is_it boolean;
BEGIN
	IF day.detached_at IS NOT NULL THEN
		RETURN true;
	ELSIF day.decided_at IS NULL THEN
		RETURN false;
	END IF;
	PERFORM set_config('synchronous_commit', 'off', true);
	PERFORM set_config('lock_timeout', least(greatest(wait_ms, 1), 50)::text, true);
	BEGIN
		IF wait_ms > 0 THEN
			LOCK TABLE ONLY timeline IN ACCESS EXCLUSIVE MODE;
		ELSE
			LOCK TABLE ONLY timeline IN ACCESS EXCLUSIVE MODE NOWAIT;
		END IF;
		LOCK TABLE timeline_default IN ACCESS EXCLUSIVE MODE NOWAIT;
		EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE NOWAIT', day.part_name);
	EXCEPTION WHEN lock_not_available THEN
		RETURN NULL;
	END;
	EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE place > $1)', day.part_name) INTO is_it USING day.decided_place;
	IF is_it THEN
		UPDATE timeline_days SET decided_at = NULL WHERE part_no = part;
		RETURN false;
	END IF;
	EXECUTE format('ALTER TABLE timeline DETACH PARTITION %I', day.part_name);
	UPDATE timeline_days SET detached_at = clock_timestamp() WHERE part_no = part;
	RETURN true;
END
$$;
REVOKE ALL ON FUNCTION timeline_day_detach FROM PUBLIC;

-- Drops a day that was detached: nobody knows its table any more.
CREATE FUNCTION timeline_day_drop(part integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tributary, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
	day CONSTANT timeline_days := retention_day(part);
BEGIN
	IF day.detached_at IS NULL THEN
		RETURN false;
	END IF;
	EXECUTE format('DROP TABLE IF EXISTS %I', day.part_name);
	UPDATE timeline_days SET dropped_at = coalesce(dropped_at, clock_timestamp()) WHERE part_no = part;
	RETURN true;
END
$$;
REVOKE ALL ON FUNCTION timeline_day_drop FROM PUBLIC;

-- Deletes the next rows of another table that are older: api_usage, or findings of the auditor that are cleared. Returns how
-- many; fewer than max_rows: there are no more.
CREATE FUNCTION retention_rows_delete(table_name text, keep_days integer, max_rows integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tributary, pg_temp AS $$
DECLARE
	before CONSTANT timestamptz := now() - greatest(keep_days, 30) * interval '1 day';
	gone   bigint;
BEGIN
	CASE table_name
	WHEN 'api_usage' THEN
		DELETE FROM api_usage WHERE ctid = ANY (ARRAY(SELECT ctid FROM api_usage
			WHERE day < (before AT TIME ZONE 'UTC')::date LIMIT max_rows));
	WHEN 'audit_findings' THEN
		DELETE FROM audit_findings WHERE ctid = ANY (ARRAY(SELECT ctid FROM audit_findings WHERE cleared_at < before LIMIT max_rows));
	END CASE;
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION retention_rows_delete FROM PUBLIC;

GRANT EXECUTE ON FUNCTION timeline_day_record, timeline_day_decide, timeline_day_detach, timeline_day_drop,
	retention_rows_delete TO tributary_operator;
