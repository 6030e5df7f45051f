#!/bin/bash
# What a channel says again about an order: later revisions count, earlier ones do not, a cancellation finds its order
# whenever it comes, some lines are merged into the order that is known, and what a warehouse was asked for is not taken back
# behind its back.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/revisions
rm -rf "$dir" && mkdir -p "$dir"
run=$RANDOM
state() { sql "SELECT state FROM report.orders WHERE number = '$1'"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
outcomes() { sql "SELECT string_agg(d.outcome || coalesce(' ' || d.code, ''), ', ' ORDER BY d.received_at) FROM tributary.documents d WHERE d.order_id = (SELECT order_id FROM tributary.orders WHERE number = '$1') AND d.kind = 'order'"; }
outcomes_are() { [ "$(outcomes "$1")" = "$2" ]; }
# order NUMBER REVISION SKU [QUANTITY] - one line of two of the item, at its list price; TR-1020 has no stock
order() {
	jq --arg n "$1" --arg rev "2026-11-20T$2:00Z" --arg sku "$3" --argjson quantity "${4:-2}" '
		.id = ($n | ltrimstr("#R") | tonumber) | .name = $n | .updated_at = $rev | .line_items = [.line_items[0] | .sku = $sku | .quantity = $quantity
		  | .price = (if $sku == "TR-1020" then "219.00" else "14.90" end) | .tax_lines = [] | .discount_allocations = []]
		| .shipping_lines = [] | .total_tax = "0.00" | .total_line_items_price = ((.line_items[0].price | tonumber) * $quantity | tostring)
		| .total_price = .total_line_items_price' topology/parties/shopify/samples/1001-paid.json
}
send() { cat >"$dir/document.json" && tributary submit --party shopify "$dir/document.json" >/dev/null; }
cancelled() { jq '.cancelled_at = .updated_at'; }
# --- backordered, then changed to something that is there -------------------------------------------------------------
n="#R1$run"
order "$n" 10:00 TR-1020 | send
wait_for 15 state_is "$n" backordered
is "change, at first it waits for stock" "$(state "$n")" backordered
order "$n" 12:00 TR-1003 | send
wait_for 20 state_is "$n" invoiced
is "change, what is wanted now is shipped and billed" "$(sql "SELECT state || ' ' || report.amount(invoiced_minor, currency) || ' ' || revision_no FROM report.orders WHERE number = '$n'")" "invoiced 29.80 2"
is "change, what was wanted before is kept" "$(sql "SELECT count(*) FROM tributary.order_revisions r JOIN tributary.orders o USING (order_id) WHERE o.number = '$n'")" 1
order "$n" 12:00 TR-1003 | send
order "$n" 11:00 TR-1016 | send
order "$n" 13:00 TR-1016 | send
order "$n" 14:00 TR-1003 | cancelled | send
wait_for 10 outcomes_are "$n" "order, change, duplicate, ignored revision-old, exception order-changed, exception order-cancelled"
is "change, the same again is a duplicate, an earlier one ignored, what comes after shipping a person's" "$(outcomes "$n")" \
	"order, change, duplicate, ignored revision-old, exception order-changed, exception order-cancelled"
is "change, the exception has both facts" "$(sql "SELECT count(*) FROM report.exceptions WHERE number = '$n' AND code = 'order-changed' AND reason LIKE '%1 lines and 2980 minor units%' AND reason LIKE '%sandbox-wms was asked to ship at 20%'")" 1

# --- an order and what changes it, in one batch ---------------------------------------------------------------------------
sorted() { tr ',' '\n' <<<"$(outcomes "$1")" | sed 's/^ //' | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }'; }
sorted_is() { [ "$(sorted "$1")" = "$2" ]; }
at_once() { # at_once COMMAND… - what it sends is one batch, also on a slow machine
	echo 'BATCH_WAIT_MS=500' >"$var/fleet.ingest.env"
	fleet reload
	fleet stop ingest
	"$@"
	fleet start ingest
}
m="#R6$run" n="#R7$run" c="#R8$run" many="#R9$run"
to_nothing() { order "$m" 10:00 TR-1003 | send; order "$m" 12:00 TR-1020 | send; }
to_something() { order "$n" 10:00 TR-1020 | send; order "$n" 12:00 TR-1003 | send; }
to_cancelled() { order "$c" 10:00 TR-1003 | send; order "$c" 11:00 TR-1003 3 | send; order "$c" 12:00 TR-1003 3 | cancelled | send; }
to_many() { for i in {1..9}; do order "$many" 10:0$i TR-1020 "$i" | send; done; }
all_of_them() { to_nothing; to_something; to_cancelled; to_many; }
at_once all_of_them
wait_for 30 sorted_is "$many" "8 change, 1 order"
is "one batch, each of many changes is taken, in turn, and none is given up" "$(sorted "$many"), $(sql "SELECT total_minor FROM tributary.orders WHERE number = '$many'")" \
	"8 change, 1 order, 197100"
is "one batch, each change is later than what it replaced" "$(sql "SELECT count(*) FROM tributary.order_revisions r JOIN tributary.orders o USING (order_id) WHERE o.number = '$many' AND r.replaced_at > r.received_at")" 8
wait_for 20 state_is "$n" invoiced
is "one batch, what is wanted now is shipped and billed" "$(sql "SELECT state || ' ' || report.amount(invoiced_minor, currency) || ' ' || revision_no FROM report.orders WHERE number = '$n'")" "invoiced 29.80 2"
wait_for 15 state_is "$m" backordered
is "one batch, what is not wanted any more is not shipped" "$(state "$m") $(sql "SELECT count(*) FROM tributary.shipments s JOIN tributary.orders o USING (order_id) WHERE o.number = '$m'")" "backordered 0"
wait_for 15 state_is "$c" cancelled
is "one batch, a cancellation behind a change finds it" "$(state "$c"), $(sorted "$c")" "cancelled, 1 cancel, 1 change, 1 order"

rm "$var/fleet.ingest.env"
fleet reload

# --- cancelled while it waits ---------------------------------------------------------------------------------------------
n="#R2$run"
order "$n" 10:00 TR-1020 | send
wait_for 15 state_is "$n" backordered
order "$n" 11:00 TR-1020 | cancelled | send
wait_for 10 state_is "$n" cancelled
is "cancel, an order that nothing was asked for is cancelled" "$(state "$n")" cancelled
is "cancel, nothing is reserved or shipped for it" "$(sql "SELECT count(*) FROM tributary.reservations r JOIN tributary.orders o USING (order_id) WHERE o.number = '$n'")" 0

# --- cancelled while a person looks at it ---------------------------------------------------------------------------------
n="#R3$run"
order "$n" 10:00 TR-1003 | jq '.customer.id = 987654 | .email = "nobody@example.org" | .customer.email = .email' | send
wait_for 10 state_is "$n" held
order "$n" 11:00 TR-1003 | cancelled | send
wait_for 10 state_is "$n" cancelled
is "cancel, a held order is cancelled" "$(state "$n")" cancelled
is "cancel, and its exception needs nobody any more" "$(sql "SELECT state FROM report.exceptions WHERE number = '$n'")" dismissed
is "cancel, and nothing of it holds back retention" "$(sql "SELECT string_agg(because, ', ') FROM tributary.orders_under_way u JOIN tributary.orders o USING (order_id) WHERE o.number = '$n' AND because <> 'has messages under way'")" ""
is "an operator reserves nothing" "$(sql "UPDATE tributary.stock SET reserved_micro = 0" 2>&1 | grep -o 'permission denied')" "permission denied"

# --- a cancellation before its order ---------------------------------------------------------------------------------------
n="#R4$run"
order "$n" 11:00 TR-1003 | cancelled | send
wait_for 10 sql_is "SELECT count(*) FROM report.exceptions WHERE number = '$n' AND state = 'open'" 1
order "$n" 10:00 TR-1003 | send
wait_for 10 state_is "$n" cancelled
is "cancel, one that came first waits for its order" "$(state "$n")" cancelled
is "cancel, and then closes by itself" "$(sql "SELECT code || ' ' || state FROM report.exceptions WHERE number = '$n'")" "order-cancelled dismissed"
is "cancel, nothing was shipped" "$(sql "SELECT count(*) FROM report.shipments WHERE external_id = '${n#\#R}'")" 0

# --- changed while a person looks at it: he dismisses what no longer holds ---------------------------------------------------
n="#R5$run"
order "$n" 10:00 TR-1003 | jq '.customer.id = 987654 | .email = "nobody@example.org" | .customer.email = .email' | send
wait_for 10 state_is "$n" held
order "$n" 11:00 TR-1003 | send
wait_for 10 outcomes_are "$n" "order, change"
tributary exceptions dismiss "$(sql "SELECT exception_id FROM report.exceptions WHERE number = '$n' AND state = 'open'")" >/dev/null
wait_for 20 state_is "$n" invoiced
is "change, one that mends a held order goes on when the exception is dismissed" "$(state "$n")" invoiced

# --- some lines: X12 860 ------------------------------------------------------------------------------------------------------
control=0
x12() { # x12 850|860 HHMM SEGMENT… - sends Acme's interchange of that time with one transaction
	local group=PO isa
	if [ "$1" = 860 ]; then group=PC; fi
	control=$((control + 1))
	isa=$(printf '%09d' "$control")
	printf '%s~\n' "ISA*00*          *00*          *ZZ*ACMESTORES     *ZZ*TRIBUTARY      *260702*$2*U*00401*$isa*0*P*>" \
		"GS*$group*ACMESTORES*TRIBUTARY*20260702*$2*$control*X*004010" "ST*$1*0001" "${@:3}" "SE*$#*0001" "GE*1*$control" \
		"IEA*1*$isa" >"$dir/document.edi"
	tributary submit --party edi-acme "$dir/document.edi" >/dev/null
}
acme_order() { # acme_order HHMM - two shredders, which are not in stock
	x12 850 "$1" "BEG*00*SA*$n**20260702" "N1*BY*Acme Stores*92*4711" "N1*ST*Acme Stores DC 2*92*DC02" "N3*800 Freight Way" \
		"N4*Fort Worth*TX*76106" "PO1*1*2*EA*219.00**VN*TR-1020" "CTT*1" "AMT*TT*438.00"
}
total=''
acme_change() { # acme_change HHMM POC… - and no more than these; with $total, that is the order's then
	x12 860 "$1" "BCH*04*SA*$n***20260702*****20260702" "${@:2}" "CTT*$(($# - 1))" ${total:+"AMT*TT*$total"}
}
came=''
comes() { # comes OUTCOME - of what was sent last, after all before it
	came=${came:+$came, }$1
	wait_for 20 outcomes_are "$n" "$came"
}
total() { sql "SELECT report.amount(total_minor, currency) || ' ' || revision_no FROM report.orders WHERE number = '$n'"; }
total_is() { [ "$(total)" = "$1" ]; }

n="AC-R6$run"
acme_order 1000
comes order
wait_for 15 state_is "$n" backordered
acme_change 1100 "POC*1*QI*3*3*EA*219.00**VN*TR-1020"
comes change
is "860, a line is changed in the order that is known" "$(total)" "657.00 2"
acme_change 1130 "POC*1*QI*3*3*EA*219.00**VN*TR-1020"
comes duplicate
acme_change 1030 "POC*1*QI*4*4*EA*219.00**VN*TR-1020"
comes "exception change-late"
acme_change 1200 "POC*9*DI******VN*TR-1020"
comes "exception change-line-unknown"
total=438.00 acme_change 1230 "POC*1*QD*1*1*EA*219.00**VN*TR-1020"
comes "exception total-mismatch"
is "860, what cannot be meant changes nothing" "$(total)" "657.00 2"
acme_change 1300 "POC*1*DI******VN*TR-1020" "POC*2*AI*2*2*EA*14.90**VN*TR-1003"
comes change
is "860, each comes to what it should" "$(outcomes "$n")" "$came"
wait_for 20 state_is "$n" invoiced
is "860, the merged order is shipped and billed" "$(sql "SELECT state || ' ' || report.amount(invoiced_minor, currency) || ' ' || revision_no FROM report.orders WHERE number = '$n'")" "invoiced 29.80 3"
is "860, its lines are the merged ones" "$(sql "SELECT string_agg(line_ref || ' ' || sku, ', ') FROM tributary.order_lines l JOIN tributary.orders o USING (order_id) WHERE o.number = '$n'")" "2 TR-1003"
acme_change 1400 "POC*2*QI*5*5*EA*14.90**VN*TR-1003"
comes "exception order-changed"
is "860, after shipping it is a person's" "$(outcomes "$n")" "$came"

# --- one that comes before its order -----------------------------------------------------------------------------------------
n="AC-R7$run"
acme_change 1100 "POC*1*QI*3*3*EA*219.00**VN*TR-1020"
early="SELECT exception_id FROM report.exceptions WHERE number = '$n' AND code = 'change-early' AND state = 'open'"
wait_for 15 eval '[ -n "$(sql "$early")" ]'
acme_order 1000
wait_for 15 state_is "$n" backordered
tributary exceptions release "$(sql "$early")" >/dev/null
wait_for 15 total_is "657.00 2"
is "860, one that came first is merged when it is released" "$(total)" "657.00 2"

# --- some lines: ORDCHG, while a person looks at the order ---------------------------------------------------------------------
edifact() { # edifact ORDERS|ORDCHG HHMM SEGMENT… - sends Globex's interchange of that time with one message
	control=$((control + 1))
	printf "%s'\n" "UNB+UNOC:3+4012345000016:14+4012345000092:14+261120:$2+R$control" "UNH+1+$1:D:96A:UN" "${@:3}" "UNT+$#+1" \
		"UNZ+1+R$control" >"$dir/document.edi"
	tributary submit --party edi-globex "$dir/document.edi" >/dev/null
}
globex_change() { # one line goes, one comes
	edifact ORDCHG 1100 "BGM+230+CH-1+4" "DTM+137:20261120:102" "RFF+ON:$n" "NAD+BY+4012345000016::9" \
		"LIN+10+2+TR-1020:SA" "LIN+20+1+TR-1003:SA" "QTY+21:2:PCE" "PRI+AAA:13.50" "UNS+S" "MOA+86:27.00"
}
n="PO-R8$run" came=''
edifact ORDERS 1000 "BGM+220+$n+9" "DTM+137:20261120:102" "NAD+BY+4012345000016::9" \
	"NAD+DP+4012345000023::9++Globex Lager Nord+Hafenstr. 3+Beispielhausen++54321+DE" "CUX+2:EUR:9" \
	"LIN+10++TR-1020:SA" "QTY+21:2" "PRI+AAA:199.00" "UNS+S" "MOA+86:398.00" # it has no price in EUR
comes order
wait_for 15 state_is "$n" held
globex_change
comes change
globex_change
comes duplicate
is "ORDCHG, the same again is a duplicate" "$(outcomes "$n")" "$came"
tributary exceptions dismiss "$(sql "SELECT exception_id FROM report.exceptions WHERE number = '$n' AND state = 'open'")" >/dev/null
wait_for 20 state_is "$n" invoiced
is "ORDCHG, the merged order is shipped and billed" "$(sql "SELECT state || ' ' || report.amount(invoiced_minor, currency) || ' ' || revision_no FROM report.orders WHERE number = '$n'")" "invoiced 27.00 2"

# --- orders and their cancellations at once, two processes each -------------------------------------------------------------
for worker in ingest enrich allocate; do fleet scale $worker 2; done
jq -c '.cancelled_at = "2026-11-20T15:00:00Z" | .updated_at = .cancelled_at' tests/bench/order.json >"$dir/cancel-template.json"
load "race$run-" 200 &
"$bin/bench" load --party shopify --template "$dir/cancel-template.json" --prefix "race$run-" --count 200 >/dev/null 2>&1 &
wait $(jobs -p)
ended() { sql_is "SELECT count(*) FROM report.orders WHERE number LIKE 'race$run-%' AND state IN ('invoiced', 'cancelled')" 200; }
wait_for 60 ended
is "race, every order is either invoiced or cancelled" "$(sql "SELECT count(*) FROM report.orders WHERE number LIKE 'race$run-%' AND state IN ('invoiced', 'cancelled')")" 200
is "race, nothing was asked of a warehouse for a cancelled one" "$(sql "SELECT count(*) FROM report.orders WHERE number LIKE 'race$run-%' AND cancelled_at IS NOT NULL AND shipments_count > 0")" 0
told() { sql_is "SELECT count(*) FROM report.orders o WHERE number LIKE 'race$run-%' AND state = 'invoiced' AND NOT EXISTS (SELECT FROM report.exceptions x WHERE x.order_id = o.order_id AND x.code = 'order-cancelled')" 0; }
wait_for 20 told
told && ok "race, of each that was shipped all the same a person is told" || not_ok "race, of each that was shipped all the same a person is told"
for worker in ingest enrich allocate; do fleet scale $worker 1; done
is "books balance" "$(books_wrong)" ""
