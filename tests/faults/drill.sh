#!/bin/bash
# A short drill on a stack of its own: 12 faults of a fixed seed while 600 orders flow. Promises P1 to P6.
. "$(dirname "$0")/../support/fleet.sh"
own=$var-drill
is "drill, seed 3 gives the faults that it gave on every machine" "$(tributary drill --plan --seed 3 --faults 60 | cksum)" "1263844879 1476"
is "drill, another seed gives others" "$([ "$(tributary drill --plan --seed 4 --faults 60)" != "$(tributary drill --plan --seed 3 --faults 60)" ] && echo others)" others
ops/stack/down --var "$own" --wipe >/dev/null 2>&1
rm -rf "$own"
trap 'ops/stack/down --var "$own" --wipe >/dev/null 2>&1; rm -rf "$own"' EXIT
report=$(tributary drill --orders 600 --faults 12 --pace 3 --seed 9 --patience 90 --json --var "$own" --port-base "$((TRIBUTARY_PORT_BASE + 300))")
status=$?
echo "$report"
field() { jq -r "$1" <<<"$report"; }
for what in lost doubled oversold given_up stuck; do is "drill, $what" "$(field ".$what")" 0; done
is "drill, the books balance" "$(field '.books_wrong | length')" 0
is "drill, every fault was done" "$(field .faults)" 12
is "drill, its exit code" "$status" 0
