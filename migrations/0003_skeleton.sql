-- The skeleton's tables (shared/worker): what every worker writes about the messages it settles.

-- What each message came to at each stage, and what was said because of it: a repeat is answered from here (promise P2).
CREATE TABLE journal (
	message_id uuid NOT NULL,
	stage      text NOT NULL,
	outcome    text NOT NULL CHECK (outcome IN ('done', 'held', 'dead')),
	outputs    bytea NOT NULL,          -- the messages published, packed; empty when there were none
	settled_at timestamptz NOT NULL,
	PRIMARY KEY (message_id, stage)
);

-- An order's head that has not settled in a queue; later messages of the order wait behind it in `parked` (promise P5).
CREATE TABLE gates (
	queue    text NOT NULL,
	order_id uuid NOT NULL,
	head     uuid NOT NULL,             -- the message that may pass
	reason   text NOT NULL CHECK (reason IN ('retry', 'held', 'dead', 'parked')),
	since    timestamptz NOT NULL,
	PRIMARY KEY (queue, order_id)
);

CREATE TABLE parked (
	queue        text NOT NULL,
	message_id   uuid NOT NULL,
	place        bigint GENERATED ALWAYS AS IDENTITY,
	order_id     uuid NOT NULL,
	type         text NOT NULL,
	content_type text NOT NULL,
	party        text NOT NULL,
	version      integer NOT NULL,
	trace        text NOT NULL,
	body         bytea NOT NULL,
	parked_at    timestamptz NOT NULL,
	PRIMARY KEY (queue, message_id)
);
CREATE INDEX parked_order ON parked (queue, order_id, place);

-- The business says no: the order waits for a person or a rule. Holds the whole message, to be released again.
CREATE TABLE exceptions (
	exception_id uuid PRIMARY KEY,      -- derived from stage and message, so that a repeat opens no second one
	stage        text NOT NULL,
	queue        text NOT NULL,
	message_id   uuid NOT NULL,
	order_id     uuid,
	party        text NOT NULL,
	code         text NOT NULL,
	path         text NOT NULL,
	reason       text NOT NULL,
	state        text NOT NULL CHECK (state IN ('open', 'releasing', 'released', 'dismissed')),
	times        integer NOT NULL DEFAULT 1,   -- how often it was opened
	type         text NOT NULL,
	content_type text NOT NULL,
	version      integer NOT NULL,
	trace        text NOT NULL,
	body         bytea NOT NULL,
	opened_at    timestamptz NOT NULL,
	closed_at    timestamptz
);
CREATE INDEX exceptions_open ON exceptions (opened_at) WHERE state IN ('open', 'releasing');
CREATE INDEX exceptions_order ON exceptions (order_id);

-- Where each order stands: the furthest step it reached, and what holds it up, if anything.
CREATE TABLE order_states (
	rank  smallint PRIMARY KEY,
	state text NOT NULL UNIQUE
);
INSERT INTO order_states VALUES
	(10, 'accepted'), (20, 'enriched'), (25, 'backordered'), (28, 'part-allocated'), (30, 'allocated'),
	(50, 'part-shipped'), (60, 'shipped'), (70, 'part-invoiced'), (80, 'invoiced');

CREATE TABLE order_status (
	order_id    uuid PRIMARY KEY,
	rank        smallint NOT NULL,
	hold_reason text CHECK (hold_reason IN ('held', 'dead')),
	hold_stage  text,
	hold_code   text,
	updated_at  timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX order_status_held ON order_status (updated_at) WHERE hold_reason IS NOT NULL;

-- Every decision about an order, with its reason (promise P7).
CREATE TABLE timeline (
	order_id   uuid NOT NULL,
	at         timestamptz NOT NULL,
	stage      text NOT NULL,
	event      text NOT NULL,           -- done, held, parked, retry, dead, or what the worker says
	code       text,
	detail     text,
	message_id uuid NOT NULL
);
CREATE INDEX timeline_order ON timeline (order_id, at);

-- dead-letter: what was given up on, whole, before it is acknowledged
CREATE TABLE dead_letters (
	dead_letter_id   uuid PRIMARY KEY,  -- derived from origin and message
	message_id       text NOT NULL,     -- as it came: an unrouted one may be anything
	origin           text NOT NULL,     -- the queue it failed in; of an unrouted message: its exchange
	source           text NOT NULL CHECK (source IN ('worker', 'broker', 'unrouted')),
	routing_key      text NOT NULL,
	order_id         uuid,
	party            text NOT NULL,
	type             text NOT NULL,
	content_type     text NOT NULL,
	version          integer NOT NULL,
	trace            text NOT NULL,
	code             text NOT NULL,
	path             text NOT NULL,
	reason           text NOT NULL,
	fingerprint      text NOT NULL,     -- same fingerprint, same trouble: origin, type, code and path without indexes
	headers          json NOT NULL,     -- every header as it came
	body             bytea NOT NULL,
	state            text NOT NULL CHECK (state IN ('open', 'replaying', 'replayed', 'dismissed')),
	times            integer NOT NULL DEFAULT 1,
	died_at          timestamptz NOT NULL,
	closed_at        timestamptz
);
CREATE INDEX dead_letters_open ON dead_letters (died_at) WHERE state IN ('open', 'replaying');
CREATE INDEX dead_letters_fingerprint ON dead_letters (fingerprint);
