#!/bin/bash
# What nobody could take comes back whole, from wherever it was lost. Promises P1 and P2.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
topology() { DATABASE_URL='' RABBITMQ_MANAGEMENT_URL_FILE="$var/secrets/admin.management-url" tributary topology "$@"; }
order_file() { # order_file ID NAME - a good order, and where it lies
	jq --arg name "$2" ".id = $1 | .name = \$name" topology/parties/shopify/samples/1001-paid.json >"$var/order-$1.json"
	echo "$var/order-$1.json"
}
state_is() { sql_is "SELECT state FROM report.orders WHERE number = '$1'" "$2"; }
state() { sql "SELECT state FROM report.orders WHERE number = '$1'"; }
letter() { sql "SELECT dead_letter_id FROM report.dead_letters WHERE $1 ORDER BY died_at DESC LIMIT 1"; }
run=$RANDOM

# --- the queue behind an event is not there ---------------------------------------------------------------------------
fleet stop enrich
management DELETE queues/tributary/enrich >/dev/null
topology check >"$var/check.txt" && not_ok "topology check, a deleted queue is a difference"
is "topology check, the deleted queue is named" "$(grep -c 'missing *queue enrich' "$var/check.txt")" 1
tributary submit --party shopify "$(order_file 81${run}1 "#D$run-1")" >/dev/null
wait_for 10 sql_is "SELECT count(*) FROM report.dead_letters WHERE code = 'unroutable' AND state = 'open'" 1
is "unroutable, the event is a dead letter" "$(sql "SELECT code FROM report.dead_letters WHERE code = 'unroutable' AND state = 'open'")" unroutable
id=$(letter "code = 'unroutable'")
tributary dead-letters replay "$id" >"$var/replay.txt" 2>&1 && not_ok "unroutable, a replay into nothing is refused"
is "unroutable, what could not be replayed is open again" "$(sql "SELECT state FROM report.dead_letters WHERE dead_letter_id = '$id'")" open
topology apply >/dev/null || not_ok "topology apply, the queue is there again"
fleet start enrich
tributary dead-letters replay "$id" >/dev/null
wait_for 20 state_is "#D$run-1" invoiced
is "unroutable, replayed it goes on to its invoice" "$(state "#D$run-1")" invoiced

# --- a policy of somebody else's ---------------------------------------------------------------------------------------
management PUT policies/tributary/strange '{"pattern":"^invoice$","definition":{"max-length":1},"priority":99,"apply-to":"queues"}'
topology check >"$var/check.txt" && not_ok "topology check, a policy over ours is a difference"
is "topology check, the foreign policy is named" "$(grep -c 'foreign *policy strange' "$var/check.txt")" 1
management DELETE policies/tributary/strange
topology check >/dev/null && ok "topology check, and now all is well" || not_ok "topology check, and now all is well"

# --- the same message id, other bytes ------------------------------------------------------------------------------------
publish() { # publish ROUTING-KEY MESSAGE-ID FILE
	management POST exchanges/tributary/intake/publish "$(jq -n --arg key "$1" --arg id "$2" --rawfile body "$3" \
		'{properties: {message_id: $id, delivery_mode: 2}, routing_key: $key, payload: $body, payload_encoding: "string"}')" >/dev/null
}
publish shopify.order "counter-$run" "$(order_file 81${run}2 "#D$run-2")"
publish shopify.order "counter-$run" "$(order_file 81${run}3 "#D$run-3")"
publish shopify.order "counter-$run" "$(order_file 81${run}3 "#D$run-3")"
wait_for 20 state_is "#D$run-3" invoiced
wait_for 20 state_is "#D$run-2" invoiced
is "intake, a message id used again for another order loses neither" "$(state "#D$run-2") $(state "#D$run-3")" "invoiced invoiced"
is "intake, the same id with the same bytes is one document" \
	"$(sql "SELECT count(*) FROM tributary.documents d JOIN tributary.orders o USING (order_id) WHERE o.number = '#D$run-3' AND d.kind = 'order'")" 1

# --- the database of dead letters is locked: the letter keeps where it came from -----------------------------------------
psql "$(<"$var/secrets/owner.database-url")" -X -q -c "BEGIN; LOCK TABLE tributary.dead_letters; SELECT pg_sleep(25); COMMIT" >/dev/null &
locker=$!
locked() { [ "$(admin_sql "SELECT count(*) FROM pg_locks WHERE relation = 'tributary.dead_letters'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 1 ]; }
wait_for 10 locked
echo '{"a":1}' >"$var/a.json"
echo '{"a":2}' >"$var/b.json"
publish "nobody$run.order" 8 "$var/a.json"
publish "nobody$run.order" 8 "$var/b.json"
wait $locker
wait_for 40 sql_is "SELECT count(*) FROM tributary.dead_letters WHERE routing_key = 'nobody$run.order' AND source = 'unrouted'" 2
is "dead-letter, after a lock of 25 s both letters are whole, with their routing key" \
	"$(sql "SELECT string_agg(convert_from(body, 'UTF8'), '' ORDER BY body) FROM tributary.dead_letters WHERE routing_key = 'nobody$run.order' AND message_id = '8'")" \
	"$(printf '{"a":1}\n{"a":2}\n')"

# --- what the broker gave up on, before ingest gave it an id -------------------------------------------------------------
# A delivery limit of 1 and an ingest that dies with the message in hand, twice
file=$(order_file 81${run}4 "#D$run-4")
echo "FAULT_FILE=$var/fault.ingest" >"$var/fleet.ingest.env"
fleet reload
management PUT policies/tributary/brittle '{"pattern":"^ingest[.]shopify$","definition":{"delivery-limit":1,"dead-letter-exchange":"dead-letter","dead-letter-strategy":"at-least-once","overflow":"reject-publish"},"priority":99,"apply-to":"queues"}'
sleep 1
echo "take 1" >"$var/fault.ingest"
fleet restart ingest
publish shopify.order "brittle-$run" "$file"
gone() { [ ! -e "$var/fault.ingest" ]; }
wait_for 20 gone
echo "take 1" >"$var/fault.ingest"
wait_for 60 sql_is "SELECT count(*) FROM report.dead_letters WHERE source = 'broker' AND origin = 'ingest.shopify' AND state = 'open'" 1
rm -f "$var/fault.ingest"
management DELETE policies/tributary/brittle
is "broker, what it gave up on is a dead letter" "$(sql "SELECT code FROM report.dead_letters WHERE source = 'broker' AND origin = 'ingest.shopify'")" delivery_limit
tributary dead-letters replay "$(letter "source = 'broker' AND origin = 'ingest.shopify'")" >/dev/null
wait_for 20 state_is "#D$run-4" invoiced
is "broker, replayed it becomes the order it was" "$(state "#D$run-4")" invoiced
rm -f "$var"/fleet.ingest.env
fleet reload

# --- what the last reader there is rejects -------------------------------------------------------------------------------
# As the dead-letter worker does with headers that it cannot read (tests/integration/test_broker_headers.c)
taken() { management POST "queues/tributary/$1/get" "{\"count\":1,\"encoding\":\"auto\",\"ackmode\":\"$2\"}" | jq -r '.[0].payload'; } # QUEUE MODE
messages_in() { management GET "queues/tributary/$1" | jq -r .messages_ready; }
none_in() { [ "$(messages_in "$1")" = 0 ]; }
one_in() { [ "$(messages_in "$1")" = 1 ]; }
wait_for 20 none_in dead-letter
fleet stop dead-letter
sleep 1
management POST exchanges/tributary/dead-letter/publish "{\"properties\":{\"delivery_mode\":2},\"routing_key\":\"enrich\",\"payload\":\"unread-$run\",\"payload_encoding\":\"string\"}" >/dev/null
wait_for 20 one_in dead-letter
taken dead-letter reject_requeue_false >/dev/null
wait_for 20 one_in rejected
is "rejected, a dead letter that its worker cannot read is kept" "$(taken rejected ack_requeue_false)" "unread-$run"
fleet start dead-letter
is "books balance" "$(books_wrong)" ""
