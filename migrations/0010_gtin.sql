-- enrich: a UPC-12 or EAN-13 is the GTIN-14 with zeros in front, and ERP and channels write one item in either.
CREATE FUNCTION gtin14(gtin text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	$$ SELECT CASE WHEN gtin ~ '^([0-9]{8}|[0-9]{12,14})$' THEN lpad(gtin, 14, '0') END $$;

DROP INDEX items_gtin;
ALTER TABLE items ADD COLUMN gtin14 text GENERATED ALWAYS AS (tributary.gtin14(gtin)) STORED;
CREATE INDEX items_gtin14 ON items (gtin14);
