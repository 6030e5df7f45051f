-- Draining dead letters: what people note about a kind of trouble, the frozen plans of replays, and edits.

-- What the next shift must know of a fingerprint.
CREATE TABLE fingerprint_notes (
	fingerprint  text PRIMARY KEY,
	owner        text,
	note         text,
	locked_until timestamptz,               -- do not replay before
	lock_reason  text,
	updated_at   timestamptz NOT NULL
);

-- A plan is a frozen set of dead letters; what dies later is never in it.
CREATE TABLE replay_plans (
	plan_id  uuid PRIMARY KEY,
	made_at  timestamptz NOT NULL,
	made_by  text NOT NULL,
	filter   text NOT NULL,                 -- as it was asked for, for people
	digest   bytea NOT NULL,                -- of all its items: which, how often they had died, how often edited
	items    bigint NOT NULL,
	state    text NOT NULL CHECK (state IN ('previewing', 'ready', 'applying', 'stopped', 'done')),
	outcome  text,                          -- why it stopped
	ended_at timestamptz
);

CREATE TABLE replay_items (
	plan_id        uuid NOT NULL REFERENCES replay_plans,
	place          bigint NOT NULL,         -- from 1, oldest first
	item_id        uuid NOT NULL UNIQUE,    -- a preview's answer finds it by this
	dead_letter_id uuid NOT NULL REFERENCES dead_letters,
	times          integer NOT NULL,        -- of the letter, when the plan was made
	edits          integer NOT NULL,
	fingerprint    text NOT NULL,
	-- What its stage said it would do, in a transaction that was rolled back
	preview        text CHECK (preview IN ('done', 'answered', 'held', 'dead', 'retry', 'parked', 'none')),
	preview_code   text,
	preview_path   text,
	preview_text   text,
	previewed_at   timestamptz,
	-- What was done
	sent_at        timestamptz,
	verdict        text CHECK (verdict IN ('done', 'held', 'dead', 'under-way', 'skipped')),
	verdict_code   text,
	PRIMARY KEY (plan_id, place)
) WITH (fillfactor = 80);
CREATE INDEX replay_items_letter ON replay_items (dead_letter_id);

ALTER TABLE dead_letters ADD COLUMN edits integer NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_groups ON dead_letters (fingerprint, died_at) WHERE state IN ('open', 'replaying');
CREATE INDEX dead_letters_order ON dead_letters (order_id);

-- The original of what a person corrected.
CREATE TABLE dead_letter_edits (
	dead_letter_id uuid NOT NULL REFERENCES dead_letters,
	edit_no        integer NOT NULL,        -- from 1
	at             timestamptz NOT NULL DEFAULT clock_timestamp(),
	pointer        text NOT NULL,           -- RFC 6901
	before         text,                    -- JSON; NULL when there was nothing
	after          text,                    -- NULL when it was removed
	body           bytea NOT NULL,          -- as it was before this edit
	PRIMARY KEY (dead_letter_id, edit_no)
);

GRANT SELECT, INSERT, UPDATE ON fingerprint_notes, replay_plans, replay_items TO tributary_operator;
GRANT SELECT, INSERT ON dead_letter_edits TO tributary_operator;
GRANT SELECT (item_id), UPDATE (preview, preview_code, preview_path, preview_text, previewed_at) ON replay_items
	TO tributary_worker;

CREATE OR REPLACE VIEW report.dead_letters AS
SELECT d.dead_letter_id, d.order_id, d.party, o.external_id, d.origin, d.source, d.type, d.code, d.path, d.reason,
       d.fingerprint, d.state, d.times, octet_length(d.body) AS body_bytes, d.died_at, d.closed_at,
       split_part(d.origin, '.', 1) AS stage, o.number, d.edits
FROM tributary.dead_letters d
LEFT JOIN tributary.orders o USING (order_id);

CREATE VIEW report.dead_letter_groups AS
SELECT d.fingerprint, min(d.stage) AS stage, min(d.party) AS party, min(d.code) AS code,
       regexp_replace(min(d.path), '\[[0-9]+\]', '[]', 'g') AS path, count(*) AS letters,
       (SELECT string_agg(report.amount(s.minor, s.currency) || ' ' || s.currency, ', ' ORDER BY s.currency)
        FROM (SELECT o.currency, sum(o.total_minor)::bigint AS minor FROM tributary.orders o
              WHERE o.order_id IN (SELECT x.order_id FROM tributary.dead_letters x
                                   WHERE x.fingerprint = d.fingerprint AND x.state IN ('open', 'replaying'))
              GROUP BY o.currency) s) AS at_stake,
       min(d.died_at) AS first_died, max(d.died_at) AS last_died, n.owner, n.note, n.locked_until, n.lock_reason
FROM report.dead_letters d
LEFT JOIN tributary.fingerprint_notes n USING (fingerprint)
WHERE d.state IN ('open', 'replaying')
GROUP BY d.fingerprint, n.owner, n.note, n.locked_until, n.lock_reason;
GRANT SELECT ON report.dead_letter_groups TO tributary_operator;
