#!/bin/bash
# kill -9 of each worker right after each step of the skeleton, under load: the end state is that of a calm run.
# Promises P1, P2, P3 and P5.
. "$(dirname "$0")/../support/fleet.sh"
COUNT=60
fleet_up
load calm- $COUNT
wait_for 60 all_invoiced calm- $COUNT || not_ok "calm run, every order is invoiced" "$(invoiced calm-)"
calm=$(end_state calm-)
is "calm run, every order has an end state" "$(wc -l <<<"$calm")" $COUNT

kill_at() { # kill_at WORKER STEP - the worker's next life ends right after its second pass of the step; then it lives
	local prefix="$1-$2-"
	echo "$2 2" >"$var/fault.$1"
	fleet restart "$1"
	load "$prefix" $COUNT
	if wait_for 90 all_invoiced "$prefix" $COUNT && [ ! -e "$var/fault.$1" ]; then
		is "$1 killed after $2, the end state is the calm run's" "$(end_state "$prefix")" "$calm"
	else
		not_ok "$1 killed after $2, every order is invoiced" "$(invoiced "$prefix") of $COUNT"
	fi
}

# BATCH_MAX small, so that a run has more than two batches
echo BATCH_MAX=10 >"$var/fleet.env"
for worker in ingest enrich allocate ship-sync invoice; do echo "FAULT_FILE=$var/fault.$worker" >"$var/fleet.$worker.env"; done
echo "LEASE_MS=10000" >>"$var/fleet.ship-sync.env"
fleet reload
for worker in ingest enrich allocate invoice; do
	for step in take decode handle commit publish mark ack; do kill_at $worker $step; done
done
# between prepare and record nobody knows whether the request was sent: the warehouse is asked
for step in take decode prepare call commit publish mark ack; do kill_at ship-sync $step; done
is "books balance" "$(books_wrong)" ""
is "the warehouse shipped nothing twice" "$(wms GET /v1/stats | jq .doubled)" 0

rm -f "$var"/fleet.*env
fleet reload
