#!/bin/bash
# The books: what runs is clean, one row that is lost, changed or there twice is named, and what is lost on its way is put
# back on its way.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
dir=$var/audit
rm -rf "$dir" && mkdir -p "$dir"

audit() { tributary audit --full --json --grace "${1:-1}" >"$dir/certificate.json" 2>"$dir/error.txt"; }
findings() { jq -r '.findings[] | .check + " " + .table + " " + .key + " " + .says' "$dir/certificate.json"; }
names() { jq -e --arg t "$1" --arg k "$2" 'any(.findings[]; .table == $t and .key == $k)' "$dir/certificate.json" >/dev/null; } # TABLE KEY
is_clean() { audit && [ "$(jq .findings_count "$dir/certificate.json")" = 0 ]; }
# Nothing under way: no stage has settled anything for two seconds, and no document waits for its retry
at_rest() {
	sql_is "SELECT max(settled_at) < now() - interval '2 s' AND NOT EXISTS (SELECT FROM tributary.documents d WHERE NOT EXISTS
		(SELECT FROM tributary.journal j WHERE j.message_id = d.document_id)) FROM tributary.journal" t
}

# --- orders of several parties, to their invoices; one is held, and its change waits behind it --------------------------
load "A$run-" 40
own() { # own PARTY FILE… - the samples under numbers of this test
	local party=$1 file
	shift
	for file in "$@"; do
		case $file in
		*.json) jq --argjson r "$run" 'if type == "object" and (.id | type) == "number" then .id += $r * 100000000 else . end
			| if .name? then .name += "A" else . end | if .number? then .number = (.number | tostring) + "A" else . end' "$file" ;;
		*) sed "s/AC-10001/AC-A$run/g; s/AC-9000/AC-B$run/g; s/PO-47/PO-A$run-47/g" "$file" ;;
		esac >"$dir/own-$party-${file##*/}"
		tributary submit --party "$party" "$dir/own-$party-${file##*/}" >/dev/null || not_ok "$party's samples are taken"
	done
}
for party in shopify woocommerce; do own $party $(samples $party); done
own edi-acme topology/parties/edi-acme/samples/{AC-10001,three-orders-one-bad,not-ours}.edi
own edi-globex topology/parties/edi-globex/samples/PO-{4712-decimal-comma,4722-test}.edi
jq ".id = 89$run" ops/demo/refused.json >"$dir/refused-first.json"
tributary submit --party shopify "$dir/refused-first.json" >/dev/null
held() { jq --arg rev "2026-11-20T$1:00Z" --arg city "$2" '.id = 77'$run' | .name = "#H'$run'" | .customer.id = 987654 | .updated_at = $rev
	| .shipping_address.city = $city | .email = "nobody@example.org" | .customer.email = .email' topology/parties/shopify/samples/1001-paid.json; }
held 10:00 Albany >"$dir/held.json"
held 11:00 Boston >"$dir/changed.json"
tributary submit --party shopify "$dir/held.json" >/dev/null
wait_for 15 sql_is "SELECT state FROM report.orders WHERE number = '#H$run'" held
tributary submit --party shopify "$dir/changed.json" >/dev/null
wait_for 15 sql_is "SELECT count(*) FROM tributary.parked p JOIN tributary.orders o USING (order_id) WHERE o.number = '#H$run'" 1
wait_for 30 all_invoiced "A$run-" 40
returned=$(sql "SELECT order_id FROM report.orders WHERE number = 'A$run-1'")
for i in 1 2; do # two returns of an order, and one that is too many
	echo '{"reference": "A'$run-$i'", "order_id": "'$returned'", "lines": [{"line_no": 1, "quantity": "'$i'", "reason_text": "wet"}]}' >"$dir/return-$i.json"
done
echo '{"reference": "A'$run-3'", "order_id": "'$returned'", "lines": [{"line_no": 1, "quantity": "1000"}]}' >"$dir/return-3.json"
tributary submit --party shopify --kind return --contract return "$dir"/return-?.json >/dev/null
wait_for 15 sql_is "SELECT count(*) FROM report.returns WHERE order_id = '$returned'" 3
wait_for 30 at_rest
sleep 1
if is_clean; then ok "audit, the books of what ran balance"; else not_ok "audit, the books of what ran balance" "$(findings; cat "$dir/error.txt")"; fi
is "certificate, it has the totals" "$(jq -r '.totals | (.documents, .orders, .invoices)' "$dir/certificate.json" | xargs)" \
	"$(sql "SELECT (SELECT count(*) FROM tributary.documents) || ' ' || (SELECT count(*) FROM tributary.orders) || ' ' || (SELECT count(*) FROM tributary.invoices)")"
is "certificate, every document has its outcome" "$(jq '[.totals | to_entries[] | select(.key | startswith("documents ")) | .value] | add' "$dir/certificate.json")" \
	"$(sql 'SELECT count(*) FROM tributary.documents')"
tributary audit --since 1h >"$dir/certificate.txt"
is "audit, what changed balances, and says so" "$? $(head -n 1 "$dir/certificate.txt")" "0 The books balance."

# --- one row at a time ----------------------------------------------------------------------------------------------------
fleet stop auditor
o=$(sql "SELECT o.order_id FROM tributary.orders o JOIN tributary.order_status s USING (order_id) WHERE o.party = 'edi-acme' AND s.rank = 80
	AND (SELECT count(*) FROM tributary.outbound_documents d WHERE d.order_id = o.order_id) = 3 ORDER BY 1 LIMIT 1")
h=$(sql "SELECT order_id FROM tributary.orders WHERE number = '#H$run'")
single=$(sql "SELECT order_id FROM tributary.allocation_lines JOIN tributary.reservations USING (order_id, line_no) GROUP BY 1
	HAVING count(*) = 1 INTERSECT SELECT order_id FROM tributary.allocation_lines GROUP BY 1 HAVING count(*) = 1 ORDER BY 1 LIMIT 1")
s=$(sql "SELECT shipment_id FROM tributary.shipments WHERE order_id = '$o' AND place = 1")
n=$(sql "SELECT number FROM tributary.invoices WHERE shipment_id = '$s'")
l=$(sql "SELECT line_no FROM tributary.invoice_lines JOIN tributary.invoices USING (invoice_id) WHERE number = '$n' ORDER BY 1 LIMIT 1")
d=$(sql "SELECT document_id FROM tributary.orders WHERE order_id = '$o'")
w=$(sql "SELECT warehouse FROM tributary.reservations WHERE order_id = '$o' AND line_no = $l")
e=$(sql "SELECT effect_id FROM tributary.effects WHERE reference = '$s'")
x=$(sql "SELECT exception_id FROM tributary.exceptions WHERE order_id = '$h'")
r=$(sql "SELECT document_id FROM tributary.documents WHERE outcome = 'refused' AND order_id IS NULL LIMIT 1")
m=$(sql "SELECT message_id FROM tributary.timeline WHERE order_id = '$o' AND event = 'allocated'")
i=$(sql "SELECT message_id FROM tributary.timeline WHERE order_id = '$o' AND event = 'invoice.issued' LIMIT 1")
p=$(sql "SELECT message_id FROM tributary.parked WHERE order_id = '$h'")
c=$(sql "SELECT min(control) FROM tributary.outbound_documents WHERE order_id = '$o'")
last=$(sql "SELECT last_number FROM tributary.invoice_numbers")
stock=$(sql "SELECT item_no || '/' || warehouse FROM tributary.stock WHERE on_hand_micro > reserved_micro ORDER BY 1 LIMIT 1")
b=$(sql "SELECT return_id FROM tributary.returns WHERE reference = 'A$run-2'")
bn=$(sql "SELECT number FROM tributary.returns WHERE return_id = '$b'")
bd=$(sql "SELECT document_id FROM tributary.returns WHERE return_id = '$b'")
refused=$(sql "SELECT return_id FROM tributary.returns WHERE reference = 'A$run-3'")
last_return=$(sql "SELECT last_number FROM tributary.return_numbers")
new=11111111-1111-5111-8111-111111111111
copy() { echo "INSERT INTO tributary.$1 OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(t, '$3')).* FROM tributary.$1 t WHERE $2"; } # copy TABLE WHERE CHANGES

undo=
mutate() { # mutate WHAT TABLE SQL NAMED-TABLE KEY; takes back the one before
	local count
	count=$(admin_sql "$undo CREATE TABLE tributary.audit_backup AS TABLE tributary.$2; WITH done AS ($3 RETURNING 1) SELECT count(*) FROM done")
	undo="DELETE FROM tributary.$2; INSERT INTO tributary.$2 OVERRIDING SYSTEM VALUE TABLE tributary.audit_backup; DROP TABLE tributary.audit_backup;"
	if [ "$count" != 1 ]; then
		not_ok "audit, $2: $1" "the test did not change one row"
		if [ -z "$count" ]; then undo=; fi
		return
	fi
	audit
	if [ $? = 1 ] && names "$4" "$5"; then ok "audit, $2: $1 is named"; else not_ok "audit, $2: $1 is named" "wants $4 $5, has $(findings | head -n 3; cat "$dir/error.txt")"; fi
}
lost() { mutate "a row that is lost" "$1" "DELETE FROM tributary.$1 WHERE $2" "${4:-$1}" "$3"; }             # TABLE WHERE KEY [NAMED]
changed() { mutate "a row that is changed" "$1" "UPDATE tributary.$1 SET $3 WHERE $2" "${5:-$1}" "$4"; }      # TABLE WHERE SET KEY [NAMED]
twice() { mutate "a row that is there twice" "$1" "$(copy "$1" "$2" "$3")" "${5:-$1}" "$4"; }                 # TABLE WHERE CHANGES KEY [NAMED]

lost documents "document_id = '$d'" "$d"
changed documents "document_id = '$d'" "body = body || ' '::bytea" "$d"
changed documents "document_id = '$d'" "outcome = 'ignored'" "$d"
twice documents "document_id = '$d'" "{\"document_id\": \"$new\"}" "$new"
g=$(sql "SELECT document_id FROM tributary.documents WHERE outcome = 'ignored' AND order_id IS NULL LIMIT 1")
lost documents "document_id = '$g'" "$g"
lost orders "order_id = '$o'" "$o"
changed orders "order_id = '$o'" "total_minor = total_minor + 1" "$o"
changed orders "order_id = '$o'" "number = number || 'x'" "$o"
twice orders "order_id = '$o'" "{\"order_id\": \"$new\"}" "$new"
lost order_lines "order_id = '$o' AND line_no = 1" "$o/1"
changed order_lines "order_id = '$o' AND line_no = 1" "unit_price_micro = unit_price_micro + 1" "$o/1"
twice order_lines "order_id = '$o' AND line_no = 1" '{"line_no": 99}' "$o/99"
lost order_revisions "order_id = '$h'" "$h/1"
changed order_revisions "order_id = '$h'" "total_minor = total_minor + 1" "$h/1"
twice order_revisions "order_id = '$h'" '{"revision_no": 7}' "$h/7"
lost enrichments "order_id = '$o'" "$o"
changed enrichments "order_id = '$o'" "customer_no = 'C-000'" "$o"
lost line_enrichments "order_id = '$o' AND line_no = 1" "$o/1"
changed line_enrichments "order_id = '$o' AND line_no = 1" "base_quantity_micro = base_quantity_micro + 1" "$o/1"
twice line_enrichments "order_id = '$o' AND line_no = 1" '{"line_no": 99}' "$o/99"
lost allocation_lines "order_id = '$o' AND line_no = $l" "$o/$l"
lost allocation_lines "order_id = '$single'" "$single/1" # the only line of its order
changed allocation_lines "order_id = '$o' AND line_no = $l" "allocated_micro = 0, backordered_micro = ordered_micro" "$o/$l"
twice allocation_lines "order_id = '$o' AND line_no = $l" '{"line_no": 99}' "$o/99"
lost shipments "shipment_id = '$s'" "$s"
changed shipments "shipment_id = '$s'" "warehouse = 'XX'" "$s"
twice shipments "shipment_id = '$s'" "{\"shipment_id\": \"$new\"}" "$new"
lost reservations "order_id = '$o' AND line_no = $l" "$o/$l/$w"
changed reservations "order_id = '$o' AND line_no = $l" "quantity_micro = quantity_micro + 1" "$o/$l/$w"
twice reservations "order_id = '$o' AND line_no = $l" '{"line_no": 99}' "$o/99/$w"
lost effects "effect_id = '$e'" "$s"
changed effects "effect_id = '$e'" "state = 'in_doubt'" "$e"
twice effects "effect_id = '$e'" "{\"effect_id\": \"$new\"}" "$new"
lost confirmations "shipment_id = '$s'" "$s"
changed confirmations "shipment_id = '$s'" "document_id = '$new'" "$s"
lost invoices "number = '$n'" "$n"
changed invoices "number = '$n'" "total_minor = total_minor + 1" "$n"
changed invoices "number = '$n'" "number = 'INV-99999999'" "$n"
lost invoice_lines "order_id = '$o' AND line_no = $l" "$n/$l"
changed invoice_lines "order_id = '$o' AND line_no = $l" "base_quantity_micro = base_quantity_micro + 1" "$n/$l"
twice invoice_lines "order_id = '$o' AND line_no = $l" '{"line_no": 99}' "$n/99"
lost invoice_numbers "series = 'INV'" INV
changed invoice_numbers "series = 'INV'" "last_number = last_number - 1" INV
changed invoice_numbers "series = 'INV'" "last_number = last_number + 1" "INV-$(printf %08d $((last + 1)))" invoices
lost returns "return_id = '$b'" "$bn"
lost returns "return_id = '$b'" "$b/1" return_lines
changed returns "return_id = '$b'" "reference = reference || 'x'" "$b"
changed returns "return_id = '$b'" "number = 'RMA-99999999'" "$bn"
changed returns "return_id = '$b'" "document_id = '$new'" "$b"
changed returns "return_id = '$b'" "order_id = '$o'" "$b"
changed returns "return_id = '$b'" "state = 'refused', code = 'return-over', number = NULL, document = NULL" "$b/1" return_lines
changed returns "return_id = '$refused'" "document_id = '$bd'" "$refused"
twice returns "return_id = '$b'" "{\"return_id\": \"$new\", \"number\": \"RMA-99999999\"}" "$new"
lost return_lines "return_id = '$b'" "$b/1"
changed return_lines "return_id = '$b'" "base_quantity_micro = base_quantity_micro + 1" "$b/1"
changed return_lines "return_id = '$b'" "base_quantity_micro = 1000 * base_quantity_micro" "$returned/1"
changed return_lines "return_id = '$b'" "reason_text = 'dry'" "$b/1"
twice return_lines "return_id = '$b'" '{"place": 99}' "$b/99"
lost return_numbers "series = 'RMA'" RMA
changed return_numbers "series = 'RMA'" "last_number = last_number - 1" RMA
changed return_numbers "series = 'RMA'" "last_number = last_number + 1" "RMA-$(printf %08d $((last_return + 1)))" returns
lost timeline "order_id = '$returned' AND detail = 'return $bn'" "$returned/ingest/return.requested"
lost journal "message_id = '$m' AND stage = 'allocate'" "$m/allocate"
lost journal "message_id = '$d' AND stage = 'ingest'" "$d/ingest"
changed journal "message_id = '$m' AND stage = 'allocate'" "outcome = 'held'" "$m/allocate"
lost journal_outputs "outputs_id = (SELECT outputs_id FROM tributary.journal WHERE message_id = '$m' AND stage = 'allocate')" "$m/allocate" journal
changed journal_outputs "outputs_id = (SELECT outputs_id FROM tributary.journal WHERE message_id = '$m' AND stage = 'allocate')" "body = substr(body, 2)" "$m/allocate" journal
changed journal "message_id = '$m' AND stage = 'allocate'" "outputs_from = outputs_from + 1000000" "$m/allocate"
lost gates "order_id = '$h'" "enrich/$h"
changed gates "order_id = '$h'" "head = '$new'" "enrich/$h"
twice gates "order_id = '$h'" '{"queue": "invoice"}' "invoice/$h"
lost parked "message_id = '$p'" "$p"
changed parked "message_id = '$p'" "order_id = '$new'" "enrich/$p"
twice parked "message_id = '$p'" "{\"message_id\": \"$new\", \"place\": 0}" "enrich/$new"
lost exceptions "exception_id = '$x'" "$(sql "SELECT message_id FROM tributary.exceptions WHERE exception_id = '$x'")/enrich"
changed exceptions "exception_id = '$x'" "state = 'released'" "$x"
twice exceptions "exception_id = '$x'" "{\"exception_id\": \"$new\"}" "$new"
lost order_status "order_id = '$o'" "$o"
changed order_status "order_id = '$o'" "rank = 60" "$o"
twice order_status "order_id = '$o'" "{\"order_id\": \"$new\"}" "$new" orders
lost timeline "order_id = '$o' AND message_id = '$i' AND event = 'done' AND stage = 'invoice'" "$o/invoice/done/$i"
changed timeline "order_id = '$o' AND event = 'allocated'" "event = 'thought'" "$o/allocate/allocated"
twice timeline "order_id = '$o' AND message_id = '$m' AND event = 'done' AND stage = 'allocate'" '{}' "$o/allocate/done/$m"
lost dead_letters "message_id = '$r'" "$r/ingest"
changed dead_letters "message_id = '$r'" "message_id = '$new'" "$r/ingest"
twice dead_letters "message_id = '$r'" "{\"dead_letter_id\": \"00000000-0000-5000-8000-000000000000\"}" 00000000-0000-5000-8000-000000000000
lost control_numbers "party = 'edi-acme'" edi-acme
changed control_numbers "party = 'edi-acme'" "last_number = 1" edi-acme
lost outbound_documents "order_id = '$o' AND control = $c" "edi-acme/$c"
changed outbound_documents "order_id = '$o' AND control = $c" "control = 999999" "edi-acme/$c"
twice outbound_documents "order_id = '$o' AND control = $c" "{\"document_id\": \"$new\", \"control\": 999999}" edi-acme/999999
changed stock "item_no || '/' || warehouse = '$stock'" "reserved_micro = reserved_micro + 1" "$stock"
admin_sql "$undo"
if is_clean; then ok "audit, with all of it as it was the books balance"; else not_ok "audit, with all of it as it was the books balance" "$(findings)"; fi

# --- the auditor itself: finds, and clears; and what is lost goes on ------------------------------------------------------
printf '%s\n' AUDIT_EVERY_MS=300 AUDIT_GRACE_S=3 AUDIT_LAG_S=0 >"$var/fleet.auditor.env"
ops/stack/fleet --var "$var" reload >/dev/null
fleet start auditor
http=$(sed -n 's/.*HTTP_PORT="\([0-9]*\)".*/\1/p' "$var/supervisor/conf.d/auditor-0.conf")
metric() { curl -s -m 2 "http://127.0.0.1:$http/metrics" | awk -v m="$1" '$1 == m { print $2 }'; }
metric_is() { [ "$(metric "$1")" = "$2" ]; }
admin_sql "UPDATE tributary.orders SET total_minor = total_minor + 1 WHERE order_id = '$o'"
wait_for 15 sql_is "SELECT count(*) > 0 FROM tributary.audit_findings WHERE table_name = 'orders' AND key = '$o' AND cleared_at IS NULL" t
is "auditor, it finds what is wrong without being asked" "$(sql "SELECT count(*) > 0 FROM tributary.audit_findings WHERE table_name = 'orders' AND key = '$o' AND cleared_at IS NULL")" t
wait_for 5 metric_is 'tributary_auditor_findings{party="",what="facts"}' 1
is "auditor, a metric says so" "$(metric 'tributary_auditor_findings{party="",what="facts"}')" 1
admin_sql "UPDATE tributary.orders SET total_minor = total_minor - 1 WHERE order_id = '$o'"
wait_for 15 sql_is "SELECT count(*) FROM tributary.audit_findings WHERE cleared_at IS NULL" 0
is "auditor, what is mended is cleared" "$(sql 'SELECT count(*) FROM tributary.audit_findings WHERE cleared_at IS NULL')" 0

# What waits for a person is counted as well
for_a_person="NOT (code = 'order-cancelled' AND opened_at > now() - interval '30 days' AND NOT EXISTS (SELECT FROM tributary.orders o WHERE o.order_id = x.order_id))"
open_ones() { sql "SELECT count(*) FROM tributary.$1 x WHERE state IN ('open', 'releasing', 'replaying') AND ${2:-true}"; }
urgent="code IN ('order-cancelled', 'cancel-requested', 'order-changed', 'in-doubt') AND EXISTS (SELECT FROM tributary.orders o WHERE o.order_id = x.order_id)"
waiting() { metric "tributary_auditor_waiting{party=\"\",what=\"$1\"}"; }
waiting_as_stored() { [ "$(waiting exceptions) $(waiting exceptions_urgent) $(waiting dead_letters)" = "$(open_ones exceptions "$for_a_person") $(open_ones exceptions "$urgent") $(open_ones dead_letters)" ]; }
wait_for 10 waiting_as_stored
is "auditor, what waits for a person is counted" "$(waiting exceptions) $(waiting exceptions_urgent) $(waiting dead_letters)" "$(open_ones exceptions "$for_a_person") $(open_ones exceptions "$urgent") $(open_ones dead_letters)"
oldest=$(metric 'tributary_auditor_waiting_seconds{party="",what="exceptions"}') open_for=$(sql "SELECT extract(epoch FROM now() - min(opened_at))::bigint FROM tributary.exceptions x WHERE state = 'open' AND $for_a_person")
is "auditor, and it is said for how long" "$((${oldest:--100} >= open_for - 15 && ${oldest:--100} <= open_for + 2))" 1
urgent_before=$(waiting exceptions_urgent) code_before=$(sql "SELECT code FROM tributary.exceptions WHERE exception_id = '$x'")
admin_sql "UPDATE tributary.exceptions SET code = 'order-cancelled' WHERE exception_id = '$x'"
urgent_is() { [ "$(waiting exceptions_urgent)" = "$1" ]; }
wait_for 10 urgent_is $((urgent_before + 1))
is "auditor, a cancelled order that a warehouse was asked for is urgent" "$(waiting exceptions_urgent)" $((urgent_before + 1))
admin_sql "UPDATE tributary.exceptions SET code = '$code_before' WHERE exception_id = '$x'"

# lose WORKER - its queue is purged while it is stopped, with ten orders in it
lose() {
	local q=$1
	fleet stop "$1"
	load "L$run-$1-" 10
	if [ "$1" = ship-sync ]; then q=ship-sync.sandbox-wms; fi
	wait_for 15 arrived "$q"
	management DELETE "queues/tributary/$q/contents" >/dev/null
	fleet start "$1"
}
arrived() { [ "$(management GET "queues/tributary/$1" | jq ".messages >= ${2:-10}")" = true ]; }
for worker in enrich allocate ship-sync invoice; do lose $worker; done
fleet stop dead-letter
jq ".id = 88$run" ops/demo/refused.json >"$dir/refused.json"
tributary submit --party shopify "$dir/refused.json" >/dev/null
wait_for 15 arrived dead-letter 1
management DELETE queues/tributary/dead-letter/contents >/dev/null
fleet start dead-letter
wait_for 60 all_invoiced "L$run-" 40
is "silent, all orders of purged queues come to their invoice" "$(invoiced "L$run-")" 40
is "silent, the timeline says who put them back" "$(sql "SELECT count(DISTINCT t.order_id) FROM tributary.timeline t JOIN tributary.orders o USING (order_id)
	WHERE o.number LIKE 'L$run-%' AND t.stage = 'auditor' AND t.event = 'put-back'")" 40
refused="SELECT count(*) FROM tributary.dead_letters l JOIN tributary.documents d ON l.message_id = d.document_id::text WHERE sha256(d.body) = decode('$(sha256sum "$dir/refused.json" | cut -d' ' -f1)', 'hex')"
wait_for 20 sql_is "$refused" 1
is "silent, a dead letter that was lost is kept after all" "$(sql "$refused")" 1
is "silent, nothing is doubled" "$(sql "SELECT count(*) || ' ' || count(DISTINCT i.order_id) FROM tributary.invoices i JOIN tributary.orders o USING (order_id) WHERE o.number LIKE 'L$run-%'")" "40 40"
wait_for 30 at_rest
if is_clean; then ok "audit, and the books balance"; else not_ok "audit, and the books balance" "$(findings)"; fi
is "books balance" "$(books_wrong)" ""
rm -f "$var/fleet.auditor.env"
fleet reload
