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
for step in take decode commit publish mark ack; do kill_at ship-sync $step; done
is "books balance" "$(books_wrong)" ""
is "the warehouse shipped nothing twice" "$(wms GET /v1/stats | jq .doubled)" 0

# ship-sync between prepare and record: nobody knows whether the request was sent, so nothing is sent again. What the
# warehouse got is confirmed by it and goes on; what it did not get waits for a person.
for step in prepare call; do
	echo "$step 2" >"$var/fault.ship-sync"
	fleet restart ship-sync
	load "doubt-$step-" $COUNT
	settled() { sql_is "SELECT count(*) FROM report.orders o WHERE number LIKE 'doubt-$step-%' AND (state = 'invoiced' OR hold_code = 'in-doubt')" $COUNT; }
	wait_for 120 settled && ok "ship-sync killed after $step, every order is invoiced or in doubt" ||
		not_ok "ship-sync killed after $step, every order is invoiced or in doubt" "$(invoiced "doubt-$step-")"
	is "ship-sync killed after $step, nothing was shipped twice" "$(wms GET /v1/stats | jq .doubled)" 0
done
if sql_is "SELECT count(*) FROM report.orders WHERE hold_code = 'in-doubt' AND number LIKE 'doubt-%'" 0; then
	ok "nothing stayed in doubt"
else
	tributary exceptions release --code in-doubt --limit 1000 >/dev/null
	wait_for 60 all_invoiced doubt- $((2 * COUNT))
	is "what a person releases goes on" "$(invoiced doubt-)" $((2 * COUNT))
fi
rm -f "$var"/fleet.*env
fleet reload
