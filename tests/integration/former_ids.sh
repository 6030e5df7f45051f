#!/bin/bash
# An order that was accepted when ids were derived in another way keeps its id: what comes later finds it under that, and
# nothing becomes a second order (promise P2).
# On a stack of its own, for what was rewritten here is wrong for the auditor.
. "$(dirname "$0")/../support/fleet.sh"
fleet_own former
dir=$var/former
rm -rf "$dir" && mkdir -p "$dir"
run=$RANDOM
n="#R7$run"
superuser() { psql "$(sed 's/\/postgres$/\/tributary/' "$var/secrets/postgres.database-url")" -X -q -At -v ON_ERROR_STOP=1 "$@"; }
order() { # order REVISION SKU
	jq --arg n "$n" --arg rev "2026-11-20T$1:00Z" --arg sku "$2" '
		.id = ($n | ltrimstr("#R") | tonumber) | .name = $n | .updated_at = $rev | .line_items = [.line_items[0] | .sku = $sku | .quantity = 2
		  | .price = (if $sku == "TR-1020" then "219.00" else "14.90" end) | .tax_lines = [] | .discount_allocations = []]
		| .shipping_lines = [] | .total_tax = "0.00" | .total_line_items_price = ((.line_items[0].price | tonumber) * 2 | tostring)
		| .total_price = .total_line_items_price' topology/parties/shopify/samples/1001-paid.json
}
send() { cat >"$dir/document.json" && tributary submit --party shopify "$dir/document.json" >/dev/null; }
state_is() { sql_is "SELECT state FROM report.orders WHERE number = '$n'" "$1"; }
id() { sql "SELECT order_id FROM tributary.orders WHERE number = '$n'"; }

order 10:00 TR-1020 | send
wait_for 15 state_is backordered
now=$(id)
is "former ids, an order's id is of version 8" "${now:14:1}" 8
# As it would have been: only what comes first and the version differ. What was said of it has an id of version 5, too.
was=01234567-89ab-5${now:15}
said='order.accepted:shopify:'
fleet stop
superuser >/dev/null <<-EOF
	CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public;
	SET session_replication_role = replica;
	DO \$\$
	DECLARE t regclass;
	BEGIN
		FOR t IN SELECT attrelid FROM pg_attribute JOIN pg_class ON oid = attrelid WHERE relnamespace = 'tributary'::regnamespace
		         AND relkind IN ('r', 'p') AND NOT relispartition AND attname = 'order_id' AND NOT attisdropped AND relname <> 'former_order_ids' LOOP
			EXECUTE format('UPDATE %s SET order_id = %L WHERE order_id = %L', t, '$was', '$now');
		END LOOP;
	END \$\$;
	UPDATE tributary.orders SET document = overlay(document PLACING uuid_send('$was') FROM position(uuid_send('$now') IN document))
	WHERE order_id = '$was' AND position(uuid_send('$now') IN document) > 0;
	UPDATE tributary.orders SET document = overlay(document PLACING '$was'::bytea FROM position('$now'::bytea IN document))
	WHERE order_id = '$was' AND position('$now'::bytea IN document) > 0;
	UPDATE tributary.journal j SET message_id = encode(set_byte(set_byte(h, 6, get_byte(h, 6) & 15 | 80), 8, get_byte(h, 8) & 63 | 128), 'hex')::uuid
	FROM tributary.orders o, LATERAL (SELECT substr(public.digest('\x8e1d5b0a934c4f7ea6213c70d915b204'::bytea
		|| '\x10000000' || uuid_send(o.document_id) || set_byte('\x00000000', 0, length('$said')) || '$said'::bytea, 'sha1'), 1, 16)) d(h)
	WHERE o.order_id = '$was' AND substr(uuid_send(j.message_id), 9) = substr(set_byte(h, 8, get_byte(h, 8) & 63 | 128), 9);
EOF
# As the migration does it
admin_sql "SELECT tributary.former_order_ids_fill()" >/dev/null
is "former ids, the migration derives in SQL what C derives" "$(sql "SELECT derived_id FROM tributary.former_order_ids WHERE order_id = '$was'")" "$now"
fleet start

order 10:00 TR-1020 | send
outcomes() { sql "SELECT string_agg(outcome, ', ' ORDER BY received_at) FROM tributary.documents WHERE order_id = '$was'"; }
outcomes_are() { [ "$(outcomes)" = "$1" ]; }
wait_for 15 outcomes_are "order, duplicate"
is "former ids, the same order again is a duplicate of it" "$(outcomes)" "order, duplicate"
order 12:00 TR-1003 | send
wait_for 30 state_is invoiced
is "former ids, a change reaches it, and it goes on to its invoice" "$(sql "SELECT state || ' ' || revision_no FROM report.orders WHERE order_id = '$was'")" "invoiced 2"
is "former ids, nothing became a second order" "$(sql "SELECT count(*) FROM tributary.orders WHERE number = '$n' OR order_id = '$now'")" 1
is "former ids, what was said of it now has ids as before" "$(sql "SELECT count(*) FROM tributary.shipments WHERE order_id = '$was' AND substr(shipment_id::text, 15, 1) <> '5'")" 0
is "former ids, tributary order finds it by what the channel calls it" "$(tributary order "shopify:${n#"#R"}" --json | jq -r .order.order_id)" "$was"
key=$(tributary keys create --party shopify --scopes orders --title "former $run" --quiet)
asked() { curl -s -H "Authorization: Bearer $key" "$GATEWAY_URL/v1/orders/$now" | jq -r .order_id; }
asked_is() { [ "$(asked)" = "$1" ]; }
wait_for 10 asked_is "$was"
is "former ids, the gateway finds it by the id that it would have now" "$(asked)" "$was"

# --- an ingest of before that still runs after the migration ----------------------------------------------------------------
late=00000000-0000-5000-8000-00000000000$((run % 10))
superuser -c "INSERT INTO tributary.orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', '$late', 'external_id', '99$run', 'number', '#L$run'))).*
	FROM tributary.orders o WHERE order_id = '$was'"
is "former ids, what it accepts is known, too" "$(sql "SELECT order_id FROM tributary.former_order_ids WHERE order_id = '$late'")" "$late"
other=${late:0:34}ff
copy="INSERT INTO tributary.orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', '$other', 'external_id', '98$run', 'number', '#M$run'))).*
	FROM tributary.orders o WHERE order_id = '$was'"
superuser -c "$copy" -c "UPDATE tributary.orders SET order_id = (SELECT derived_id FROM tributary.former_order_ids WHERE order_id = '$other') WHERE order_id = '$other'"
refused=$(superuser -c "$copy" 2>&1)
is "former ids, and what is there by its new id it does not make again" "$(grep -c 'is known as' <<<"$refused")" 1
is "former ids, it had been there once" "$(sql "SELECT count(*) FROM tributary.orders WHERE number = '#M$run'")" 1

# --- a cancellation that waits for its order since before ---------------------------------------------------------------------
n="#R8$run"
order 09:00 TR-1003 | jq '.cancelled_at = .updated_at' | send
wait_for 15 sql_is "SELECT count(*) FROM tributary.exceptions WHERE code = 'order-cancelled' AND state = 'open'" 1
will=$(sql "SELECT order_id FROM tributary.exceptions WHERE code = 'order-cancelled' AND state = 'open'")
external=${n#"#R"}
superuser -c "UPDATE tributary.exceptions x SET order_id = encode(set_byte(set_byte(h, 6, get_byte(h, 6) & 15 | 80), 8, get_byte(h, 8) & 63 | 128), 'hex')::uuid
	FROM (SELECT substr(public.digest('\x8e1d5b0a934c4f7ea6213c70d915b200'::bytea || '\x07000000' || 'shopify'::bytea
		|| set_byte('\x00000000', 0, length('$external')) || '$external'::bytea, 'sha1'), 1, 16)) d(h) WHERE x.order_id = '$will'"
order 08:00 TR-1003 | send
wait_for 20 state_is cancelled
is "former ids, a cancellation that waited since before cancels it" "$(sql "SELECT state FROM report.orders WHERE number = '$n'")" cancelled
is "former ids, and its exception needs nobody any more" "$(sql "SELECT count(*) FROM tributary.exceptions WHERE code = 'order-cancelled' AND state = 'open'")" 0
