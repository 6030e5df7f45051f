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

CREATE FUNCTION former_order_ids_fill() RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO tributary.former_order_ids (derived_id, order_id)
	SELECT tributary.order_id_derived(party, external_id, order_id), order_id FROM tributary.orders o
	WHERE substr(order_id::text, 15, 1) = '5' AND NOT EXISTS (SELECT FROM tributary.former_order_ids f WHERE f.order_id = o.order_id)
	ON CONFLICT DO NOTHING
$$;
SELECT former_order_ids_fill();

-- The fleet should stand still meanwhile (ops/runbook/upgrade.md). Should an ingest of before run all the same, what it accepts is
-- such an order, too; and an order that is there by its new id it does not make a second time: it tries again, until it is replaced.
CREATE FUNCTION former_order_id_add() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = tributary, pg_temp AS $$
DECLARE
	derived CONSTANT uuid := order_id_derived(NEW.party, NEW.external_id, NEW.order_id);
BEGIN
	IF EXISTS (SELECT FROM orders WHERE order_id = derived) THEN
		RAISE EXCEPTION 'order % is known as %', NEW.order_id, derived USING ERRCODE = 'serialization_failure';
	END IF;
	INSERT INTO former_order_ids (derived_id, order_id) VALUES (derived, NEW.order_id) ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
CREATE TRIGGER former_order_id AFTER INSERT ON orders FOR EACH ROW WHEN (substr(NEW.order_id::text, 15, 1) = '5')
EXECUTE FUNCTION former_order_id_add();
SELECT former_order_ids_fill(); -- what came between the first and the trigger, for which writers waited
REVOKE ALL ON FUNCTION order_id_derived(text, text, uuid), former_order_ids_fill(), former_order_id_add() FROM PUBLIC;

GRANT SELECT ON former_order_ids TO tributary_ingest, tributary_gateway, tributary_operator;
