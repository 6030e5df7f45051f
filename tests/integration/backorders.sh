#!/bin/bash
# Orders that wait for stock: when it comes, they are filled, oldest first, in shipments of their own, also in part, and whatever
# dies on the way; nothing is taken for what nobody wants any more, and nothing twice. Promises P1, P2, P4.
. "$(dirname "$0")/../support/fleet.sh"
fleet_own backorders
dir=$var/orders
mkdir -p "$dir"
echo CLOCK_EVERY_MS=200 >"$var/fleet.clock.env"
fleet reload
# order NUMBER MINUTE QUANTITY… - a line each of TR-1020, which no warehouse has
order() {
	jq --arg n "$1" --arg rev "2026-11-20T10:$2:00Z" --args '
		($ARGS.positional | map(tonumber)) as $quantities | .line_items[0] as $line
		| .id = ($n | ltrimstr("#W") | tonumber) | .name = $n | .updated_at = $rev | .shipping_lines = [] | .total_tax = "0.00"
		| .line_items = [range($quantities | length) as $i | $line | .id = 9000 + $i | .sku = "TR-1020" | .quantity = $quantities[$i]
		  | .price = "219.00" | .tax_lines = [] | .discount_allocations = []]
		| .total_line_items_price = (219 * ($quantities | add) | tostring + ".00") | .total_price = .total_line_items_price' \
		"${@:3}" <topology/parties/shopify/samples/1001-paid.json >"$dir/$1.$2.json"
	tributary submit --party shopify "$dir/$1.$2.json" >/dev/null
}
# stock WAREHOUSE QUANTITY - so much more of TR-1020 is free there
stock() {
	admin_sql "INSERT INTO tributary.stock (item_no, warehouse, on_hand_micro, reserved_micro) VALUES ('TR-1020', '$1', $2 * 1000000, 0)
		ON CONFLICT (item_no, warehouse) DO UPDATE SET on_hand_micro = stock.on_hand_micro + excluded.on_hand_micro"
}
free() { sql "SELECT (sum(on_hand_micro - reserved_micro) / 1000000)::int FROM tributary.stock WHERE item_no = 'TR-1020'"; }
state() { sql "SELECT state FROM report.orders WHERE number = '$1'"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
of() { echo "JOIN tributary.orders o USING (order_id) WHERE o.number = '$1'"; }
shipments() { sql "SELECT string_agg(warehouse || ' ' || q, ', ' ORDER BY place) FROM (SELECT s.place, s.warehouse,
	(SELECT (sum(r.quantity_micro) / 1000000)::int FROM tributary.reservations r WHERE r.order_id = s.order_id AND r.shipment_id = s.shipment_id) AS q
	FROM tributary.shipments s $(of "$1")) t"; }
shipments_are() { [ "$(shipments "$1")" = "$2" ]; }
line() { sql "SELECT string_agg((ordered_micro / 1000000) || ' ' || (allocated_micro / 1000000) || ' ' || (backordered_micro / 1000000), ', ' ORDER BY line_no) FROM tributary.allocation_lines $(of "$1")"; }
# What an order came to: shipped, billed, invoices
billed() { sql "SELECT (SELECT (sum(shipped_micro) / 1000000)::int FROM tributary.reservations r WHERE r.order_id = o.order_id) || ' ' || report.amount(invoiced_minor, currency) || ' ' || invoices_count FROM report.orders o WHERE number = '$1'"; }
is_whole() { state_is "$1" invoiced && sql_is "SELECT count(*) FROM tributary.reservations $(of "$1") AND state = 'open'" 0; }
metric() { # metric NAME - of clock
	curl -s "http://127.0.0.1:$(sed -n 's/.*HTTP_PORT="\([0-9]*\)".*/\1/p' "$var/supervisor/conf.d/clock-0.conf")/metrics" | awk -v m="tributary_clock_$1" '$1 == m { print $2 }'
}

# --- bit by bit ---------------------------------------------------------------------------------------------------------------
stock EAST 4
order '#W1' 00 10
wait_for 20 shipments_are '#W1' 'EAST 4'
is "backorder, what is there is shipped" "$(shipments '#W1'), $(line '#W1')" "EAST 4, 10 4 6"
wait_for 20 state_is '#W1' part-invoiced
wait_for 5 eval '[ "$(metric "backorders{party=\"\",what=\"waiting\"}")" = 1 ]'
is "backorder, the clock tells that one order waits" "$(metric 'backorders{party="",what="waiting"}') $(metric 'backorders{party="",what="due"}')" "1 0"
is "backorder, the report has it" "$(sql "SELECT number || ' ' || item_no || ' ' || backordered || ' ' || free FROM report.backorders")" "#W1 TR-1020 6 0"
stock EAST 3
wait_for 20 shipments_are '#W1' 'EAST 4, EAST 3'
is "backorder, what comes is shipped from the same warehouse once more" "$(shipments '#W1'), $(line '#W1')" "EAST 4, EAST 3, 10 7 3"
is "backorder, its candidates say what each gave" "$(sql "SELECT string_agg((c->>'warehouse') || ' ' || (c->>'taken'), ', ') FROM tributary.allocation_lines a
	CROSS JOIN LATERAL json_array_elements(a.candidates) c $(of '#W1') AND c->>'taken' <> '0'")" "EAST 4, EAST 3"
stock WEST 2
stock EAST 2
wait_for 30 is_whole '#W1'
is "backorder, the rest comes from where it is" "$(line '#W1'), $(billed '#W1')" "10 10 0, 10 2190.00 $(sql "SELECT shipments_count FROM report.orders WHERE number = '#W1'")"
is "backorder, what nobody waits for stays free" "$(free)" 1
is "backorder, each allocation was said" "$(sql "SELECT count(*) >= 3 FROM tributary.timeline $(of '#W1') AND event = 'allocated'")" t
is "backorder, its row no longer waits" "$(sql "SELECT count(*) FROM report.backorders") $(sql "SELECT count(*) FROM tributary.allocation_lines WHERE content_at IS NOT NULL")" "0 0"

# --- who came first comes first; two lines of one item ----------------------------------------------------------------------------
order '#W2' 00 4 3
wait_for 20 sql_is "SELECT count(*) FROM report.backorders WHERE number = '#W2'" 2
order '#W3' 00 5
wait_for 20 sql_is "SELECT count(*) FROM report.backorders WHERE number = '#W3'" 1
is "two wait, the one unit went to the first" "$(line '#W2'), $(line '#W3')" "4 1 3, 3 0 3, 5 0 5"
stock WEST 4
wait_for 20 eval '[ "$(line "#W2")" = "4 4 0, 3 1 2" ]'
is "two wait, what comes goes to the first, one line after the other" "$(line '#W2'), $(line '#W3')" "4 4 0, 3 1 2, 5 0 5"
stock WEST 4
wait_for 30 is_whole '#W2'
wait_for 20 shipments_are '#W3' 'WEST 2'
is "two wait, then to the next" "$(line '#W2'), $(line '#W3')" "4 4 0, 3 3 0, 5 2 3"
is "nothing is left over" "$(free)" 0

# --- what nobody wants --------------------------------------------------------------------------------------------------------------
order '#W4' 00 6
wait_for 20 state_is '#W4' backordered
order '#W5' 00 6
wait_for 20 state_is '#W5' backordered
fleet stop clock
stock EAST 20
jq '.cancelled_at = "2026-11-20T11:00:00Z" | .cancel_reason = "customer" | .updated_at = "2026-11-20T11:00:00Z"' "$dir/#W4.00.json" >"$dir/cancelled.json"
tributary submit --party shopify "$dir/cancelled.json" >/dev/null
wait_for 20 state_is '#W4' cancelled
fleet stop enrich
order '#W5' 30 8
wait_for 20 sql_is "SELECT revision_no FROM tributary.orders WHERE number = '#W5'" 2
fleet start clock
wait_for 20 is_whole '#W3'
is "cancelled, it gets nothing; changed, it waits for its new content" "$(shipments '#W4'), $(shipments '#W5'), $(line '#W5')" ", , 6 0 6"
# The clock never says it of such an order, but a message may be late
due() { # due NUMBER - as the clock says it
	management POST exchanges/tributary/events/publish "$(jq -nc --arg o "$(sql "SELECT order_id FROM tributary.orders WHERE number = '$1'")" --arg m "$(cat /proc/sys/kernel/random/uuid)" \
		'{routing_key: "backorder.due.shopify", payload: "", payload_encoding: "string", properties: {message_id: $m, correlation_id: $o, type: "backorder.due", delivery_mode: 2, headers: {v: 1, party: "shopify"}}}')" >/dev/null
}
settled() { sql "SELECT count(*) FROM tributary.journal WHERE stage = 'allocate' AND outcome = 'done'"; }
before=$(settled)
for number in '#W1' '#W4' '#W5'; do due "$number"; done
wait_for 20 eval '[ "$(settled)" = '$((before + 3))' ]'
is "told late of what is whole, cancelled or changed, allocate takes nothing" "$(shipments '#W4'), $(shipments '#W5'), $(line '#W1'), $(free)" ", , 10 10 0, 17"
fleet start enrich
wait_for 30 is_whole '#W5'
is "changed, it is allocated in its new content" "$(line '#W5'), $(billed '#W5')" "8 8 0, 8 1752.00 1"

# --- killed between ------------------------------------------------------------------------------------------------------------------
admin_sql "UPDATE tributary.stock SET on_hand_micro = reserved_micro WHERE item_no = 'TR-1020'"
n=10
echo "FAULT_FILE=$var/fault.allocate" >"$var/fleet.allocate.env"
fleet reload
for step in take decode handle commit publish mark ack; do
	n=$((n + 1))
	order "#W$n" 00 2
	wait_for 20 state_is "#W$n" backordered
	echo "$step 1" >"$var/fault.allocate"
	fleet restart allocate
	stock EAST 2
	wait_for 60 is_whole "#W$n"
	is "allocate killed after $step while it fills: filled once" "$([ -e "$var/fault.allocate" ] && echo alive) $(shipments "#W$n"), $(billed "#W$n"), $(free)" " EAST 2, 2 438.00 1, 0"
done
rm "$var/fleet.allocate.env"
fleet reload

# --- many at once, two clocks, four processes that allocate, and orders that come meanwhile -------------------------------------------
fleet scale allocate 4
fleet scale clock 2
for i in $(seq 100 129); do order "#W$i" 00 3; done
waiting() { sql "SELECT count(*) FROM report.backorders"; }
wait_for 30 eval '[ "$(waiting)" = 30 ]'
for i in $(seq 20); do
	stock EAST 2
	stock WEST 1
	order "#W$((200 + i))" 00 1
done
gone() { sql "SELECT (sum(quantity_micro) / 1000000)::int FROM tributary.reservations $(of X) OR o.number ~ '^#W(1..|2..)\$'"; }
wait_for 60 eval '[ "$(gone)" = 60 ]'
is "many, all that came is taken, and no more" "$(gone) $(free)" "60 0"
is "many, none has more than it wants" "$(sql "SELECT count(*) FROM tributary.stock WHERE reserved_micro > on_hand_micro") $(sql "SELECT count(*) FROM tributary.allocation_lines a WHERE allocated_micro <>
	(SELECT coalesce(sum(quantity_micro), 0) FROM tributary.reservations r WHERE r.order_id = a.order_id AND r.line_no = a.line_no)")" "0 0"
stock EAST 50
all_whole() { sql_is "SELECT count(*) FROM report.orders WHERE number ~ '^#W(1..|2..)\$' AND state = 'invoiced'" 50; }
wait_for 60 all_whole
is "many, in the end each has all" "$(sql "SELECT count(*) FROM report.orders WHERE number ~ '^#W(1..|2..)\$' AND state = 'invoiced'") $(waiting) $(free)" "50 0 0"

wait_for 60 sql_is "SELECT count(*) FROM tributary.reservations WHERE state = 'open'" 0
is "books balance" "$(books_wrong)" ""
is "the warehouse shipped nothing twice" "$(wms GET /v1/stats | jq .doubled)" 0
is "the auditor finds nothing" "$(tributary audit --full --json --grace 1 2>/dev/null | jq -c '[.findings[] | [.check, .key, .says]]')" "[]"
tributary order --proof 'shopify:#W1' >"$var/proof.txt"
is "the proof of an order that was filled bit by bit" "$(grep -c '^verified' "$var/proof.txt")" 1
