#!/bin/bash
# The warehouse is busy, slow, broken, or takes a request and loses the answer: what is unknown is not sent again, what
# is known goes on. Promise P3.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
mode() { wms PUT /v1/mode "$1" >/dev/null; }
trap 'mode "{\"mode\":\"normal\",\"confirm_delay_ms\":200,\"short\":\"1\"}"' EXIT
held_is() { [ "$(held "$1")" = "$2" ]; }
held() { sql "SELECT count(*) FROM report.orders WHERE number LIKE '$1%' AND hold_code = 'in-doubt'"; }
effects() { sql "SELECT string_agg(DISTINCT e.state, ' ') FROM tributary.effects e JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%'"; }
sends() { sql "SELECT max(e.attempts) FROM tributary.effects e JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%'"; }

mode '{"mode":"busy","count":5}'
load "busy$run-" 5
wait_for 60 all_invoiced "busy$run-" 5
is "busy, 429 is waited out and the orders go on" "$(invoiced "busy$run-")" 5
is "busy, each was sent a second time, because the first was certainly not taken" "$(sends "busy$run-")" 2

mode '{"mode":"slow","delay_ms":1500,"count":5}'
load "slow$run-" 5
wait_for 60 all_invoiced "slow$run-" 5
is "slow, the orders go on" "$(invoiced "slow$run-")" 5
is "slow, each was sent once" "$(sends "slow$run-")" 1

mode '{"mode":"drop-answer","count":5}'
load "drop$run-" 5
wait_for 60 all_invoiced "drop$run-" 5
is "dropped answers, the confirmation proves that the request arrived, and the orders go on" "$(invoiced "drop$run-")" 5
is "dropped answers, nothing was sent twice" "$(sends "drop$run-")" 1
is "dropped answers, every effect is confirmed" "$(effects "drop$run-")" confirmed

mode '{"mode":"fail-late","count":5}'
load "late$run-" 5
wait_for 60 all_invoiced "late$run-" 5
is "500 after accepting, the orders go on by their confirmation" "$(invoiced "late$run-") $(sends "late$run-")" "5 1"

mode '{"mode":"fail","count":5}'
load "fail$run-" 5
wait_for 30 held_is "fail$run-" 5
is "500 and nothing accepted, the orders are held in doubt" "$(held "fail$run-")" 5
is "500 and nothing accepted, the effects say so" "$(effects "fail$run-")" in_doubt
sleep 6 # longer than the first retry tier
is "500 and nothing accepted, nothing was sent again" "$(sends "fail$run-")" 1
tributary exceptions release --code in-doubt --limit 100 >/dev/null
wait_for 60 all_invoiced "fail$run-" 5
is "500 and nothing accepted, a person's release sends it and the orders go on" "$(invoiced "fail$run-") $(sends "fail$run-")" "5 2"

# Half of it shipped: half of it is billed, and nobody else gets what is missing
mode '{"mode":"normal","short":"0.5"}'
load "short$run-" 1
short_is() { sql_is "SELECT state FROM report.orders WHERE number LIKE 'short$run-%'" "$1"; }
wait_for 30 short_is part-invoiced
is "short, what left is billed" "$(sql "SELECT sum(invoiced) || ' of ' || sum(quantity) FROM (SELECT trim_scale(invoiced) AS invoiced, trim_scale(quantity) AS quantity FROM report.order_lines WHERE external_id LIKE 'short$run-%') t")" "6 of 13"
open_is() { sql_is "SELECT trim_scale(sum(r.quantity_micro - r.shipped_micro) / 1000000.0) FROM tributary.reservations r JOIN tributary.orders o USING (order_id) WHERE o.number LIKE 'short$run-%' AND r.state = 'open'" "$1"; }
wait_for 10 open_is 7
open_is 7 && ok "short, what did not leave stays reserved" || not_ok "short, what did not leave stays reserved"

is "the warehouse shipped nothing twice" "$(wms GET /v1/stats | jq .doubled)" 0
is "books balance" "$(books_wrong)" ""
