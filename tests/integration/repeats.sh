#!/bin/bash
# The bytes that made an order, again: a duplicate that is neither read nor stored a second time, and yet is a document with
# its own hash, outcome and time. Whatever is not certain is read as if nobody had remembered anything: bytes of another party
# or kind, an order that was changed, a mapping that was changed, a Redis that is empty, or says what is not so.
. "$(dirname "$0")/../support/fleet.sh"
fleet_own repeats
dir=$var/repeats
rm -rf "$dir" && mkdir -p "$dir"
run=$RANDOM
# order NUMBER REVISION QUANTITY - one line of an item without stock
order() {
	jq --arg n "$1" --arg rev "2026-11-20T$2:00Z" --argjson q "$3" '
		.id = ($n | ltrimstr("#B") | tonumber) | .name = $n | .updated_at = $rev | .line_items = [.line_items[0] | .sku = "TR-1020" | .quantity = $q
		  | .price = "219.00" | .tax_lines = [] | .discount_allocations = []] | .shipping_lines = [] | .total_tax = "0.00"
		| .total_line_items_price = (219 * $q | tostring + ".00") | .total_price = .total_line_items_price' topology/parties/shopify/samples/1001-paid.json >"$dir/$1.$2.json"
}
send() { tributary submit --party "${party:-shopify}" "$@" >/dev/null; } # send FILE…
of() { echo "FROM tributary.documents d WHERE d.order_id = (SELECT order_id FROM tributary.orders WHERE number = '$1' AND party = 'shopify') AND d.party = 'shopify'"; }
outcomes() { sql "SELECT string_agg(d.outcome || coalesce(' ' || d.code, ''), ', ' ORDER BY d.received_at) $(of "$1") AND d.kind = 'order'"; }
outcomes_are() { [ "$(outcomes "$1")" = "$2" ]; }
unstored() { sql "SELECT count(*) $(of "$1") AND body IS NULL"; } # how many of an order's documents name another for their bytes

# --- the very same bytes ----------------------------------------------------------------------------------------------------
n="#B1$run"
order "$n" 10:00 2
file=$dir/$n.10:00.json
send "$file"
wait_for 15 outcomes_are "$n" order
send "$file"
send "$file"
wait_for 15 outcomes_are "$n" "order, duplicate, duplicate"
is "repeat, is a duplicate each time" "$(outcomes "$n")" "order, duplicate, duplicate"
is "repeat, the bytes are stored once, and each document has their hash" \
	"$(sql "SELECT count(*) || ' ' || count(body) || ' ' || count(DISTINCT sha256) || ' ' || count(DISTINCT coalesce(body_of, document_id)) $(of "$n")")" "3 1 1 1"
is "repeat, its bytes are found" "$(sql "SELECT DISTINCT encode(sha256(coalesce(d.body, (SELECT b.body FROM tributary.documents b WHERE b.document_id = d.body_of))), 'hex') $(of "$n")")" \
	"$(sha256sum "$file" | cut -d ' ' -f 1)"
is "repeat, the timeline says when it came, and that nothing is new" \
	"$(sql "SELECT count(*) FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number = '$n' AND t.stage = 'ingest' AND t.event = 'duplicate'")" 2
is "repeat, the journal has it" "$(sql "SELECT count(*) FROM tributary.journal_known j WHERE stage = 'ingest' AND outcome = 'done' AND outputs = '' AND message_id IN (SELECT document_id $(of "$n") AND d.outcome = 'duplicate')")" 2
is "repeat, order --proof shows the bytes it names" "$(tributary order --proof --json "shopify:$n" | jq -c '[(.documents | length), ([.documents[] | .sha256_of_body == .sha256_on_receipt] | all)]')" "[3,true]"
is "party diff, a repeat is mapped from the bytes it names" "$(tributary party diff shopify --since 2m | grep -cF "$(sql "SELECT document_id $(of "$n") AND body IS NULL")")" 0

# --- other bytes with the same content, another kind, another party ------------------------------------------------------------
jq -c . "$file" >"$dir/compact.json"
send "$dir/compact.json"
wait_for 15 outcomes_are "$n" "order, duplicate, duplicate, duplicate"
is "repeat, the same content in other bytes is a duplicate with bytes of its own" "$(outcomes "$n") $(unstored "$n")" "order, duplicate, duplicate, duplicate 2"
send --kind document "$file"
wait_for 15 sql_is "SELECT count(*) $(of "$n") AND d.kind = 'document' AND d.outcome = 'duplicate'" 1
is "repeat, as another kind it is read, and its bytes are the stored ones" "$(sql "SELECT outcome || ' ' || (body IS NULL) $(of "$n") AND d.kind = 'document'")" "duplicate true"
before=$(sql "SELECT count(*) FROM tributary.documents WHERE party = 'bigcommerce'")
party=bigcommerce send "$file"
wait_for 15 sql_is "SELECT count(*) FROM tributary.documents WHERE party = 'bigcommerce'" $((before + 1))
is "repeat, bytes of another party are its own" "$(sql "SELECT count(*) FROM tributary.documents WHERE party = 'bigcommerce' AND body IS NULL")" 0

# --- after the order was changed -------------------------------------------------------------------------------------------------
n="#B2$run"
order "$n" 10:00 2
order "$n" 12:00 3
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" order
send "$dir/$n.12:00.json"
wait_for 15 outcomes_are "$n" "order, change"
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" "order, change, ignored revision-old"
is "repeat, what made the order before it was changed is an old revision" "$(outcomes "$n") $(unstored "$n")" "order, change, ignored revision-old 0"
send "$dir/$n.12:00.json"
wait_for 15 outcomes_are "$n" "order, change, ignored revision-old, duplicate"
is "repeat, what changed it is a duplicate, and its bytes are not stored again" "$(outcomes "$n") $(unstored "$n")" "order, change, ignored revision-old, duplicate 1"

# Without revisions the last word counts: there, back, and there again, however close together
n="#B3$run"
order "$n" 10:00 2
order "$n" 12:00 3
for r in 10:00 12:00; do jq 'del(.updated_at)' "$dir/$n.$r.json" >"$dir/$r.json"; done
send "$dir/10:00.json"
wait_for 15 outcomes_are "$n" order
fleet stop ingest
send "$dir/12:00.json"
send "$dir/10:00.json"
fleet start ingest
wait_for 30 outcomes_are "$n" "order, change, change"
is "repeat, behind a change in the same batch it changes the order back" "$(outcomes "$n") $(sql "SELECT total_minor FROM tributary.orders WHERE number = '$n'")" "order, change, change 43800"

# --- Redis knows nothing, or what is not so --------------------------------------------------------------------------------------
redis() { redis-cli -u "$(<"$var/secrets/redis-admin-url")" --no-auth-warning "$@"; }
n="#B4$run"
order "$n" 10:00 2
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" order
redis FLUSHALL >/dev/null
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" "order, duplicate"
is "repeat, when Redis was emptied it is read, and is a duplicate" "$(outcomes "$n") $(unstored "$n")" "order, duplicate 1"
# An event that comes again: Redis knows that what was said of it was published; without it that is said again
management PUT queues/tributary/lab.accepted '{"durable":true,"arguments":{"x-queue-type":"quorum"}}' >/dev/null
management POST bindings/tributary/e/events/q/lab.accepted '{"routing_key":"order.accepted.#"}' >/dev/null
n="#B9$run"
order "$n" 10:00 2
send "$dir/$n.10:00.json"
event() { event=$(management POST queues/tributary/lab.accepted/get '{"count": 1, "ackmode": "ack_requeue_false", "encoding": "base64"}' | jq -c '.[0] // empty'); [ -n "$event" ]; }
wait_for 15 event
wait_for 15 sql_is "SELECT state FROM report.orders WHERE number = '$n'" invoiced
http=$(sed -n 's/.*HTTP_PORT="\([0-9]*\)".*/\1/p' "$var/supervisor/conf.d/enrich-0.conf")
counted() { curl -s "http://127.0.0.1:$http/metrics" | awk -v m="tributary_$1_total" 'index($1, m) == 1 {print $2}'; } # counted NAME
again() { # the event comes again: what enrich counts since
	local answered published
	answered=$(counted answered) published=$(counted published)
	management POST exchanges/tributary/home/publish "$(jq -c '{routing_key: "now.enrich", properties, payload, payload_encoding}' <<<"$event")" >/dev/null
	wait_for 15 eval '[ "$(counted answered)" = '$((answered + 1))' ]'
	sleep 0.3
	echo "$(($(counted answered) - answered)) $(($(counted published) - published))"
}
is "repeat, of an event: answered by the journal, and not said again, for Redis knows" "$(again)" "1 0"
redis FLUSHALL >/dev/null
is "repeat, when Redis was emptied: answered by the journal, and said again" "$(again)" "1 1"
is "repeat, and again, for what is said again is not all that its transaction said" "$(again)" "1 1"
# A mark counts only with the time at which the journal settled it
row="FROM tributary.journal WHERE stage = 'enrich' AND message_id = '$(jq -r .properties.message_id <<<"$event")'"
key="tributary:done:enrich:$(sql "SELECT outputs_id $row")" stamp=$(sql "SELECT (extract(epoch FROM settled_at) * 1000000)::bigint $row")
redis SET "$key" $((stamp - 1)) >/dev/null
is "repeat, that Redis knows by another time is said again" "$(again)" "1 1"
redis SET "$key" "$stamp" >/dev/null
is "repeat, and by its own it is not" "$(again)" "1 0"
redis DEL "$key" >/dev/null
# What it said is not there: it is not taken for one that said nothing
torn=$(sql "SELECT outputs_id $row")
corrupt() { grep -c journal-corrupt "$var/log/enrich-0.log"; }
before=$(corrupt)
torn_is() { admin_sql "UPDATE tributary.journal_outputs SET outputs_id = '$2' WHERE outputs_id = '$1'"; } # FROM TO
torn_is "$torn" 11111111-1111-7111-8111-111111111111
management POST exchanges/tributary/home/publish "$(jq -c '{routing_key: "now.enrich", properties, payload, payload_encoding}' <<<"$event")" >/dev/null
wait_for 15 eval '[ "$(corrupt)" -gt '"$before"' ]'
is "repeat, of which what it said is lost: the process stops" "$(($(corrupt) > before))" 1
torn_is 11111111-1111-7111-8111-111111111111 "$torn"
wait_for 60 eval '[ "$(counted published)" = 1 ]'
is "repeat, when it is there again it is said" "$(counted published)" 1
management DELETE queues/tributary/lab.accepted >/dev/null
n="#B5$run"
order "$n" 10:00 2
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" order
other=$(sql "SELECT order_id FROM tributary.orders WHERE number = '#B4$run'")
own=$(sql "SELECT order_id FROM tributary.orders WHERE number = '$n'")
lied=0
for key in $(redis KEYS 'tributary:done:ingest:*'); do
	[ "$(redis GET "$key")" != "$own" ] || { redis SET "$key" "$other" PX 600000 >/dev/null && lied=$((lied + 1)); }
done
is "repeat, Redis remembers which bytes made the order" "$lied" 1
send "$dir/$n.10:00.json"
wait_for 30 outcomes_are "$n" "order, duplicate"
is "repeat, when Redis names another order it comes again, and is a duplicate of its own" \
	"$(outcomes "$n") $(sql "SELECT count(*) FROM tributary.documents WHERE order_id = '$other'")" "order, duplicate 2"

# --- killed between ---------------------------------------------------------------------------------------------------------------
n="#B6$run" expected=order
order "$n" 10:00 2
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" order
echo "FAULT_FILE=$var/fault.ingest" >"$var/fleet.ingest.env"
fleet reload
for step in take decode handle commit publish mark ack; do
	echo "$step 1" >"$var/fault.ingest"
	fleet restart ingest
	send "$dir/$n.10:00.json"
	expected+=", duplicate"
	wait_for 60 eval '[ ! -e "$var/fault.ingest" ] && outcomes_are "$n" "$expected"'
	is "repeat, ingest killed after $step, it is one duplicate" "$([ -e "$var/fault.ingest" ] && echo alive) $(outcomes "$n")" " $expected"
done
# Redis was told of an order that was rolled back
new="#B8$run"
order "$new" 10:00 2
echo "handle 1" >"$var/fault.ingest"
fleet restart ingest
send "$dir/$new.10:00.json"
wait_for 60 eval '[ ! -e "$var/fault.ingest" ] && outcomes_are "$new" order'
is "repeat, an order whose transaction was lost is an order when it comes again" "$([ -e "$var/fault.ingest" ] && echo alive) $(outcomes "$new")" " order"
rm -f "$var/fleet.ingest.env"
fleet reload
is "repeat, killed again and again, each has one row of the journal, and one that says so" \
	"$(sql "SELECT count(*) FROM tributary.journal WHERE stage = 'ingest' AND message_id IN (SELECT document_id $(of "$n"))") $(sql "SELECT count(*) FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number = '$n' AND t.event = 'duplicate'") $(unstored "$n")" "8 7 7"

# --- bytes that were changed ------------------------------------------------------------------------------------------------------
first=$(sql "SELECT document_id $(of "$n") AND d.outcome = 'order'")
second=$(sql "SELECT document_id $(of "$n") AND d.outcome = 'duplicate' LIMIT 1")
proof_says() { tributary order --proof "shopify:$n" | grep -c "$1"; }
audit_names() { tributary audit --full --json --grace 1 2>/dev/null | jq -r --arg k "$1" '[.findings[] | select(.check == "document-hash" and .key == $k)] | length'; }
is "audit, before there is nothing about them" "$(audit_names "$first") $(audit_names "$second")" "0 0"
admin_sql "UPDATE tributary.documents SET body = body || ' '::bytea WHERE document_id = '$first'"
is "audit, bytes that were changed are those of all that name them" "$(audit_names "$first") $(audit_names "$second")" "1 1"
changed_are() { [ "$(proof_says '^the raw document was changed')" = "$1" ]; }
wait_for 30 changed_are 8 # once they are sealed
is "proof, likewise" "$(proof_says '^the raw document was changed')" 8
admin_sql "UPDATE tributary.documents SET body = substr(body, 1, length(body) - 1) WHERE document_id = '$first';
	UPDATE tributary.documents SET body_of = gen_random_uuid() WHERE document_id = '$second'"
is "audit, bytes that are not there are named" "$(audit_names "$first") $(audit_names "$second")" "0 1"
is "proof, likewise" "$(proof_says '^the raw document was changed')" 1
admin_sql "UPDATE tributary.documents SET body_of = '$first' WHERE document_id = '$second'"
is "proof, put right again it verifies" "$(proof_says '^verified')" 1

# --- the mapping was changed -----------------------------------------------------------------------------------------------------
parties=$dir/parties
cp -rL topology/parties "$parties"
n="#B7$run"
order "$n" 10:00 2
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" order
rm "$parties"/shopify/samples/* # what they are to come to is what the mapping gave
sed -i 's/description = text.free(l.title, 1024)/description = "new: " .. l.title/' "$parties/shopify/mapping.lua"
ops/stack/up --var "$var" --parties "$parties" >/dev/null || not_ok "the changed mapping is deployed"
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" "order, change"
is "repeat, after the mapping was changed it is read anew" "$(outcomes "$n") $(sql "SELECT l.description LIKE 'new: %' FROM tributary.order_lines l JOIN tributary.orders o USING (order_id) WHERE o.number = '$n'")" "order, change t"
ops/stack/up --var "$var" --parties topology/parties >/dev/null
send "$dir/$n.10:00.json"
wait_for 15 outcomes_are "$n" "order, change, change"
is "repeat, and after it was changed back" "$(outcomes "$n")" "order, change, change"
is "books balance" "$(books_wrong)" ""
