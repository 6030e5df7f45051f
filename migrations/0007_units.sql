-- A document with several orders is split: each unit is a document of its own, which stands or falls alone.
ALTER TABLE documents DROP CONSTRAINT documents_outcome_check;
ALTER TABLE documents ADD CONSTRAINT documents_outcome_check CHECK (outcome IN
	('order', 'shipment', 'duplicate', 'exception', 'refused', 'ignored', 'split'));
ALTER TABLE documents ADD COLUMN parent_id uuid;        -- the document it is a unit of
ALTER TABLE documents ADD COLUMN units_count integer;   -- of one that was split
CREATE INDEX documents_parent ON documents (parent_id) WHERE parent_id IS NOT NULL;
