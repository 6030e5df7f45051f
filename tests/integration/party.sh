#!/bin/bash
# A new channel while the fleet runs, from a folder of its own: made, deployed, broken, mended. The order that came
# meanwhile waits, and flows as if nothing had happened.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/own-parties
rm -rf "$dir" && cp -r topology/parties "$dir"
export PARTIES_DIR=$dir
trap 'management DELETE queues/tributary/ingest.outlet; ops/stack/up --var "$var" --parties "$PWD/topology/parties" >/dev/null; rm -rf "$dir"' EXIT
stack_up() { ops/stack/up --var "$var" --parties "$dir" 2>&1; }
next=810000
send() { # send [JQ-FILTER] - an order of the new party; prints its number
	next=$((next + 1))
	jq ".id = $next | .name = \"#$next\" | .order_number = $next | ${1:-.}" "$dir/outlet/samples/1001-paid.json" >"$var/outlet.json"
	tributary submit --party outlet "$var/outlet.json" >/dev/null || not_ok "outlet, the document is sent"
}
state_is() { sql_is "SELECT state FROM report.orders WHERE party = 'outlet' AND number = '#$1'" "$2"; }
exceptions() { sql "SELECT string_agg(code, ' ') FROM report.exceptions WHERE party = 'outlet' AND state = 'open'"; }
exceptions_are() { [ "$(exceptions)" = "$1" ]; }

tributary party new outlet --like shopify >/dev/null && ok "party new, makes a folder" || not_ok "party new, makes a folder"
tributary party new outlet --like shopify >/dev/null 2>&1 && not_ok "party new, does not overwrite one" || ok "party new, does not overwrite one"
tributary party check --write outlet >/dev/null
tributary party check outlet >"$var/outlet.log" && ok "party check, the new folder is as its samples say" ||
	not_ok "party check, the new folder" "$(grep -v '^ok' "$var/outlet.log" | head -n 3)"
before=$(ops/stack/fleet --var "$var" pids sandbox-wms)
stack_up >"$var/up.log" || not_ok "up, takes the new party" "$(tail -n 3 "$var/up.log")"
is "up, leaves running what has nothing to do with it" "$(ops/stack/fleet --var "$var" pids sandbox-wms)" "$before"
send
wait_for 30 state_is "$next" invoiced && ok "new party, its order goes to its invoice" || not_ok "new party, its order goes to its invoice" "$(exceptions)"

echo 'this is no Lua' >>"$dir/outlet/mapping.lua"
ops/stack/fleet --var "$var" reload >"$var/reload.log" 2>&1 && not_ok "reload, refuses a mapping that cannot be read" ||
	ok "reload, refuses a mapping that cannot be read"
grep -q 'outlet' "$var/reload.log" && ok "reload, names what is wrong" || not_ok "reload, names what is wrong" "$(head -n 2 "$var/reload.log")"
fleet restart ingest
send
wait_for 30 state_is "$next" invoiced && ok "reload refused, the fleet goes on with what it had" ||
	not_ok "reload refused, the fleet goes on with what it had"

cp "$dir/shopify/mapping.lua" "$dir/outlet/mapping.lua"
sed -i 's/^\tlook(doc)$/&\n\tif doc.note == "gift" then error("no gifts yet") end/' "$dir/outlet/mapping.lua"
fleet reload || not_ok "reload, takes a mapping whose samples are as expected"
send '.note = "gift"'
gift=$next
wait_for 20 exceptions_are mapping-error
is "mapping, an unmappable document is an exception" "$(exceptions)" mapping-error
send
wait_for 30 state_is "$next" invoiced && ok "mapping, the next order is not held up by it" || not_ok "mapping, the next order is not held up by it"
cp "$dir/shopify/mapping.lua" "$dir/outlet/mapping.lua"
is "party diff, shows what the mended mapping would change" "$(tributary party diff outlet --since 1h | tail -n 1)" "4 documents, 1 would change"
fleet reload
tributary party remap outlet >/dev/null || not_ok "party remap, runs"
wait_for 30 state_is "$gift" invoiced && ok "party remap, the order flows as if nothing had happened" ||
	not_ok "party remap, the order flows as if nothing had happened" "$(exceptions)"
is "party remap, nothing is open any more" "$(exceptions)" ""
is "party diff, then nothing would change" "$(tributary party diff outlet --since 1h | tail -n 1)" "4 documents, 0 would change"
tributary party remap outlet >/dev/null 2>&1
is "party remap, run again, sends nothing" "$(sql "SELECT count(*) FROM report.orders WHERE party = 'outlet'")" 4
sed -i 's/note = text.free(/note = "VIP " .. text.free(/' "$dir/outlet/mapping.lua"
tributary party diff outlet --since 1h >"$var/diff.log"
grep -q 'note' "$var/diff.log" && ok "party diff, shows the field that would be another" || not_ok "party diff, shows the field" "$(head -n 5 "$var/diff.log")"
