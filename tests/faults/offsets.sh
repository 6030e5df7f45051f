#!/bin/bash
# The warehouse takes each request, and its answer breaks off after so many bytes: after none, after each byte of status
# line, headers and body, and after the last. It confirms long after it was looked up. Always one shipment. Promise P3.
. "$(dirname "$0")/../support/fleet.sh"
run=$RANDOM
mode() { wms PUT /v1/mode "$1" >/dev/null; }
stat() { wms GET /v1/stats | jq "$1"; }
# Here it is not about the circuit, which would wait (outage.sh): all offsets at once
echo BREAKER_FAILURES=0 >"$var/fleet.ship-sync.env"
echo BREAKER_RATE_PERCENT=0 >>"$var/fleet.ship-sync.env"
fleet_up
fleet reload
restore() {
	mode '{"mode":"normal","confirm_delay_ms":200}'
	rm -f "$var/fleet.ship-sync.env"
	fleet reload
}
trap restore EXIT
mine() { sql "SELECT $1 FROM tributary.effects e JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$2%'"; }
notes() { sql "SELECT count(*) FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%' AND t.event = '$2'"; }

# How long an answer is
mode '{"mode":"cut","cut_at":0,"count":1}'
load "cutone$run-" 1
wait_for 30 all_invoiced "cutone$run-" 1
bytes=$(stat .cut_bytes)
is "an answer that did not come at all, the order goes on" "$(invoiced "cutone$run-") $([ "$bytes" -gt 150 ] && echo long)" "1 long"

accepted=$(stat .accepted) again=$(stat '.repeated + .conflicts')
count=$((bytes + 1)) # offsets 0 to all of it
mode "{\"mode\":\"cut\",\"cut_at\":0,\"cut_step\":1,\"count\":$count,\"confirm_delay_ms\":9000}"
load "cut$run-" $count
wait_for 90 all_invoiced "cut$run-" $count
echo "# $count offsets, 0 to $bytes; $(notes "cut$run-" partner-found) looked up and found, $(notes "cut$run-" partner-asked) answers understood"
is "cut after each byte, every order is invoiced" "$(invoiced "cut$run-")" $count
is "cut after each byte, every effect is confirmed" "$(mine "count(*) || ' ' || string_agg(DISTINCT e.state, ' ')" "cut$run-")" "$count confirmed"
is "cut after each byte, one shipment each at the warehouse" "$(($(stat .accepted) - accepted))" $count
# Whole is whole: only the last offset gives an answer; all others are looked up
is "cut after each byte, only the whole answer counts, the others are looked up" "$(notes "cut$run-" partner-asked) $(notes "cut$run-" partner-found)" "1 $((count - 1))"
is "cut after each byte, nothing was sent again" "$(($(stat '.repeated + .conflicts') - again))" 0
is "cut after each byte, each shipment has the partner's number" "$(mine "count(DISTINCT e.partner_ref)" "cut$run-")" $count

# Broken off before anything was taken: absent, so it is sent again, once
mode '{"mode":"cut-before","count":20,"confirm_delay_ms":200}'
accepted=$(stat .accepted)
load "before$run-" 20
wait_for 60 all_invoiced "before$run-" 20
is "cut before it was taken, every order is invoiced" "$(invoiced "before$run-")" 20
is "cut before it was taken, one shipment each at the warehouse" "$(($(stat .accepted) - accepted))" 20
is "the warehouse shipped nothing twice" "$(stat .doubled)" 0
is "nothing waits for a person" "$(sql "SELECT count(*) FROM report.orders WHERE number ~ '^(cutone|cut|before)$run-' AND hold_code = 'in-doubt'")" 0
is "books balance" "$(books_wrong)" ""
