#!/bin/bash
# Every message twice, many processes of each worker, and too little stock for eight of them. Promises P2, P4.
. "$(dirname "$0")/../support/fleet.sh"
COUNT=200
fleet_up
load tcalm- $COUNT
wait_for 60 all_invoiced tcalm- $COUNT
calm=$(end_state tcalm-)

for worker in ingest enrich allocate ship-sync invoice; do fleet scale $worker 2; done
load twice- $COUNT --twice
wait_for 60 all_invoiced twice- $COUNT
is "every document twice, two processes each: the end state is the calm run's" "$(end_state twice-)" "$calm"
is "every second document is a duplicate" \
	"$(sql "SELECT count(*) FROM tributary.documents d JOIN tributary.orders o USING (order_id) WHERE o.number LIKE 'twice-%' AND outcome = 'duplicate'")" $COUNT

# Every message of the fleet twice, documents and events alike, two processes each: a queue that hears all of it is said
# again into the exchanges it came by
answered() { # repeats that the journal has answered, of all processes
	local port sum=0
	for port in $(sed -n 's/.*HTTP_PORT="\([0-9]*\)".*/\1/p' "$var"/supervisor/conf.d/*.conf); do
		sum=$((sum + $(curl -s "http://127.0.0.1:$port/metrics" | awk '/^tributary_answered_total/ { print $2 }')))
	done
	echo $sum
}
management PUT queues/tributary/lab.echo '{"durable":true,"arguments":{"x-queue-type":"quorum"}}' >/dev/null
for exchange in intake events; do management POST bindings/tributary/e/$exchange/q/lab.echo '{"routing_key":"#"}' >/dev/null; done
before=$(answered)
AMQP_URL=$(<"$var/secrets/admin.amqp-url") "$bin/bench" echo --queue lab.echo >"$var/echo.txt" 2>"$var/echo.log" &
echo_pid=$!
load echoed- $COUNT
wait_for 90 all_invoiced echoed- $COUNT
all_answered() { [ $(($(answered) - before)) -ge $((COUNT * 7)) ]; }
wait_for 60 all_answered
is "every message twice, two processes each: the end state is the calm run's" "$(end_state echoed-)" "$calm"
# per order: the document, accepted, enriched, requested, the confirmation, and shipment.confirmed in two queues
all_answered && ok "every message twice: each second one was answered from the journal" ||
	not_ok "every message twice: each second one was answered from the journal" "$(($(answered) - before))"
kill $echo_pid
wait $echo_pid
management DELETE queues/tributary/lab.echo >/dev/null
is "every message twice: the warehouse was asked once for each shipment" "$(wms GET /v1/stats | jq .doubled)" 0

# Eight processes want the same item, of which there is too little
fleet scale allocate 8
admin_sql "UPDATE tributary.stock SET on_hand_micro = reserved_micro + 50000000 WHERE item_no = 'TR-1003' AND warehouse = 'EAST'"
admin_sql "UPDATE tributary.stock SET on_hand_micro = reserved_micro + 30000000 WHERE item_no = 'TR-1003' AND warehouse = 'WEST'"
load scarce- 300
settled() { sql_is "SELECT count(*) FROM report.orders WHERE number LIKE 'scarce-%' AND (state IN ('invoiced', 'backordered', 'part-allocated', 'part-shipped', 'part-invoiced'))" 300; }
wait_for 90 settled
is "eight allocate processes, 80 of 300 wanted are there: 80 are reserved" \
	"$(sql "SELECT (sum(r.quantity_micro) / 1000000)::int FROM tributary.reservations r JOIN tributary.orders o USING (order_id) WHERE o.number LIKE 'scarce-%' AND r.item_no = 'TR-1003'")" 80
is "nothing is oversold" "$(sql "SELECT count(*) FROM tributary.stock WHERE reserved_micro > on_hand_micro OR on_hand_micro < 0")" 0
is "books balance" "$(books_wrong)" ""
for worker in ingest enrich allocate ship-sync invoice; do fleet scale $worker 1; done
tributary mirror load ops/sandbox/mirror >/dev/null
