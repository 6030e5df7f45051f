-- ingest: what each party's documents look like, learned from them, and what some of them had that was different.
-- kind: X12's set, EDIFACT's message type, XML's root element, else what the routing key says; of cancellations with
-- " cancel" behind it. Paths as shared/shape/shape.h has them.
CREATE TABLE party_shapes (
	party      text NOT NULL,
	kind       text NOT NULL,
	path       text COLLATE "C" NOT NULL,   -- '' is the whole: its documents are all of them
	types      integer NOT NULL,            -- 1 null or empty, 2 boolean, 4 number, 8 text, 16 list, 32 object
	is_used    boolean NOT NULL,            -- the mapping reads it
	is_open    boolean NOT NULL,            -- its values are no codes
	documents  bigint NOT NULL,             -- that had it
	absent     bigint NOT NULL,             -- that had its parent without it
	first_seen timestamptz NOT NULL,
	last_seen  timestamptz NOT NULL,
	PRIMARY KEY (party, kind, path)
) WITH (fillfactor = 70);

-- The codes of a path that has few: hashes, for nothing is done with them but to see that one is new.
CREATE TABLE party_values (
	party text NOT NULL,
	kind  text NOT NULL,
	path  text COLLATE "C" NOT NULL,
	value bigint NOT NULL,
	PRIMARY KEY (party, kind, path, value)
);

CREATE TABLE party_drift (
	party        text NOT NULL,
	kind         text NOT NULL,
	path         text COLLATE "C" NOT NULL,
	what         text NOT NULL CHECK (what IN ('new', 'value', 'retyped', 'missing')),
	was          text NOT NULL,             -- types
	now          text NOT NULL,             -- type; the code of a value
	is_alarm     boolean NOT NULL,          -- retyped and missing: what a mapping uses is not what it was
	documents    bigint NOT NULL,
	document_id  uuid NOT NULL,             -- the last of them
	first_seen   timestamptz NOT NULL,
	last_seen    timestamptz NOT NULL,
	accepted_at  timestamptz,               -- a person said that it is right
	dismissed_at timestamptz,               -- a person said that it was wrong and is mended; it opens when it comes again
	PRIMARY KEY (party, kind, path, what, now)
);

GRANT SELECT, INSERT, UPDATE ON party_shapes, party_drift TO tributary_ingest;
GRANT SELECT, INSERT, DELETE ON party_values TO tributary_ingest;
GRANT SELECT ON party_shapes, party_values, party_drift TO tributary_operator;
GRANT UPDATE (accepted_at, dismissed_at) ON party_drift TO tributary_operator;
