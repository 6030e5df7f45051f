-- ingest: control numbers of what a party's interchanges are answered with; each is used once.
CREATE TABLE answer_numbers (
	party       text PRIMARY KEY,
	last_number bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON answer_numbers TO tributary_ingest;
