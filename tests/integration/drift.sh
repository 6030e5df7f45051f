#!/bin/bash
# The shape of a party's documents is learned; what its mapping uses and is missing or of another type is an alarm in the
# metrics and in the party's score, what is new is noted, and a person accepts or dismisses it.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/drift
rm -rf "$dir" && mkdir -p "$dir"
admin_sql "DELETE FROM tributary.party_shapes WHERE party = 'portal'; DELETE FROM tributary.party_values WHERE party = 'portal';
	DELETE FROM tributary.party_drift WHERE party = 'portal'"
fleet restart ingest
next=0
make_order() { # make_order [JQ-FILTER] - a file of the next order
	next=$((next + 1))
	jq ".reference = \"DRIFT-$next\" | ${1:-.}" topology/parties/portal/samples/PO-118.json >"$dir/$next.json"
}
taken() { [ "$(sql "SELECT count(*) FROM report.orders WHERE party = 'portal' AND number LIKE 'DRIFT-%'")" = "$next" ]; }
send() { # send [JQ-FILTER] - one order, taken
	make_order "${1:-.}"
	tributary submit --party portal "$dir/$next.json" >/dev/null || not_ok "portal, an order is sent"
	wait_for 20 taken || not_ok "portal, order $next is taken"
}
http=$(sed -n 's/.*HTTP_PORT="\([0-9]*\)".*/\1/p' "$var/supervisor/conf.d/ingest-0.conf")
metric() { curl -s -m 2 "http://127.0.0.1:$http/metrics" | awk -v m="tributary_ingest_$1" '$1 == m { print $2 }'; } # metric NAME{LABELS}
total() { metric "drift_total{party=\"portal\",what=\"$1\"}"; }
alarms() { metric 'drift_alarms{party="portal"}'; }
open() { sql "SELECT string_agg(what || ' ' || path || ' ' || was || '>' || now || ' ' || documents, ', ' ORDER BY what, path)
	FROM tributary.party_drift WHERE party = 'portal' AND accepted_at IS NULL AND dismissed_at IS NULL"; }
score() { tributary party score portal >"$dir/score.log"; }

# --- learning -------------------------------------------------------------------------------------------------------
for _ in {1..25}; do make_order; done
tributary submit --party portal "$dir"/*.json >/dev/null || not_ok "portal, 25 orders are sent"
wait_for 60 taken && ok "portal, 25 orders are taken" || not_ok "portal, 25 orders are taken"
is "learned, nothing differs" "$(open)" ""
is "learned, no alarm" "$(alarms)" 0
send
is "an order as before has nothing" "$(open)" ""

# --- one of each ----------------------------------------------------------------------------------------------------
send '.loyalty = {tier: "gold", since: 2019}'
is "a new field is noted, not what is below it" "$(open)" "new loyalty >object 1"
is "a new field is no alarm" "$(alarms)" 0
send 'del(.contact.email)'
is "a used field that is missing is an alarm" "$(open)" "missing contact.email text> 1, new loyalty >object 1"
is "metrics, it is counted" "$(total missing)" 1
is "metrics, an alarm is open" "$(alarms)" 1
send '.contact.phone = 2125550190'
is "a used field of another type is an alarm" "$(sql "SELECT was || ' ' || now FROM tributary.party_drift WHERE party = 'portal' AND what = 'retyped' AND path = 'contact.phone'")" "text number"
is "metrics, it is counted" "$(total retyped)" 1
send 'del(.contact.fax)'
is "what was never there is not missing" "$(total missing)" 1
send '.contact.email = null'
is "null is missing, and counted" "$(total missing)" 2
is "metrics, without values" "$(curl -s "http://127.0.0.1:$http/metrics" | grep -c '2125550190\|harbor-tools')" 0
is "the log says it once, without values" "$(grep 'event=drift ' "$var/log/ingest-0.log" | grep -c 'path="contact.email"')" 1
is "the log has no values" "$(grep 'event=drift' "$var/log/ingest-0.log" | grep -c '2125550190\|harbor-tools')" 0

# --- a person looks -------------------------------------------------------------------------------------------------
score && not_ok "party score, an alarm lowers it" || ok "party score, an alarm lowers it"
grep -q '^NO   *what its mapping uses is as it always was' "$dir/score.log" && ok "party score, says so" || not_ok "party score, says so" "$(tail -n 4 "$dir/score.log")"
grep -q "missing contact.email in order: text -> nothing, .* document(s) since .*" "$dir/score.log" && ok "party score, says what, since when" ||
	not_ok "party score, says what" "$(grep missing "$dir/score.log")"
tributary party drift portal >"$dir/drift.log" && not_ok "party drift, answers no" || ok "party drift, answers no"
is "party drift, lists alarms and notes" "$(tributary party drift --json portal | jq -r 'map(.what + " " + .path) | join(", ")')" \
	"missing contact.email, retyped contact.phone, new loyalty"
first=$(tributary party drift --json portal | jq -r '.[0].document_id')
is "party drift, an example" "$(sql "SELECT outcome FROM tributary.documents WHERE document_id = '$first' AND body LIKE '%DRIFT-%'::bytea")" order
is "party drift, what was dismissed" "$(tributary party drift --dismiss contact.phone portal)" "dismissed retyped contact.phone in order: number"
is "party drift, what was accepted" "$(tributary party drift --accept contact.email portal)" "accepted missing contact.email in order"
tributary party drift --accept contact.email portal >/dev/null 2>&1 && not_ok "party drift, accepts nothing twice" || ok "party drift, accepts nothing twice"
score
grep -q '^yes  *what its mapping uses is as it always was' "$dir/score.log" && ok "party score, no alarm is open" || not_ok "party score, no alarm is open"

# --- ingest hears of it when it saves next ---------------------------------------------------------------------------
no_alarms() { send && [ "$(alarms)" = 0 ]; }
wait_for 40 no_alarms && ok "ingest, hears that they are closed" || not_ok "ingest, hears that they are closed" "$(alarms)"
before=$(total missing)
send 'del(.contact.email)'
is "accepted, it may be missing" "$(total missing)" "$before"
send '.contact.phone = 2125550190'
is "dismissed, it opens when it comes again" "$(total retyped)" 2
reopened() { [[ $(open) == *"retyped contact.phone text>number"* ]]; }
reopened && ok "dismissed, it is open again" || not_ok "dismissed, it is open again" "$(open)"

# --- another process ------------------------------------------------------------------------------------------------
saved() { send && sql_is "SELECT documents >= 25 FROM tributary.party_shapes WHERE party = 'portal' AND kind = 'order' AND path = ''" t; }
wait_for 40 saved && ok "the shape is saved" || not_ok "the shape is saved"
fleet restart ingest
send 'del(.contact.company)'
is "restarted, it knows the shape" "$(total missing)" 1
send 'del(.contact.email)'
is "restarted, it knows what was accepted" "$(total missing)" 1
tributary party drift --accept-all portal >/dev/null
is "party drift, all is accepted" "$(open)" ""
tributary party drift portal >/dev/null && ok "party drift, answers yes" || not_ok "party drift, answers yes"
