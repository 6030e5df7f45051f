#!/bin/bash
# The warehouse is busy, slow, broken, or takes a request and loses the answer: what is unknown is looked up and sent
# again only if it is not there; where nothing can be looked up, a person decides. Promise P3.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
mode() { wms PUT /v1/mode "$1" >/dev/null; }
repeated() { wms GET /v1/stats | jq .repeated; } # requests that the warehouse had already
notes() { sql "SELECT count(*) FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%' AND t.event = '$2'"; }
trap 'mode "{\"mode\":\"normal\",\"confirm_delay_ms\":200,\"short\":\"1\",\"lookup\":\"normal\"}"' EXIT
held_is() { [ "$(held "$1")" = "$2" ]; }
held() { sql "SELECT count(*) FROM report.orders WHERE number LIKE '$1%' AND hold_code = 'in-doubt'"; }
effects() { sql "SELECT string_agg(DISTINCT e.state, ' ') FROM tributary.effects e JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%'"; }
sends() { sql "SELECT max(e.attempts) FROM tributary.effects e JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%'"; }

mode '{"mode":"busy","count":5}'
load "busy$run-" 5
wait_for 60 all_invoiced "busy$run-" 5
is "busy, 429 is waited out and the orders go on" "$(invoiced "busy$run-")" 5
[ "$(sends "busy$run-")" -ge 2 ] && ok "busy, it was sent again, because it was certainly not taken" || not_ok "busy, it was sent again, because it was certainly not taken"

mode '{"mode":"slow","delay_ms":1500,"count":5}'
load "slow$run-" 5
wait_for 60 all_invoiced "slow$run-" 5
is "slow, the orders go on" "$(invoiced "slow$run-")" 5
is "slow, each was sent once" "$(sends "slow$run-")" 1

mode '{"mode":"drop-answer","count":5}'
load "drop$run-" 5
wait_for 60 all_invoiced "drop$run-" 5
is "dropped answers, the confirmation proves that the request arrived, and the orders go on" "$(invoiced "drop$run-")" 5
effects_are() { [ "$(effects "$1")" = "$2" ]; }
wait_for 10 effects_are "drop$run-" confirmed # its confirmation waits in the queue while the circuit is open
is "dropped answers, every effect is confirmed" "$(effects "drop$run-")" confirmed

# Ships later than the first retry tier: only the look-up can know
mode '{"mode":"drop-answer","count":5,"confirm_delay_ms":20000}'
load "found$run-" 5
wait_for 60 all_invoiced "found$run-" 5
is "dropped answers and no confirmation yet, each is found at the warehouse" "$(notes "found$run-" partner-found)" 5
is "dropped answers and no confirmation yet, the orders go on" "$(invoiced "found$run-")" 5

mode '{"mode":"fail-late","count":5,"confirm_delay_ms":200}'
load "late$run-" 5
wait_for 60 all_invoiced "late$run-" 5
is "500 after accepting, the orders go on" "$(invoiced "late$run-")" 5
is "of what was in doubt and there, nothing was sent again" "$(repeated)" 0

mode '{"mode":"fail","count":5}'
load "fail$run-" 5
wait_for 60 all_invoiced "fail$run-" 5
is "500 and nothing accepted, it is not found, sent again, and the orders go on" "$(invoiced "fail$run-") $(sends "fail$run-")" "5 2"
is "500 and nothing accepted, nobody was asked" "$(sql "SELECT count(*) FROM report.exceptions WHERE code = 'in-doubt'")" 0

# The look-up fails too, for a while
mode '{"mode":"fail","count":5,"lookup":"fail"}'
blind_is() { [ "$(effects "blind$run-")" = "$1" ]; }
load "blind$run-" 5
wait_for 30 blind_is in_doubt
sleep 6 # longer than the first retry tier
is "500, and to the look-up too: still in doubt, nothing was sent" "$(effects "blind$run-") $(invoiced "blind$run-")" "in_doubt 0"
mode '{"lookup":"normal"}'
wait_for 90 all_invoiced "blind$run-" 5
is "500, and to the look-up too: the orders go on when it answers" "$(invoiced "blind$run-")" 5

# A partner that cannot look anything up
parties=$(. "$var/stack.conf" && echo "$parties")
cp -r "$parties" "$var/blind-parties"
sed -i '/probe:/d' "$var/blind-parties/sandbox-wms/party.yaml"
ops/stack/up --var "$var" --parties "$var/blind-parties" >/dev/null
mode '{"mode":"fail","count":5}'
load "hold$run-" 5
wait_for 30 held_is "hold$run-" 5
is "500 and no look-up, the orders are held in doubt" "$(held "hold$run-")" 5
is "500 and no look-up, the effects say so" "$(effects "hold$run-")" in_doubt
sleep 6 # longer than the first retry tier
is "500 and no look-up, nothing was sent again" "$(sends "hold$run-")" 1
tributary exceptions release --code in-doubt --limit 100 >/dev/null
wait_for 60 all_invoiced "hold$run-" 5
is "500 and no look-up, a person's release sends it and the orders go on" "$(invoiced "hold$run-") $(sends "hold$run-")" "5 2"
ops/stack/up --var "$var" --parties "$parties" >/dev/null
rm -rf "$var/blind-parties"

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
