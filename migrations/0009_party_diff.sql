-- `tributary party diff` reads the documents of the last days: they lie in the order they came.
CREATE INDEX documents_received ON documents USING brin (received_at);
