#!/bin/bash
# Dead letters drained with confidence: groups, notes and locks; a plan that says what each letter would come to; a replay
# that begins with one, stops when the trouble comes back, and ends with a verdict for each; corrections of a field. Who
# did what is in the audit log.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
export TRIBUTARY_USER=ines
run=$RANDOM
dir=$var/drain
rm -rf "$dir" && mkdir -p "$dir"
parties=$(. "$var/stack.conf" && echo "$parties")
letters() { tributary dead-letters "$@"; }
json() { jq -r "$1" "$dir/out"; }
acts() { sql "SELECT count(*) FROM tributary.audit_log WHERE act = '$1' AND who = 'ines'"; }
open_letters() { sql "SELECT count(*) FROM tributary.dead_letters WHERE code = '$1' AND state = 'open'"; }
open_is() { [ "$(open_letters "$1")" = "$2" ]; }
deploy() { ops/stack/up --var "$var" --parties "$1" >/dev/null || not_ok "the parties are deployed"; }
plan_id() { jq -r .plan "$dir/out"; }
would() { jq -r '[.would[] | "\(.would) \(.letters)"] | sort | join(", ")' "$dir/out"; }
verdicts() { jq -r '[.[] | "\(.verdict) \(.code) \(.letters)"] | sort | join(", ")' "$dir/out"; }

# --- 25 orders that a wrong mapping refuses -----------------------------------------------------------------------------
cp -r "$parties" "$dir/parties"
sed -i 's/^local function order(doc)/&\n\tif string.find(doc.name, "drain", 1, true) then refuse("drain-test", "lines[0].sku", "refused by a wrong mapping") end/' "$dir/parties/shopify/mapping.lua"
deploy "$dir/parties"
load "drain$run-" 25
wait_for 30 open_is drain-test 25
is "25 orders are dead letters" "$(open_letters drain-test)" 25
letters groups --json >"$dir/out"
fp=$(json '.[] | select(.code == "drain-test") | .fingerprint')
is "groups, one fingerprint: stage, party, code, field, how many" "$(json '.[] | select(.code == "drain-test") | "\(.stage) \(.party) \(.code) \(.path) \(.letters)"')" "ingest shopify drain-test lines[].sku 25"
letters assign "$fp" "night shift" >/dev/null && letters note "$fp" "mapping deployed at noon is wrong" >/dev/null
letters lock --until 8h --reason "until the mapping is mended" "$fp" >/dev/null
letters groups --json >"$dir/out"
is "groups, owner, note and lock stand with it" "$(json '.[] | select(.code == "drain-test") | "\(.owner), \(.note), \(.lock_reason)"')" "night shift, mapping deployed at noon is wrong, until the mapping is mended"
letters plan --like "$fp" >"$dir/text" 2>&1 && not_ok "locked, no plan takes them"
grep -q 'locked' "$dir/text" && ok "locked, no plan takes them" || not_ok "locked, no plan takes them" "$(cat "$dir/text")"
letters unlock "$fp" >/dev/null
letters note nosuchthing1 "words" >/dev/null 2>&1 && not_ok "note, a fingerprint that is not there" || ok "note, a fingerprint that is not there"
letters plan >"$dir/text" 2>&1
is "plan, without a filter it is nothing, not everything" "$? $(grep -c 'not everything' "$dir/text")" "2 1"
letters search --text "wrong mapping" --since 1h --party shopify --json >"$dir/out"
is "search, by text, party and time" "$(json length)" 25
id=$(json '.[0].id')
letters search --text "wrong mapping" --until 1h --json >"$dir/out"
is "search, nothing is older than an hour" "$(json length)" 0
letters show --json "$id" >"$dir/out"
is "show, the body that came, readable" "$(json '.body.name' | grep -c "drain$run-")" 1
letters show --raw "$id" | jq -r .name | grep -q "drain$run-" && ok "show, the bytes" || not_ok "show, the bytes"
letters show "$id" | grep -q 'refused by a wrong mapping' && ok "show, for people" || not_ok "show, for people"

# --- a plan, while nothing is mended ------------------------------------------------------------------------------------
letters plan --like "$fp" --json >"$dir/out"
is "plan, each would fail as before" "$(would)" "still fails 25"
plan=$(plan_id)
letters apply --json "$plan" >"$dir/out" 2>"$dir/text" && not_ok "apply, it stops when the trouble comes back"
is "apply, stops after the first: 24 are not sent" "$(verdicts)" "dead drain-test 1, not sent  24"
is "apply, all letters are still there" "$(open_letters drain-test)" 25
letters apply "$plan" >/dev/null 2>"$dir/text" && not_ok "apply, a plan that was stopped is refused"
grep -q plan-stopped "$dir/text" && ok "apply, a plan that was stopped is refused" || not_ok "apply, a plan that was stopped is refused" "$(cat "$dir/text")"
letters plan --like "$fp" --limit 3 --json >"$dir/out"
plan=$(plan_id)
letters replay "$(json '.items[1].id')" >/dev/null
wait_for 20 open_is drain-test 25
letters apply "$plan" >/dev/null 2>"$dir/text" && not_ok "apply, a plan that moved is refused"
grep -q plan-moved "$dir/text" && ok "apply, a plan that moved is refused" || not_ok "apply, a plan that moved is refused" "$(cat "$dir/text")"

# --- mended -------------------------------------------------------------------------------------------------------------
letters plan --like "$fp" --json >"$dir/out"
plan=$(plan_id)
load "drain$run-new-" 2
wait_for 20 open_is drain-test 27
deploy "$parties"
is "plan, made before the mapping was mended" "$(would)" "still fails 25"
letters plan --like "$fp" --until "$(date -u -d '-1 hour' +%FT%TZ)" >"$dir/text" 2>&1 && not_ok "plan, none died before"
letters plan --like "$fp" --party shopify --stage ingest --json >"$dir/out"
is "plan, each would go on" "$(would)" "would go on 27"
before=$(sql "SELECT count(*) FROM tributary.orders WHERE number LIKE '%drain$run-%'")
is "plan, nothing was done by it" "$before" 0
is "plan, what it would say is told" "$(json '.items[0].detail' | grep -c 'says order.accepted')" 1
# killed in the middle, and taken up again
{ timeout -s KILL 3 "$bin/tributary" dead-letters apply --rate 5 "$plan"; } >/dev/null 2>&1
letters apply --rate 100 --json "$plan" >"$dir/out"
is "apply, killed and taken up again: each has its verdict" "$(jq -r '[.[] | select(.verdict != "done")] | length' "$dir/out") $(sql "SELECT count(*) FROM tributary.replay_items WHERE plan_id = '$plan' AND verdict = 'done'")" "0 25"
is "apply, what died after the plan was made was not swept in" "$(open_letters drain-test)" 2
wait_for 60 all_invoiced "drain$run-" 25
is "apply, the orders go on to their invoices, once" "$(invoiced "drain$run-")" 25
letters apply "$plan" >/dev/null 2>"$dir/text"
is "apply, twice is refused" "$? $(grep -c plan-done "$dir/text")" "1 1"

# --- done already ---------------------------------------------------------------------------------------------------------
one=$(sql "SELECT dead_letter_id FROM tributary.dead_letters WHERE code = 'drain-test' AND state = 'replayed' LIMIT 1")
admin_sql "UPDATE tributary.dead_letters SET state = 'open', closed_at = NULL WHERE dead_letter_id = '$one'"
letters plan --json "$one" >"$dir/out"
is "plan, what was done already would be skipped" "$(would)" "already done: is skipped 1"
letters apply --json "$(plan_id)" >"$dir/out"
is "apply, it is skipped, and settled" "$(verdicts) $(sql "SELECT state FROM tributary.dead_letters WHERE dead_letter_id = '$one'")" "skipped already-done 1 replayed"

# Sent, and killed before it was judged: the plan is taken up, and ends
admin_sql "UPDATE tributary.replay_items SET verdict = NULL, verdict_code = NULL WHERE plan_id = '$plan'; UPDATE tributary.replay_plans SET state = 'applying' WHERE plan_id = '$plan'"
letters apply --json "$plan" >"$dir/out"
is "apply, killed before the verdicts: they are found out, and the plan is done" "$(verdicts) $(sql "SELECT state FROM tributary.replay_plans WHERE plan_id = '$plan'")" "done  25 done"

# --- discard ---------------------------------------------------------------------------------------------------------------
two=$(sql "SELECT dead_letter_id FROM tributary.dead_letters WHERE code = 'drain-test' AND state = 'open' LIMIT 1")
letters discard "$two" >/dev/null 2>&1 && not_ok "discard, needs a reason"
letters discard --reason "sent twice by the shop" "$two" >/dev/null
is "discard, it is closed" "$(sql "SELECT state FROM tributary.dead_letters WHERE dead_letter_id = '$two'")" dismissed

# --- a correction: a document from outside, and a message of the fleet -------------------------------------------------------
jq --arg n "#E$run" '.id = 99'"$run"' | .name = $n | .line_items[0].quantity = "many"' topology/parties/shopify/samples/1001-paid.json >"$dir/bad.json"
tributary submit --party shopify "$dir/bad.json" >/dev/null
bad() { sql "SELECT dead_letter_id FROM report.dead_letters WHERE path LIKE '%quantity%' AND state = 'open' ORDER BY died_at DESC LIMIT 1"; }
wait_for 20 eval '[ -n "$(bad)" ]'
id=$(bad)
letters edit "$id" /line_items/0/quantity 10 >/dev/null 2>&1 && not_ok "edit, needs a reason"
letters edit --reason typo "$id" /line_items/9/quantity 10 >/dev/null 2>"$dir/text" && not_ok "edit, a place that is not there"
grep -q pointer-missing "$dir/text" && ok "edit, a place that is not there is named" || not_ok "edit, a place that is not there is named"
is "edit, shows the difference" "$(letters edit --reason "typo, asked the shop" "$id" /line_items/0/quantity 10 | head -n 1)" '/line_items/0/quantity: "many" -> 10'
is "edit, the original is kept" "$(sql "SELECT convert_from(body, 'UTF8') FROM tributary.dead_letter_edits WHERE dead_letter_id = '$id'" | jq -r '.line_items[0].quantity')" many
letters plan --json "$id" >"$dir/out"
is "plan, corrected it would go on, and shows what was changed" "$(would), $(json '.items[0].changed')" 'would go on 1, /line_items/0/quantity: "many" -> 10'
letters apply --json "$(plan_id)" >"$dir/out"
state_is() { sql_is "SELECT state FROM report.orders WHERE number = '#E$run'" "$1"; }
wait_for 30 state_is invoiced
state_is invoiced && ok "edit, the order goes on" || not_ok "edit, the order goes on"

order=$(sql "SELECT order_id FROM report.orders WHERE number = '#E$run'")
body=$(jq --arg id "$order" '.order_id = $id | .kind = "new" | .lines[0].line_ref = "10"' tests/contract/golden/order.v1.json | tributary contracts encode order | base64 -w0)
uuid=$(cat /proc/sys/kernel/random/uuid)
management POST exchanges/tributary/home/publish "{\"properties\":{\"message_id\":\"$uuid\",\"correlation_id\":\"$order\",\"type\":\"order.accepted\",\"delivery_mode\":2,\"headers\":{\"v\":2}},\"routing_key\":\"now.enrich\",\"payload\":\"$body\",\"payload_encoding\":\"base64\"}" >/dev/null
fleet_letter() { sql "SELECT dead_letter_id FROM report.dead_letters WHERE code = 'version-unknown' AND state = 'open'"; }
wait_for 20 eval '[ -n "$(fleet_letter)" ]'
id=$(fleet_letter)
letters show --json "$id" >"$dir/out"
is "show, a message of the fleet is readable, with its order's timeline" "$(json '.body.currency') $(json '[.timeline[] | select(.stage == "invoice")] | length > 0')" "EUR true"
letters edit --reason no "$id" /order_id "\"$uuid\"" >/dev/null 2>"$dir/text" && not_ok "edit, the order stays the same order"
grep -q 'stays as it is' "$dir/text" && ok "edit, the order stays the same order" || not_ok "edit, the order stays the same order" "$(cat "$dir/text")"
letters edit --reason no "$id" /lines/0/quantity '"-5"' >/dev/null 2>"$dir/text" && not_ok "edit, what is no document any more is refused"
grep -q 'lines\[0\].quantity' "$dir/text" && ok "edit, what is no document any more is refused, with its path" || not_ok "edit, what is no document any more is refused, with its path" "$(cat "$dir/text")"
letters discard --reason "a test's" "$id" >/dev/null

# A message to a warehouse: its stage looks there, and sends nothing
asked=$(wms GET /v1/stats | jq .accepted)
shipment=$(sql "SELECT encode(s.document, 'base64') FROM tributary.shipments s JOIN tributary.orders o USING (order_id) WHERE o.number LIKE 'drain$run-%' LIMIT 1" | tr -d '\n')
order=$(sql "SELECT s.order_id FROM tributary.shipments s JOIN tributary.orders o USING (order_id) WHERE o.number LIKE 'drain$run-%' AND encode(s.document, 'base64') LIKE '${shipment:0:60}%' LIMIT 1")
uuid=$(cat /proc/sys/kernel/random/uuid)
management POST exchanges/tributary/home/publish "{\"properties\":{\"message_id\":\"$uuid\",\"correlation_id\":\"$order\",\"type\":\"shipment.requested\",\"delivery_mode\":2,\"headers\":{\"v\":2}},\"routing_key\":\"now.ship-sync.sandbox-wms\",\"payload\":\"$shipment\",\"payload_encoding\":\"base64\"}" >/dev/null
wait_for 20 eval '[ -n "$(fleet_letter)" ]'
id=$(fleet_letter)
admin_sql "UPDATE tributary.dead_letters SET version = 1 WHERE dead_letter_id = '$id'" # as if the program knew it by now
letters plan --json "$id" >"$dir/out"
is "plan, a partner that has it already is asked, and told of" "$(would), $(json '.items[0].detail' | grep -c 'has it as WMS-.*nothing would be sent')" "would go on 1, 1"
is "plan, nothing was sent to the partner" "$(wms GET /v1/stats | jq .accepted)" "$asked"
letters discard --reason "a test's" "$id" >/dev/null

is "audit log, every act has who did it" "$(for a in fingerprint.assign fingerprint.note fingerprint.lock fingerprint.unlock dead-letter.discard dead-letter.edit; do echo -n "$(acts $a) "; done)" "1 1 1 1 3 1 "
[ "$(acts dead-letter.replay)" -ge 28 ] && ok "audit log, replays are there one by one" || not_ok "audit log, replays are there one by one" "$(acts dead-letter.replay)"
psql "$DATABASE_URL" -X -q -c "DELETE FROM tributary.audit_log" 2>/dev/null && not_ok "audit log, an operator cannot change it" || ok "audit log, an operator cannot change it"
is "books balance" "$(books_wrong)" ""
