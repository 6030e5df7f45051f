-- Every act of a person through `tributary`: who, when, why, and what it was before and after. Append-only: nobody but the
-- owner of the schema may change or delete a row.
CREATE TABLE audit_log (
	act_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at         timestamptz NOT NULL DEFAULT clock_timestamp(),
	who        text NOT NULL,               -- the person: TRIBUTARY_USER, else the login name
	role       text NOT NULL DEFAULT session_user,
	act        text NOT NULL,               -- exception.release, dead-letter.discard, drift.accept, …
	target_id  text NOT NULL,               -- of the exception, the dead letter, the fingerprint, the party …
	order_id   uuid,                        -- when it concerns one
	reason     text NOT NULL,               -- the person's words; may be empty
	before     json,
	after      json
);
CREATE INDEX audit_log_order ON audit_log (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX audit_log_target ON audit_log (target_id);
GRANT SELECT, INSERT ON audit_log TO tributary_operator;
