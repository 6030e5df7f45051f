#!/bin/bash
# Orders that wait for stock: when it comes, they are filled, oldest first, in shipments of their own, also in part, and whatever
# dies on the way; nothing is taken for what nobody wants any more, and nothing twice. Promises P1, P2, P4.
. "$(dirname "$0")/../support/fleet.sh"
parties=$var/backorder-parties
rm -rf "$parties" && cp -rL topology/parties "$parties"
sed -i 's/^  backorder: allow/  backorder: fill/' "$parties/shopify/party.yaml" # edi-acme has allow
fleet_own backorders --parties "$parties"
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
is "backorder, the clock tells that one order waits" "$(metric 'backorders{party="",what="waiting"}') $(metric 'backorders{party="",what="unserved"}')" "1 0"
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
is "backorder, the timeline tells of each time" "$(sql "SELECT string_agg(event, ' ' ORDER BY at) FROM tributary.timeline $(of '#W1') AND event IN ('allocated', 'filled')")" \
	"allocated$(sql "SELECT repeat(' filled', count(DISTINCT caused_by)::int) FROM tributary.shipments $(of '#W1')")"
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

# --- cancelled or changed when a part of it was shipped: a person decides, and stock does not wait for him ------------------------
later() { jq "$3" "$dir/$1.00.json" >"$dir/later.json" && tributary submit --party shopify "$dir/later.json" >/dev/null && wait_for 20 sql_is "SELECT code FROM report.exceptions WHERE number = '$1' AND state = 'open'" "$2"; }
waits() { tributary backorders list --json | jq -r --arg n "$1" '[.[] | select(.number == $n) | .state + " " + (.backordered | tostring)] | join(", ")'; }
dismissed() { tributary exceptions dismiss --reason "no more of it" "$(sql "SELECT exception_id FROM report.exceptions WHERE number = '$1' AND state = 'open'")" >/dev/null; }
fleet stop clock
admin_sql "UPDATE tributary.stock SET on_hand_micro = reserved_micro WHERE item_no = 'TR-1020'"
stock WEST 3
for n in 6 7 8; do
	order "#W$n" 00 5
	wait_for 20 sql_is "SELECT count(*) FROM report.backorders WHERE number = '#W$n'" 1
done
is "late, three wait" "$(line '#W6'), $(line '#W7'), $(line '#W8'), $(waits '#W6')" "5 3 2, 5 0 5, 5 0 5, waits 2"
wait_for 20 state_is '#W6' part-invoiced
later '#W6' order-cancelled '.cancelled_at = "2026-11-20T11:00:00Z" | .cancel_reason = "customer" | .updated_at = "2026-11-20T11:00:00Z"'
is "late, cancelled when a part is shipped: the rest waits no more" "$(waits '#W6')" "open 2"
tributary backorders end --reason "buyer called" 'shopify:#W8' >/dev/null || not_ok "late, a person ends it"
is "late, and so does what a person ended" "$(waits '#W8'), $(waits '#W7')" "open 5, waits 5"
is "late, that is in the audit log" "$(sql "SELECT act || ' ' || reason FROM tributary.audit_log $(of '#W8')")" "backorder.end buyer called"
tributary backorders end --reason twice 'shopify:#W8' >/dev/null 2>&1
is "late, what does not wait cannot be ended" "$?" 1
fleet start clock
stock WEST 6
wait_for 30 is_whole '#W7'
dismissed '#W6'
sleep 1
is "late, stock goes to who still waits, also when the exception is dismissed" "$(shipments '#W6'), $(shipments '#W7'), $(shipments '#W8'), $(free)" "WEST 3, WEST 5, , 1"
tributary backorders resume --reason "wants it after all" 'shopify:#W6' >/dev/null || not_ok "late, a person lets it wait again"
wait_for 20 shipments_are '#W6' 'WEST 3, WEST 1'
is "late, what a person lets wait again is filled" "$(shipments '#W6'), $(waits '#W6')" "WEST 3, WEST 1, waits 1"
later '#W6' order-changed '.line_items[0].quantity = 4 | .updated_at = "2026-11-20T12:00:00Z" | .total_line_items_price = "876.00" | .total_price = "876.00"'
stock WEST 2
sleep 1
is "late, changed when a part is shipped: the rest waits no more" "$(shipments '#W6'), $(waits '#W6'), $(free)" "WEST 3, WEST 1, open 1, 2"
tributary backorders resume --reason "cancelled is cancelled" 'shopify:#W4' >/dev/null 2>&1
is "late, what was cancelled as a whole cannot wait again" "$?" 1
dismissed '#W6'

# What the channel's mapping holds or passes over, the fleet's own code never sees: it ends the waiting, too
for n in 20 21; do
	order "#W$n" 00 5
	wait_for 20 sql_is "SELECT count(*) FROM report.backorders WHERE number = '#W$n' AND waits" 1
done
later '#W20' order-refunded '.financial_status = "refunded" | .updated_at = "2026-11-20T11:00:00Z"'
jq '.financial_status = "voided" | .updated_at = "2026-11-20T11:00:00Z"' "$dir/#W21.00.json" >"$dir/voided.json"
tributary submit --party shopify "$dir/voided.json" >/dev/null
wait_for 20 eval '[[ "$(waits "#W21")" == open* ]]'
is "late, refunded or voided: the rest waits no more" "$(waits '#W20' | cut -d ' ' -f 1) $(waits '#W21' | cut -d ' ' -f 1)" "open open"
tributary backorders resume --reason "too early" 'shopify:#W20' >/dev/null 2>&1
is "late, nobody lets it wait again while its exception is open" "$?" 1

# --- a partner is answered his order once -------------------------------------------------------------------------------------------
admin_sql "UPDATE tributary.stock SET on_hand_micro = reserved_micro WHERE item_no = 'TR-1020'"
acme() { # acme NUMBER CONTROL [SEGMENT] - two of them, by X12
	printf '%s~\n' "ISA*00*          *00*          *ZZ*ACMESTORES     *ZZ*TRIBUTARY      *260702*1000*U*00401*00000000$2*0*P*>" \
		"GS*PO*ACMESTORES*TRIBUTARY*20260702*1000*$2*X*004010" "ST*850*0001" "BEG*00*SA*$1**20260702" "${@:3}" "N1*BY*Acme Stores*92*4711" \
		"N1*ST*Acme Stores DC 2*92*DC02" "N3*800 Freight Way" "N4*Fort Worth*TX*76106" "PO1*1*2*EA*219.00**VN*TR-1020" "CTT*1" "AMT*TT*438.00" \
		"SE*$((8 + $#))*0001" "GE*1*$2" "IEA*1*00000000$2" >"$dir/acme.edi"
	tributary submit --party edi-acme "$dir/acme.edi" >/dev/null
}
acme W-ACME 1
sent() { sql "SELECT string_agg(what, ' ' ORDER BY issued_at, what) FROM tributary.outbound_documents d $(of W-ACME)"; }
wait_for 20 eval '[ "$(sent)" = order-response ]'
stock EAST 1
sleep 1
is "allow, what is short does not get stock by itself" "$(waits W-ACME), $(shipments W-ACME), $(free)" "open 2, , 1"
tributary backorders resume --reason "Acme waits" W-ACME >/dev/null || not_ok "allow, a person lets it wait"
wait_for 20 shipments_are W-ACME 'EAST 1'
stock EAST 1
wait_for 30 is_whole W-ACME
wait_for 20 eval '[ "$(sent | wc -w)" = 5 ]'
is "partner, he is answered his order once, and told of each shipment and bill" "$(sent | tr ' ' '\n' | sort | uniq -c | xargs)" "2 invoice 1 order-response 2 ship-notice"

# Acme does not want it any more after a day that is over
acme W-PAST 2 "DTM*001*20260703"
wait_for 20 state_is W-PAST backordered
tributary backorders resume --reason "not read to its end" W-PAST >/dev/null
stock EAST 2
wait_for 20 eval '[[ "$(waits W-PAST)" == open* ]]'
is "too late, it is not filled, and waits no more" "$(waits W-PAST | cut -d ' ' -f 1) $(shipments W-PAST) $(free) $(sql "SELECT count(*) FROM tributary.timeline $(of W-PAST) AND event = 'too-late'")" "open  2 1"
admin_sql "UPDATE tributary.stock SET on_hand_micro = reserved_micro WHERE item_no = 'TR-1020'"

# --- what is said of a fill and lost is put back --------------------------------------------------------------------------------------
printf '%s\n' AUDIT_GRACE_S=2 AUDIT_EVERY_MS=300 AUDIT_LAG_S=0 >"$var/fleet.auditor.env"
fleet reload
order '#W9' 00 2
wait_for 20 state_is '#W9' backordered
fleet stop ship-sync
stock EAST 2
wait_for 20 shipments_are '#W9' 'EAST 2'
queued() { management GET queues/tributary/ship-sync.sandbox-wms | jq .messages; }
wait_for 20 eval '[ "$(queued)" = 1 ]'
management DELETE queues/tributary/ship-sync.sandbox-wms/contents >/dev/null
fleet start ship-sync
wait_for 60 is_whole '#W9'
is "lost, the request of a fill is put back on its way" "$(billed '#W9') $(sql "SELECT count(*) > 0 FROM tributary.timeline $(of '#W9') AND event = 'put-back'")" "2 438.00 1 t"
rm "$var/fleet.auditor.env"
fleet reload

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
waiting() { sql "SELECT count(*) FROM report.backorders WHERE waits"; }
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
