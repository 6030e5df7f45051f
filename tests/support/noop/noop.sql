CREATE TABLE noop_seen (
	message_id uuid NOT NULL,
	number     text NOT NULL CHECK (number NOT LIKE 'poison%'),
	attempt    bigint NOT NULL,
	batch_size integer NOT NULL,
	place      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
GRANT SELECT, INSERT ON noop_seen TO tributary_noop;
GRANT SELECT ON noop_seen TO tributary_operator;
