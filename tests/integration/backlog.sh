#!/bin/bash
# A channel that sends all at once does not fill the queues that come later: its door waits while these are full, and the other
# channels' orders are behind it neither there nor here. But a stage that stands still stops no channel (promise P5).
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
trap 'rm -f "$var/fleet.ingest.env"; fleet reload; fleet start; wms PUT /v1/mode "{\"confirm_delay_ms\":200}" >/dev/null' EXIT
run=$RANDOM
taken() { sql "SELECT count(*) FROM tributary.documents d JOIN tributary.orders o USING (document_id) WHERE o.number LIKE '$1%'"; }
taken_are() { [ "$(taken "$1")" = "$2" ]; }

fleet stop enrich
printf 'BACKLOG_MAX=150\nBACKLOG_WAIT_MS=3000\n' >"$var/fleet.ingest.env"
fleet reload
load "bk$run-" 1000
sleep 5
n=$(taken "bk$run-")
is "backlog, with enrich standing still ingest takes a batch each 3 s ($n of 1000 after 5 s)" "$((n > 150 && n < 800))" 1
# Each within a second, while the burst's own batch has to wait for 3 s
slow=0
for i in 1 2 3 4 5; do
	load "bt$run-" 1 --first $((run * 10 + i)) --party woocommerce --template tests/bench/order-woocommerce.json
	wait_for 1 taken_are "bt$run-" "$i" || slow=$((slow + 1))
done
n=$(taken "bk$run-")
is "backlog, meanwhile another channel's orders are taken at once ($n of the burst)" "$((slow == 0 && n < 1000))" 1
fleet start enrich
wait_for 60 all_invoiced "bk$run-" 1000
is "backlog, once it goes on all come to their invoice" "$(invoiced "bk$run-")" 1000
wait_for 60 all_invoiced "bt$run-" 5
is "backlog, those of the other channel, too" "$(invoiced "bt$run-")" 5

fleet stop enrich
rm -f "$var/fleet.ingest.env"
fleet reload
load "bl$run-" 1000
wait_for 15 taken_are "bl$run-" 1000
is "backlog, a stage that stands still stops no channel" "$(taken "bl$run-")" 1000
fleet start enrich
wait_for 60 all_invoiced "bl$run-" 1000
is "backlog, and nothing is lost by it" "$(invoiced "bl$run-")" 1000

# A partner's answers end what is under way, a channel's orders begin more: of both in hand, ingest takes three answers for an order
wms PUT /v1/mode '{"confirm_delay_ms":9000}' >/dev/null
load "ba$run-" 400
wait_for 15 taken_are "ba$run-" 400
fleet stop ingest
answers_wait() { [ "$(management GET 'queues/tributary/ingest.sandbox-wms?columns=messages' | jq .messages)" = 400 ]; }
wait_for 40 answers_wait
is "backlog, the answers to 400 orders wait while ingest stands still" "$?" 0
wms PUT /v1/mode '{"confirm_delay_ms":200}' >/dev/null
load "bn$run-" 1000
fleet start ingest
wait_for 60 all_invoiced "ba$run-" 400
# One in three of 400, or with a batch of orders before the first answer 233; as many of each would be 300 at least
n=$(sql "SELECT count(*) FROM tributary.documents d JOIN tributary.orders o USING (document_id) WHERE o.number LIKE 'bn$run-%' AND d.place <
         (SELECT max(a.place) FROM tributary.documents a JOIN tributary.orders b ON b.order_id = a.order_id WHERE b.number LIKE 'ba$run-%' AND a.kind = 'shipment')")
is "backlog, before the last answer fewer orders than answers were taken ($n for 400)" "$((n > 0 && n < 260))" 1
wait_for 60 all_invoiced "bn$run-" 1000
is "backlog, and those orders come to their invoice" "$(invoiced "bn$run-")" 1000
