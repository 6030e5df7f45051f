#!/bin/bash
# Documents over HTTP: of every format, answered with the ids that ingest will give; canonical orders; dry runs that send
# nothing; and every wrong field at once.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
dir=$var/submissions
rm -rf "$dir" && mkdir -p "$dir"
all=$(tributary keys create --party shopify --scopes submit,operate --title "test $run" --quiet)
one=$(tributary keys create --party portal --scopes submit --title "test $run" --quiet)

# post KEY PATH CONTENT-TYPE FILE [CURL…] - prints the status; the answer is in $dir/answer
post() {
	curl -s -m 20 -o "$dir/answer" -w '%{http_code}' -H "Authorization: Bearer $1" -H "Content-Type: $3" --data-binary "@$4" "${@:5}" "$GATEWAY_URL$2"
}
answer() { jq -r "$1" "$dir/answer"; }
document_is() { sql_is "SELECT outcome FROM tributary.documents WHERE document_id = '$1'" "$2"; }
known() { [ "$(post "$all" /v1/orders application/json /dev/null)" != 401 ]; }
wait_for 10 known

# --- every format: the ids of the answer are those of the database --------------------------------------------------------
while read -r party type file; do
	path=topology/parties/$party/samples/$file
	sed "s/AC-10001/AC-H$run/g; s/PO-4712/PO-H$run-47/g; s/RO-77001/RO-H$run/g; s/450789469001/4$run/g; s/#1001/#H$run/g" "$path" >"$dir/$file"
	is "$party, $type: 202" "$(post "$all" "/v1/parties/$party/documents" "$type" "$dir/$file")" 202
	id=$(answer .document_id)
	wait_for 15 sql_is "SELECT count(*) FROM tributary.documents WHERE document_id = '$id'" 1
	is "$party, its document has the id that was answered" "$(sql "SELECT count(*) FROM tributary.documents WHERE document_id = '$id'")" 1
	for order in $(answer '.units[] | select(.result == "order") | .order_id'); do
		wait_for 15 sql_is "SELECT count(*) FROM tributary.orders WHERE order_id = '$order'" 1
		is "$party, its order has the id that was answered" "$(sql "SELECT party FROM tributary.orders WHERE order_id = '$order'")" "$party"
	done
done <<-END
	shopify application/json 1001-paid.json
	edi-acme application/EDI-X12 AC-10001.edi
	edi-globex application/EDIFACT PO-4712-decimal-comma.edi
	cxml-retail application/xml RO-77001-new.xml
	field-sales text/csv $(cd topology/parties/field-sales/samples && ls *.csv | head -n 1)
	portal application/json;charset=utf-8 PO-118.json
END

# --- several in one document ----------------------------------------------------------------------------------------------
is "units, a document of several: 202" "$(post "$all" /v1/parties/edi-acme/documents application/EDI-X12 topology/parties/edi-acme/samples/three-orders-one-bad.edi)" 202
is "units, each stands alone" "$(answer '[.units[].result] | join(" ")')" "order refused order"
is "units, the refused one says where" "$(answer '.units[1].errors[0] | (.path | length > 0), (.code | length > 0)' | xargs)" "true true"

# --- canonical orders -----------------------------------------------------------------------------------------------------
expected=topology/parties/portal/samples/PO-118.expected.json
jq --arg id "C$run" '.[0].document | del(.order_id, .party, .received_at, .enriched) | .source_id = $id | .source_number = $id' "$expected" >"$dir/canonical.json"
is "canonical order, 202" "$(post "$one" /v1/orders application/json "$dir/canonical.json")" 202
id=$(answer '.units[0].order_id')
wait_for 15 sql_is "SELECT number FROM tributary.orders WHERE order_id = '$id'" "C$run"
is "canonical order, it is an order of the key's party" "$(sql "SELECT party || ' ' || number FROM tributary.orders WHERE order_id = '$id'")" "portal C$run"
jq '.lines[0].quantity = "x" | del(.lines[0].line_ref) | .currency = 7 | .surplus = 1' "$dir/canonical.json" >"$dir/wrong.json"
is "canonical order, wrong fields: 422" "$(post "$one" /v1/orders application/json "$dir/wrong.json")" 422
is "canonical order, all of them are named" "$(answer '[.errors[] | .path + " " + .code] | sort | join(", ")')" \
	" field-unknown, currency field-range, lines[0].line_ref field-missing, lines[0].quantity field-type"
is "canonical order, it is a problem document" "$(answer '.type + " " + (.status | tostring)')" "urn:tributary:problem:$(answer .code) 422"
printf '{"a": 1, "a": 2}' >"$dir/twice.json"
is "canonical order, a key twice: 422" "$(post "$one" /v1/orders application/json "$dir/twice.json") $(answer .code)" "422 json-duplicate-key"

# --- a dry run sends nothing ----------------------------------------------------------------------------------------------
before=$(sql 'SELECT count(*) FROM tributary.documents')
jq ".id = 5$run" topology/parties/shopify/samples/1001-paid.json >"$dir/dry.json"
is "dry run, 200" "$(post "$all" '/v1/parties/shopify/documents?dry_run=1' application/json "$dir/dry.json")" 200
is "dry run, the canonical order is in it" "$(answer '.dry_run, .units[0].result, (.units[0].document.lines | length)' | xargs)" "true order 3"
is "dry run, our books have nothing against it" "$(answer '.units[0].held_for | length')" 0
jq '.customer.id = 1 | .customer.email = "nobody@example.org" | .email = .customer.email | .line_items[0].sku = "NOTHING"' "$dir/dry.json" >"$dir/held.json"
post "$all" '/v1/parties/shopify/documents?dry_run=1' application/json "$dir/held.json" >/dev/null
is "dry run, it says what the order would wait for" "$(answer '[.units[0].held_for[]? | .code] | sort | join(" ")')" "customer-unknown item-unknown"
is "dry run, it says all complaints, too" "$(post "$one" '/v1/orders?dry_run=1' application/json "$dir/wrong.json") $(answer '.units[0].errors | length')" "200 4"
is "dry run, of what is no document at all" "$(post "$one" '/v1/orders?dry_run=1' application/json "$dir/twice.json") $(answer .code)" "422 json-duplicate-key"
sleep 1
is "dry run, nothing came of it" "$(sql 'SELECT count(*) FROM tributary.documents')" "$before"

# --- what is refused is said, and is nowhere ------------------------------------------------------------------------------
is "refused, another media type: 415" "$(post "$all" /v1/parties/shopify/documents text/csv "$dir/dry.json") $(answer .code)" "415 content-type-unknown"
is "refused, compressed: 415" "$(post "$all" /v1/parties/shopify/documents application/json "$dir/dry.json" -H 'Content-Encoding: gzip') $(answer .code)" "415 encoding-unknown"
is "refused, an empty body: 400" "$(post "$all" /v1/parties/shopify/documents application/json /dev/null) $(answer .code)" "400 body-empty"
is "refused, a kind that is none: 400" "$(post "$all" '/v1/parties/shopify/documents?kind=gift' application/json "$dir/dry.json") $(answer .code)" "400 kind-unknown"
is "refused, an argument that is none: 400" "$(post "$all" '/v1/parties/shopify/documents?knd=order' application/json "$dir/dry.json") $(answer .code)" "400 query-unknown"
is "refused, another party's key: 403" "$(post "$one" /v1/parties/shopify/documents application/json "$dir/dry.json") $(answer .code)" "403 party-other"
is "refused, a party that is none looks the same: 403" "$(post "$one" /v1/parties/nobody/documents application/json "$dir/dry.json") $(answer .code)" "403 party-other"
is "refused, no key: 401" "$(post "" /v1/parties/shopify/documents application/json "$dir/dry.json") $(answer .code)" "401 key-not-valid"
is "refused, a bad order: 422" "$(post "$all" /v1/parties/shopify/documents application/json ops/demo/refused.json) $(answer '.errors[0] | .code + " " + .path')" "422 field-range lines[1].quantity"
sleep 1
is "refused, nothing of it is stored" "$(sql 'SELECT count(*) FROM tributary.documents')" "$before"
has_audit() { [ "$(sql "SELECT count(DISTINCT reason) FROM tributary.audit_log WHERE act = 'gateway.refused' AND reason IN ('party-other', 'key-missing', 'field-range')")" = 3 ]; }
wait_for 10 has_audit
is "refused, the audit log has it" "$(has_audit && echo yes)" yes
usage() { tributary api usage --json 2>/dev/null | jq -s 'flatten | map(select(.party == "portal")) | length > 0'; }
is "usage, the key's calls are counted" "$(usage)" true
