-- A document that came before, byte for byte, is a document of its own, with its own hash, outcome and time, but its bytes
-- are not kept a second time: `body_of` names the document that has them, which is never itself without them. The hash is
-- sealed as ever (0017) and the auditor, `proof` and `order --proof` compute it from the bytes that are named. Whoever drops
-- old documents must first give their bytes to what names them.
ALTER TABLE documents ALTER COLUMN body DROP NOT NULL;
ALTER TABLE documents ADD COLUMN body_of uuid;
ALTER TABLE documents ADD CONSTRAINT documents_body_check CHECK ((body IS NULL) = (body_of IS NOT NULL));

-- How it was read: a digest of the program, the mapping and the party's settings. The same bytes read in the same way say
-- the same, so that they need not be read again (workers/ingest/repeat.h). NULL: not known.
ALTER TABLE documents ADD COLUMN reading bigint;

GRANT INSERT (body_of, reading) ON documents TO tributary_ingest;
GRANT UPDATE (reading) ON documents TO tributary_ingest;
