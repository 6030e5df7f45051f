#!/bin/bash
# Whatever arrives is stored, refused or dead-lettered with a code; the worker lives and its neighbours are not delayed.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
bad=$var/bad
mkdir -p "$bad"
good=topology/parties/shopify/samples/1001-paid.json
echo 'this is no JSON' >"$bad/no-json.json"
printf '{"id": "\xff\xfe"}' >"$bad/utf8.json"
head -c 100000 /dev/zero | tr '\0' '[' >"$bad/brackets.json"
jq 'del(.created_at) | .id = 1' $good >"$bad/lacks-field.json"
jq '.currency = "EUR" | .id = 2' $good >"$bad/currency.json"
jq '.id = 3 | .name = "#3003" | .note = "'"$(head -c 1000 /dev/zero | tr '\0' x)"'"' $good >"$bad/fine.json"
{ printf '"'; head -c 10485760 /dev/zero | tr '\0' x; printf '"'; } >"$bad/10-mb.json"
pid=$(ops/stack/fleet --var "$var" pids ingest)
tributary submit --party shopify "$bad"/*.json >/dev/null
settled() { sql_is "SELECT count(*) FROM tributary.documents WHERE encode(sha256, 'hex') = '$(sha256sum "$1" | cut -d' ' -f1)'" 1; }
code() { sql "SELECT outcome || ' ' || coalesce(code, '') || ' ' || coalesce(path, '') FROM tributary.documents WHERE encode(sha256, 'hex') = '$(sha256sum "$1" | cut -d' ' -f1)'"; }
for f in "$bad"/*.json; do wait_for 20 settled "$f"; done
is "ingest, no JSON" "$(code "$bad/no-json.json")" "refused json-invalid "
is "ingest, invalid UTF-8" "$(code "$bad/utf8.json")" "refused json-encoding "
is "ingest, 100,000 nested brackets" "$(code "$bad/brackets.json")" "refused document-too-deep "
is "ingest, a missing field is named" "$(code "$bad/lacks-field.json")" "refused field-missing placed_at"
is "ingest, a wrong currency is named" "$(code "$bad/currency.json")" "refused currency-not-accepted currency"
is "ingest, 10 MB" "$(code "$bad/10-mb.json")" "refused document-too-large "
is "ingest, the good neighbour is an order" "$(code "$bad/fine.json")" "order  "

# msgpack bombs and nonsense on the fleet's own queues
publish() { # publish QUEUE PAYLOAD-BASE64 TYPE
	management POST exchanges/tributary/home/publish "{\"properties\":{\"message_id\":\"$(cat /proc/sys/kernel/random/uuid)\",\"correlation_id\":\"$(cat /proc/sys/kernel/random/uuid)\",\"type\":\"$3\",\"headers\":{\"v\":1}},\"routing_key\":\"now.$1\",\"payload\":\"$2\",\"payload_encoding\":\"base64\"}" >/dev/null
}
before=$(sql "SELECT count(*) FROM report.dead_letters")
for q in enrich:order.accepted allocate:order.enriched invoice:shipment.confirmed ship-sync.sandbox-wms:shipment.requested; do
	publish "${q%%:*}" "$(printf '\xdd\x02\x00\x00\x00' | base64)" "${q##*:}"
	publish "${q%%:*}" "$(printf '\xdd\xff\x00\x00\x00' | base64)" "${q##*:}"
	publish "${q%%:*}" "$(head -c 1000 /dev/urandom | base64 -w0)" "${q##*:}"
	publish "${q%%:*}" "" nonsense
done
wait_for 20 sql_is "SELECT count(*) - $before FROM report.dead_letters" 16
is "every worker, bombs and nonsense are dead letters" "$(sql "SELECT count(*) - $before FROM report.dead_letters")" 16
is "every worker, each with a code" "$(sql "SELECT count(*) FROM report.dead_letters WHERE code = ''")" 0
is "ingest, lives" "$(ops/stack/fleet --var "$var" pids ingest)" "$pid"
