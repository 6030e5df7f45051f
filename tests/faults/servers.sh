#!/bin/bash
# RabbitMQ, Postgres and Redis restarted, killed and emptied under load: the end state is that of a calm run.
# Promises P1, P2, P6.
. "$(dirname "$0")/../support/fleet.sh"
COUNT=400
fleet_up
load scalm- $COUNT
wait_for 90 all_invoiced scalm- $COUNT || not_ok "calm run, every order is invoiced" "$(invoiced scalm-)"
calm=$(end_state scalm-)

during() { # during NAME COMMAND… - run the command while orders flow
	local name=$1
	shift
	load "$name-" $COUNT &
	local loader=$!
	sleep 0.3
	"$@"
	wait $loader || not_ok "$name, every publish was confirmed"
	wait_for 120 all_invoiced "$name-" $COUNT
	is "$name, the end state is the calm run's" "$(end_state "$name-")" "$calm"
}
empty_redis() { redis-cli --no-auth-warning -u "$(cat "$var/secrets/redis-admin-url")" FLUSHALL >/dev/null; }

during postgres-restarted server restart postgres
during postgres-killed eval "server kill postgres; server start postgres"
during redis-killed eval "server kill redis; server start redis"
during redis-emptied empty_redis
during rabbitmq-restarted server restart rabbitmq
during rabbitmq-killed eval "server kill rabbitmq; server start rabbitmq"
is "books balance" "$(books_wrong)" ""
is "the warehouse shipped nothing twice" "$(wms GET /v1/stats | jq .doubled)" 0
