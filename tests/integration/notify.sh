#!/bin/bash
# What a trading partner is sent about its orders: 855, 856 and 810, ORDRSP, DESADV and INVOIC, each once and by a control
# number of its own; what it says to them (997, TA1, CONTRL) finds the document, and a rejection finds a person.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
acme=topology/parties/edi-acme/samples globex=topology/parties/edi-globex/samples
dir=$var/notify
rm -rf "$dir" && mkdir -p "$dir"

take() { # take PARTY - the documents, a file each in $dir/PARTY; they leave the queue
	local line n
	mkdir -p "$dir/$1"
	management POST "queues/tributary/outbound.$1/get" '{"count": 100, "ackmode": "ack_requeue_false", "encoding": "base64"}' |
		jq -r '.[] | select(.properties.type == "document.issued") | .properties.message_id + " " + .payload' |
		while read -r n line; do base64 -d <<<"$line" >"$dir/$1/$n"; done
}
submit() { tributary submit --party "$@" >/dev/null || not_ok "$1 is sent"; }
order() { # order PARTY FILE FROM TO - the sample under another number
	sed "s/$3/$4/g" "$2" >"$dir/in"
	submit "$1" "$dir/in"
}
sent() { sql "SELECT string_agg(what, ' ' ORDER BY control) FROM report.outbound_documents WHERE party = '$1' AND order_number = '$2'"; }
sent_is() { [ "$(sent "$1" "$2")" = "$3" ]; }
control() { sql "SELECT control FROM report.outbound_documents WHERE party = '$1' AND order_number = '$2' AND what = '$3'"; }
state() { sql "SELECT state FROM report.outbound_documents WHERE party = '$1' AND control = $2"; }
state_is() { [ "$(state "$1" "$2")" = "$3" ]; }
lines() { tr "~'" '\n\n' <"$1"; }

# --- X12 -------------------------------------------------------------------------------------------------------------
management DELETE queues/tributary/outbound.edi-acme/contents
order edi-acme "$acme/AC-10001.edi" AC-10001 "AC-N$run"
wait_for 30 sent_is edi-acme "AC-N$run" "order-response ship-notice invoice"
is "X12, an order is followed by its response, ship notice and invoice" "$(sent edi-acme "AC-N$run")" "order-response ship-notice invoice"
sleep 1
take edi-acme
is "X12, they are in the partner's queue, each once" "$(cat "$dir"/edi-acme/* | grep -oE 'ST\*[0-9]+' | sort | tr '\n' ' ')" "ST*810 ST*855 ST*856 "
is "X12, each has a control number of its own" "$(cat "$dir"/edi-acme/* | grep -oE 'IEA\*1\*[0-9]+' | sort -u | wc -l)" 3
f810=$(grep -l 'ST\*810' "$dir"/edi-acme/*) f855=$(grep -l 'ST\*855' "$dir"/edi-acme/*) f856=$(grep -l 'ST\*856' "$dir"/edi-acme/*)
is "X12, to whom the order came from" "$(cut -d'*' -f7,9 "$f855" | tr -d ' ' | head -n 1)" "TRIBUTARY*ACMESTORES"
is "855, every line is accepted" "$(lines "$f855" | grep -E '^(BAK|ACK)' | cut -d'*' -f1-3 | tr '\n' ' ')" "BAK*00*AD ACK*IA*100 ACK*IA*12 ACK*IA*5 ACK*IA*2000 ACK*IA*2 "
is "856, says what left in the ordered unit, of which order and by which parcel" "$(lines "$f856" | grep -E '^(PRF|SN1\*3|REF\*CN)' | cut -d'*' -f1-4 | sed 's/1Z.*/1Z/' | tr '\n' ' ')" \
	"REF*CN*1Z PRF*AC-N$run** SN1*3*5*DZ "
is "810, bills the order's total: 911.70" "$(lines "$f810" | grep '^TDS')" "TDS*91170"
is "810, names the invoice of our books" "$(lines "$f810" | grep '^BIG' | cut -d'*' -f3)" \
	"$(sql "SELECT i.number FROM tributary.invoices i JOIN tributary.orders o USING (order_id) WHERE o.number = 'AC-N$run'")"
for f in "$f855" "$f856" "$f810"; do
	is "X12, what we write we read without a fault, $(grep -oE 'ST\*[0-9]+' "$f")" "$(tributary party try --tree edi-acme "$f" | jq -c '[.[] | .tree.faults // empty]')" "[]"
done
tributary order "edi-acme:AC-N$run" | grep -q 'document.issued .*order-response to edi-acme' && ok "the order's timeline says so" || not_ok "the order's timeline says so"

ack() { # ack SET-AND-VERDICT CONTROL - a 997 about our group
	printf 'ISA*00*          *00*          *ZZ*ACMESTORES     *ZZ*TRIBUTARY      *261125*1200*U*00401*%09d*0*P*>~GS*FA*ACMESTORES*TRIBUTARY*20261125*1200*%d*X*004010~ST*997*0001~AK1*PR*%s~%s~SE*%d*0001~GE*1*%d~IEA*1*%09d~' \
		"$3" "$3" "$2" "$1" "$(($(tr -cd '~' <<<"$1" | wc -c) + 4))" "$3" "$3" >"$dir/ack"
	submit edi-acme "$dir/ack"
}
c855=$(control edi-acme "AC-N$run" order-response) c856=$(control edi-acme "AC-N$run" ship-notice) c810=$(control edi-acme "AC-N$run" invoice)
ack "AK2*855*0001~AK5*A~AK9*A*1*1*1" "$c855" 9001
wait_for 20 state_is edi-acme "$c855" accepted
is "997, accepted: the response is" "$(state edi-acme "$c855")" accepted
ack "AK2*856*0001~AK3*TD5*3**8~AK4*5*387*1~AK5*E*5~AK9*E*1*1*1" "$c856" 9002
wait_for 20 state_is edi-acme "$c856" with-errors
is "997, accepted with errors: the ship notice is" "$(state edi-acme "$c856")" with-errors
ack "AK2*810*0001~AK3*BIG*2**8~AK4*4*324*7~AK5*R*5~AK9*R*1*1*0" "$c810" 9003
wait_for 20 state_is edi-acme "$c810" rejected
is "997, rejected: the invoice is, with the partner's codes" "$(sql "SELECT state || ' ' || reason FROM report.outbound_documents WHERE party = 'edi-acme' AND control = $c810")" \
	"rejected AK3 BIG 2 8; AK4 4 324 7; AK5 R 5"
rejected() { sql "SELECT count(*) FROM report.exceptions x JOIN report.orders o USING (order_id) WHERE x.code = 'document-rejected' AND o.number = 'AC-N$run' AND x.state = 'open'"; }
is "997, rejected: an exception of its order tells a person" "$(rejected)" 1
ack "AK2*810*0001~AK3*BIG*2**8~AK4*4*324*7~AK5*R*5~AK9*R*1*1*0" "$c810" 9004
sleep 2
is "997, said again: nobody is asked twice" "$(rejected)" 1
tributary exceptions release --code document-rejected --limit 10 >/dev/null
rejected_is() { [ "$(rejected)" = "$1" ]; }
wait_for 20 rejected_is 0
is "997, released: it is settled" "$(rejected)" 0
printf 'ISA*00*          *00*          *ZZ*ACMESTORES     *ZZ*TRIBUTARY      *261125*1200*U*00401*000009005*0*P*>~TA1*%09d*261125*1200*R*024~IEA*0*000009005~' "$c855" >"$dir/ta1"
submit edi-acme "$dir/ta1"
wait_for 20 state_is edi-acme "$c855" rejected
is "TA1, rejected: the response is, with the note" "$(sql "SELECT state || ' ' || reason FROM report.outbound_documents WHERE party = 'edi-acme' AND control = $c855")" "rejected TA1 note 024"
acknowledged() { sql "SELECT count(*) FROM tributary.documents WHERE party = 'edi-acme' AND outcome = 'acknowledgement'"; }
acknowledged_is() { [ "$(acknowledged)" = "$1" ]; }
before=$(acknowledged)
ack "AK2*855*0001~AK5*A~AK9*A*1*1*1" 999999 9006
wait_for 20 acknowledged_is $((before + 1))
is "997 about a number that nobody sent is recorded, and that is all" "$(acknowledged)" $((before + 1))

# --- EDIFACT ---------------------------------------------------------------------------------------------------------
management DELETE queues/tributary/outbound.edi-globex/contents
order edi-globex "$globex/PO-4711-plain.edi" PO-4711 "PO-N$run"
wait_for 30 sent_is edi-globex "PO-N$run" "order-response ship-notice invoice"
sleep 1
take edi-globex
is "EDIFACT, ORDRSP, DESADV and INVOIC, each once" "$(cat "$dir"/edi-globex/* | grep -oE 'UNH\+1\+[A-Z]+' | sort | tr '\n' ' ')" "UNH+1+DESADV UNH+1+INVOIC UNH+1+ORDRSP "
ordrsp=$(grep -l ORDRSP "$dir"/edi-globex/*) invoic=$(grep -l INVOIC "$dir"/edi-globex/*)
is "ORDRSP, to whom the order came from, in its character set" "$(lines "$ordrsp" | head -n 1 | cut -d+ -f2-4)" "UNOC:3+4012345000092:14+4012345000016:14"
is "ORDRSP, accepted as it is" "$(lines "$ordrsp" | grep -E '^BGM' | cut -d+ -f4)" 29
is "INVOIC, bills the order's total" "$(lines "$invoic" | grep '^MOA+77')" "MOA+77:157.55"
for f in "$dir"/edi-globex/*; do
	is "EDIFACT, what we write we read without a fault, $(grep -oE 'UNH\+1\+[A-Z]+' "$f")" "$(tributary party try --tree edi-globex "$f" | jq -c '[.[] | .tree.faults // empty]')" "[]"
done
contrl() { # contrl CONTROL UCI-ACTION UCM REFERENCE
	printf "UNB+UNOC:3+4012345000016:14+4012345000092:14+261125:1200+%s'UNH+1+CONTRL:D:3:UN'UCI+%s+4012345000092:14+4012345000016:14+%s'%sUNT+%d+1'UNZ+1+%s'" \
		"$4" "$1" "$2" "$3" "$(($(tr -cd "'" <<<"$3" | wc -c) + 3))" "$4" >"$dir/contrl"
	submit edi-globex "$dir/contrl"
}
crsp=$(control edi-globex "PO-N$run" order-response) cinv=$(control edi-globex "PO-N$run" invoice)
contrl "$crsp" 7 "UCM+1+ORDRSP:D:96A:UN+7'" 9001
wait_for 20 state_is edi-globex "$crsp" accepted
is "CONTRL, acknowledged: the response is accepted" "$(state edi-globex "$crsp")" accepted
contrl "$cinv" 7 "UCM+1+INVOIC:D:96A:UN+4+12'" 9002
wait_for 20 state_is edi-globex "$cinv" rejected
is "CONTRL, one message rejected: the invoice is" "$(sql "SELECT state || ' ' || reason FROM report.outbound_documents WHERE party = 'edi-globex' AND control = $cinv")" "rejected UCM 12"

# --- the rest --------------------------------------------------------------------------------------------------------
printf 'ISA*00*          *00*          *ZZ*ACMESTORES     *ZZ*TRIBUTARY      *261125*1200*U*00401*000009100*0*P*>~GS*IB*ACMESTORES*TRIBUTARY*20261125*1200*9100*X*004010~ST*846*0001~BIA*00*MB*INV-%s*20261125~N1*WH*DC 2*92*DC02~LIN*1*VN*TR-1001*UP*614141000010~QTY*33*120*EA~LIN*2*VN*TR-1003~QTY*17*7*EA~CTT*2~SE*9*0001~GE*1*9100~IEA*1*000009100~' "$run" >"$dir/846"
submit edi-acme "$dir/846"
wait_for 20 sql_is "SELECT count(*) FROM tributary.documents WHERE party = 'edi-acme' AND outcome = 'inventory'" 1
is "846, is taken as a stock report" "$(sql "SELECT count(*) FROM tributary.documents WHERE party = 'edi-acme' AND outcome = 'inventory'")" 1
is "a party that is sent nothing has no queue" "$(management GET queues/tributary/notify.shopify | jq -r .error)" "Object Not Found"

# A mapping that cannot say it: an exception, and after it is mended the document goes out
parties=$(. "$var/stack.conf" && echo "$parties")
cp -r "$parties" "$dir/parties"
rm -rf "$dir/parties/edi-acme/sends"
sed -i 's/^function out.invoice(doc)/&\n\tdoc.nothing.there()/' "$dir/parties/lib/x12_out.lua"
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null
order edi-acme "$acme/AC-10001.edi" AC-10001 "AC-M$run"
held() { sql_is "SELECT coalesce(hold_code, '-') FROM report.orders WHERE number = 'AC-M$run'" mapping-error; }
wait_for 30 held && ok "a mapping's fault is an exception" || not_ok "a mapping's fault is an exception"
ops/stack/up --var "$var" --parties "$parties" >/dev/null
tributary exceptions release --code mapping-error --limit 10 >/dev/null
wait_for 30 sent_is edi-acme "AC-M$run" "order-response ship-notice invoice"
is "a mapping's fault, mended: the document goes out" "$(sent edi-acme "AC-M$run")" "order-response ship-notice invoice"
# A mapping that has nothing to say of one document: what comes after it does not wait
cp -r "$parties" "$dir/quiet"
rm -rf "$dir/quiet/edi-acme/sends"
sed -i 's/^function out.order_response(doc)/&\n\tif doc then ignore("response-unwanted", "Acme wants none") end/' "$dir/quiet/lib/x12_out.lua"
ops/stack/up --var "$var" --parties "$dir/quiet" >/dev/null
order edi-acme "$acme/AC-10001.edi" AC-10001 "AC-Q$run"
wait_for 30 sent_is edi-acme "AC-Q$run" "ship-notice invoice"
is "a document that the mapping omits: the others are sent" "$(sent edi-acme "AC-Q$run")" "ship-notice invoice"
told() { sql "SELECT string_agg(event || coalesce(' ' || code, ''), ', ' ORDER BY at, event) FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number = 'AC-Q$run' AND stage = 'notify' AND event <> 'done'"; }
is "a document that the mapping omits: nothing waits for it" "$(told)" "document.omitted response-unwanted, document.issued, document.issued"
ops/stack/up --var "$var" --parties "$parties" >/dev/null
# With several processes an invoice may be in hand before its ship notice is: it lets that by
fleet stop notify
order edi-acme "$acme/AC-10001.edi" AC-10001 "AC-E$run"
ready() { [ "$(management GET queues/tributary/notify.edi-acme | jq .messages_ready)" = 3 ]; }
wait_for 30 ready
waiting=$(management POST queues/tributary/notify.edi-acme/get '{"count": 3, "ackmode": "ack_requeue_false", "encoding": "base64"}')
is "an order's three events wait" "$(jq -r '.[].properties.type' <<<"$waiting" | tr '\n' ' ')" "order.allocated shipment.confirmed invoice.issued "
for n in 0 2 1; do
	management POST exchanges/tributary/home/publish "$(jq -c ".[$n] | {routing_key: \"now.notify.edi-acme\", properties, payload, payload_encoding}" <<<"$waiting")" >/dev/null
done
fleet start notify
wait_for 30 sent_is edi-acme "AC-E$run" "order-response ship-notice invoice"
is "an invoice that comes before its ship notice is told after it" "$(sent edi-acme "AC-E$run")" "order-response ship-notice invoice"
is "the books balance" "$(books_wrong)" ""
