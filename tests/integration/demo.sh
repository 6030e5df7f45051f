#!/bin/bash
# The demo runs, and runs again: each time its orders are new, and all of them come to their end.
. "$(dirname "$0")/../support/fleet.sh"
fleet_own demo
for run in first second; do
	said=$(ops/demo/run 2>&1)
	is "demo, the $run run ends well" $? 0
	is "demo, the $run run: nothing is refused at the door" "$(grep -cE 'curl: |"status": 4' <<<"$said")" 0
done
is "demo, two runs make twice the orders" "$(sql "SELECT count(*) % 2 = 0 AND count(*) > 40 FROM tributary.orders")" t
