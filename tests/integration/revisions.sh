#!/bin/bash
# What a channel says again about an order: later revisions count, earlier ones do not, a cancellation finds its order
# whenever it comes, and what a warehouse was asked for is not taken back behind its back.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/revisions
rm -rf "$dir" && mkdir -p "$dir"
run=$RANDOM
state() { sql "SELECT state FROM report.orders WHERE number = '$1'"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
outcomes() { sql "SELECT string_agg(d.outcome || coalesce(' ' || d.code, ''), ', ' ORDER BY d.received_at) FROM tributary.documents d WHERE d.order_id = (SELECT order_id FROM tributary.orders WHERE number = '$1') AND d.kind = 'order'"; }
outcomes_are() { [ "$(outcomes "$1")" = "$2" ]; }
# order NUMBER REVISION SKU - one line of two of the item, at its list price; TR-1020 has no stock
order() {
	jq --arg n "$1" --arg rev "2026-11-20T$2:00Z" --arg sku "$3" '
		.id = ($n | ltrimstr("#R") | tonumber) | .name = $n | .updated_at = $rev | .line_items = [.line_items[0] | .sku = $sku | .quantity = 2
		  | .price = (if $sku == "TR-1020" then "219.00" else "14.90" end) | .tax_lines = [] | .discount_allocations = []]
		| .shipping_lines = [] | .total_tax = "0.00" | .total_line_items_price = ((.line_items[0].price | tonumber) * 2 | tostring)
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
