-- An order's id begins with its channel and its number now (shared/base/uuid.h), so that orders of a day lie together in each
-- index. Orders that were there before keep their ids: who comes with what such an order was derived from finds it here.
CREATE TABLE former_order_ids (
	derived_id uuid PRIMARY KEY,        -- as it is derived now
	order_id   uuid NOT NULL UNIQUE     -- as it was, and is
);

-- uuid_of_order(), of an id that was derived from the same: only what comes first is another.
CREATE FUNCTION order_id_derived(party text, external_id text, order_id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
	SELECT encode(substr(sha256(convert_to(party, 'UTF8')), 1, 2) || substr(int8send(bits::bigint << 26
		| (CASE WHEN bits > 26 THEN digits >> (bits - 27) ELSE digits << (27 - bits) END & ((1 << 26) - 1))), 5)
		|| substr(set_byte(uuid_send(order_id), 6, get_byte(uuid_send(order_id), 6) & 15 | 128), 7), 'hex')::uuid
	FROM (SELECT coalesce(nullif(substr(ltrim(regexp_replace(external_id, '[^0-9]', '', 'g'), '0'), 1, 18), '')::bigint, 0)) v(digits),
	LATERAL (SELECT length(ltrim(digits::bit(64)::text, '0'))) b(bits)
$$;

INSERT INTO former_order_ids (derived_id, order_id)
SELECT order_id_derived(party, external_id, order_id), order_id FROM orders WHERE substr(order_id::text, 15, 1) = '5';

-- An ingest of before may still run: what it accepts until it is replaced is such an order, too.
CREATE FUNCTION former_order_id_add() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = tributary, pg_temp AS $$
BEGIN
	INSERT INTO former_order_ids (derived_id, order_id)
	VALUES (order_id_derived(NEW.party, NEW.external_id, NEW.order_id), NEW.order_id) ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
CREATE TRIGGER former_order_id AFTER INSERT ON orders FOR EACH ROW WHEN (substr(NEW.order_id::text, 15, 1) = '5')
EXECUTE FUNCTION former_order_id_add();
REVOKE ALL ON FUNCTION order_id_derived(text, text, uuid), former_order_id_add() FROM PUBLIC;

GRANT SELECT ON former_order_ids TO tributary_ingest, tributary_gateway, tributary_operator;
