-- auditor: reads everything, writes only what it found, and a line in the timeline where it put a message back.

-- Where it goes on. One row.
CREATE TABLE audit_cursor (
	is_only           boolean PRIMARY KEY DEFAULT true CHECK (is_only),
	orders_since      timestamptz NOT NULL DEFAULT now(),   -- timeline up to here was read: what changed
	documents_since   timestamptz NOT NULL DEFAULT now(),
	horizon_at        timestamptz NOT NULL DEFAULT now(),   -- nothing that commits from now on is older than this
	next_horizon_at   timestamptz NOT NULL DEFAULT now(),   -- … than this, once all of next_horizon_xid ended
	next_horizon_xid  bigint NOT NULL DEFAULT 0,
	orders_after      uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',  -- the slice of the old
	documents_after   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	stock_after       text NOT NULL DEFAULT '',
	pass_began_at     timestamptz NOT NULL DEFAULT now(),   -- of the pass over everything that is under way
	orders_passed_at  timestamptz,                          -- every order was seen since the pass that ended then began
	pass_seconds      bigint,                               -- how long that pass took
	rounds            bigint NOT NULL DEFAULT 0
);
INSERT INTO audit_cursor DEFAULT VALUES;

-- The last rounds.
CREATE TABLE audit_rounds (
	round_no  bigint PRIMARY KEY,
	began_at  timestamptz NOT NULL,
	took_ms   bigint NOT NULL,
	orders    bigint NOT NULL,
	documents bigint NOT NULL,
	findings  bigint NOT NULL,          -- in this round
	put_back  bigint NOT NULL
);

-- Rows that break a book. Open while cleared_at is null.
CREATE TABLE audit_findings (
	check_name text NOT NULL,
	table_name text NOT NULL,
	key        text NOT NULL,
	scope      text NOT NULL CHECK (scope IN ('order', 'document', 'stock', 'numbers')),
	subject    text NOT NULL,           -- what is checked again until it is clean: an order, a document, an item
	says       text NOT NULL,
	first_seen timestamptz NOT NULL,
	last_seen  timestamptz NOT NULL,
	cleared_at timestamptz,
	PRIMARY KEY (check_name, table_name, key)
);
CREATE INDEX audit_findings_open ON audit_findings (scope, subject) WHERE cleared_at IS NULL;

-- Documents of which not everything that was said because of them has settled yet.
CREATE TABLE audit_trails (
	document_id uuid PRIMARY KEY,
	next_at     timestamptz NOT NULL
);
CREATE INDEX audit_trails_next ON audit_trails (next_at);

-- A message that was said before its queue was there never came to it.
CREATE TABLE audit_queues (
	queue       text PRIMARY KEY,
	known_since timestamptz NOT NULL DEFAULT now()
);

-- Messages that were put back on their way.
CREATE TABLE audit_put_backs (
	message_id uuid NOT NULL,
	queue      text NOT NULL,
	order_id   uuid,
	times      integer NOT NULL DEFAULT 1,
	last_at    timestamptz NOT NULL,
	PRIMARY KEY (message_id, queue)
);

-- What changed is found by when it was written; these lie in that order.
CREATE INDEX timeline_at ON timeline USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX reservations_open ON reservations (item_no, warehouse) WHERE state = 'open';
CREATE INDEX dead_letters_message ON dead_letters (message_id);
CREATE INDEX gates_order ON gates (order_id);
CREATE INDEX parked_orders ON parked (order_id);
CREATE INDEX exceptions_message ON exceptions (message_id);

GRANT USAGE ON SCHEMA tributary TO tributary_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA tributary TO tributary_auditor;
ALTER DEFAULT PRIVILEGES IN SCHEMA tributary GRANT SELECT ON TABLES TO tributary_auditor;
GRANT INSERT ON timeline TO tributary_auditor;
GRANT UPDATE ON audit_cursor TO tributary_auditor;
GRANT INSERT, DELETE ON audit_rounds TO tributary_auditor;
GRANT INSERT, UPDATE ON audit_findings, audit_queues, audit_put_backs TO tributary_auditor;
GRANT INSERT, UPDATE, DELETE ON audit_trails TO tributary_auditor;
GRANT SELECT ON control_numbers TO tributary_operator;
GRANT SELECT ON audit_cursor, audit_rounds, audit_findings, audit_trails, audit_queues, audit_put_backs
	TO tributary_operator;
