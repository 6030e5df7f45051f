#!/bin/bash
# Returns: what was shipped may come back once; who asks for more, for another's order or again is told so.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
dir=$var/returns
rm -rf "$dir" && mkdir -p "$dir"

order() { # order ID NUMBER PARTY ACCOUNT - two boxes of five, three staplers, and the same stapler again
	jq -n --arg id "$1" --arg number "$2" --arg account "$4" '{source_id: $id, source_number: $number, kind: "new",
		placed_at: "2026-11-20T14:00:00Z", currency: "USD", buyer: {account: $account}, stated: {grand_minor: 11450},
		ship_to: {name: "Ada", line1: "12 Harbor Road", city: "New York", region: "NY", country: "US"}, lines: [
		{line_ref: "a", sku: "TR-1001", unit: "BOX", quantity: "2", unit_price: "27.45", requires_shipping: true},
		{line_ref: "b", sku: "TR-1003", quantity: "3", unit_price: "14.9", requires_shipping: true},
		{line_ref: "c", sku: "TR-1003", quantity: "1", unit_price: "14.9", requires_shipping: true}]}' >"$dir/order.json"
	tributary submit --party "$3" --contract order --json "$dir/order.json" | jq -r .order_id
}
request() { # request PARTY FILE JSON - as a canonical document
	echo "$3" >"$dir/$2.json"
	tributary submit --party "$1" --kind return --contract return --json "$dir/$2.json" >/dev/null || not_ok "the request $2 is sent"
}
document_of() { sql "SELECT outcome || ' ' || coalesce(code, '-') || ' ' || coalesce(path, '-') FROM tributary.documents WHERE kind = 'return'
	AND sha256 = decode('$(sha256sum "$dir/$1.json" | cut -d' ' -f1)', 'hex') ORDER BY received_at DESC LIMIT 1"; }
ends() { # ends NAME FILE WANTS - what the document came to
	wait_for 15 sql_is "SELECT count(*) > 0 FROM tributary.documents WHERE sha256 = decode('$(sha256sum "$dir/$2.json" | cut -d' ' -f1)', 'hex')" t
	is "returns, $1" "$(document_of "$2")" "$3"
}
is_invoiced() { sql_is "SELECT state FROM report.orders WHERE order_id = '$1'" invoiced &&
	sql_is "SELECT count(*) FROM tributary.reservations WHERE order_id = '$1' AND state = 'open'" 0; }

o=$(order "RA$run" "#RA$run" shopify 7001)
other=$(order "RB$run" "#RB$run" woocommerce 25)
wait_for 30 is_invoiced "$o"
wait_for 30 is_invoiced "$other"
is "returns, the orders are invoiced" "$(sql "SELECT count(*) FROM report.orders WHERE order_id IN ('$o', '$other') AND state = 'invoiced'")" 2

# --- asked once, and again ------------------------------------------------------------------------------------------------
request shopify first '{"reference": "R1-'$run'", "order_number": "#RA'$run'", "note": "open", "lines": [
	{"line_no": 1, "quantity": "1", "reason_code": "damaged", "reason_text": "wet"},
	{"sku": "TR-1001", "unit": "EA", "quantity": "2"}]}'
ends "a request by the channel's number is taken" first "return - -"
number=$(sql "SELECT number FROM report.returns WHERE reference = 'R1-$run'")
is "returns, it has a number" "$(grep -cE '^RMA-[0-9]{8}$' <<<"$number")" 1
is "returns, report.returns tells of it" "$(sql "SELECT party, order_number, state, code, lines_count FROM report.returns WHERE number = '$number'")" \
	"shopify|#RA$run|requested||2"
is "returns, its lines are counted in the item's own unit" "$(sql "SELECT line_no, line_ref, sku, item_no, quantity, unit, base_quantity, reason_code, reason_text
	FROM report.return_lines WHERE number = '$number' ORDER BY place")" "1|a|TR-1001|TR-1001|1|BOX|5|damaged|wet
1|a|TR-1001|TR-1001|2|EA|2|unspecified|"
is "returns, the order's line knows what comes back" "$(sql "SELECT shipped, returned FROM report.order_lines WHERE order_id = '$o' AND line_no = 1")" "10|7"
is "returns, the order's timeline tells of it" "$(sql "SELECT stage, detail FROM tributary.timeline WHERE order_id = '$o' AND event = 'return.requested'")" \
	"ingest|return $number"
is "returns, the order itself goes on as it was" "$(sql "SELECT state FROM report.orders WHERE order_id = '$o'")" invoiced
said=$(sql "SELECT count(*) FROM tributary.journal_known j JOIN tributary.returns r ON r.document_id = j.message_id WHERE r.number = '$number'
	AND position('return.requested.shopify'::bytea IN j.outputs) > 0")
is "returns, return.requested is said" "$said" 1

jq -c . "$dir/first.json" >"$dir/again.json"
tributary submit --party shopify --kind return --contract return "$dir/again.json" >/dev/null
ends "the same request again is a duplicate" again "duplicate - -"
request shopify changed '{"reference": "R1-'$run'", "order_number": "#RA'$run'", "lines": [{"line_no": 2, "quantity": "1"}]}'
ends "another one under its reference is for a person" changed "exception return-changed reference"
is "returns, and the first stands" "$(sql "SELECT state, lines_count FROM report.returns WHERE reference = 'R1-$run'")" "requested|2"

# --- what is not taken ----------------------------------------------------------------------------------------------------
request shopify over '{"reference": "R2-'$run'", "order_id": "'$o'", "lines": [{"line_no": 1, "unit": "EA", "quantity": "3.000001"}]}'
ends "more than is left is an exception" over "exception return-over lines[0].quantity"
is "returns, which stands there as refused" "$(sql "SELECT number, state, code FROM report.returns WHERE reference = 'R2-$run'")" "|refused|return-over"
is "returns, and counts for nothing" "$(sql "SELECT returned FROM report.order_lines WHERE order_id = '$o' AND line_no = 1")" 7
is "returns, nor does it hold the order up" "$(sql "SELECT state FROM report.orders WHERE order_id = '$o'")" invoiced
request shopify better '{"reference": "R2-'$run'", "order_id": "'$o'", "lines": [{"line_no": 1, "unit": "EA", "quantity": "3"}]}'
ends "a better one under the same reference is taken" better "return - -"
is "returns, all of it is asked for" "$(sql "SELECT shipped - returned FROM report.order_lines WHERE order_id = '$o' AND line_no = 1")" 0
request shopify unclear '{"reference": "R3-'$run'", "order_id": "'$o'", "lines": [{"sku": "TR-1003", "quantity": "1"}]}'
ends "an item that is in two lines is for a person" unclear "exception return-line-ambiguous lines[0].sku"
request shopify line '{"reference": "R4-'$run'", "order_id": "'$o'", "lines": [{"line_no": 4, "quantity": "1"}]}'
ends "a line that is not there is for a person" line "exception return-line-unknown lines[0].line_no"
request shopify unit '{"reference": "R5-'$run'", "order_id": "'$o'", "lines": [{"line_no": 1, "unit": "KGM", "quantity": "1"}]}'
ends "a unit that is none of it is for a person" unit "exception return-unit lines[0].unit"
request shopify unknown '{"reference": "R6-'$run'", "order_number": "#RX'$run'", "lines": [{"line_no": 1, "quantity": "1"}]}'
ends "an order that is not there is an exception" unknown "exception return-order-unknown order_id"
request shopify foreign '{"reference": "R7-'$run'", "order_id": "'$other'", "lines": [{"line_no": 1, "quantity": "1"}]}'
ends "another party's order is as unknown as none" foreign "exception return-order-unknown order_id"
request shopify foreign2 '{"reference": "R8-'$run'", "order_number": "#RB'$run'", "lines": [{"line_no": 1, "quantity": "1"}]}'
ends "nor is it found by its number" foreign2 "exception return-order-unknown order_id"
is "returns, and its timeline knows nothing of it" "$(sql "SELECT count(*) FROM tributary.documents WHERE order_id = '$other' AND kind = 'return'")" 0
request shopify nothing '{"reference": "R9-'$run'", "lines": [{"line_no": 1, "quantity": "1"}]}'
ends "a request without an order is refused" nothing "refused field-missing order_id"
request shopify negative '{"reference": "R9-'$run'", "order_id": "'$o'", "lines": [{"line_no": 1, "quantity": "-1"}]}'
ends "a negative quantity is refused" negative "refused field-range lines[0].quantity"
echo '{"return": 1}' >"$dir/mapped.json"
tributary submit --party shopify --kind return "$dir/mapped.json" >/dev/null
ends "the party's mapping has no function for it" mapped "refused kind-unknown routing_key"

# --- by a mapping ---------------------------------------------------------------------------------------------------------
# The kind is a word of Lua's own; its function is return_request
cp -r topology/parties "$dir/parties"
sed -i 's/^return { *order = order/local function return_request(doc)\n    return { reference = doc.rma, order_number = doc.order, lines = { { line_no = 3, quantity = doc.count } } }\nend\n\nreturn { return_request = return_request, order = order/' \
	"$dir/parties/woocommerce/mapping.lua"
is "returns, a mapping is given the function" "$(grep -c '^return { return_request' "$dir/parties/woocommerce/mapping.lua")" 1
before=$(sed -n "s/^parties=//p" "$var/stack.conf")
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null 2>&1
fleet reload
echo '{"rma": "M1-'$run'", "order": "#RB'$run'", "count": "1"}' >"$dir/mapping.json"
TRIBUTARY_PARTIES_DIR="$dir/parties" tributary submit --party woocommerce --kind return "$dir/mapping.json" >/dev/null
ends "a mapping's return_request is taken" mapping "return - -"
is "returns, and it is the party's" "$(sql "SELECT party, state FROM report.returns WHERE reference = 'M1-$run'")" "woocommerce|requested"
ops/stack/up --var "$var" --parties "${before:-topology/parties}" >/dev/null 2>&1
fleet reload

# --- many at once ---------------------------------------------------------------------------------------------------------
# Twenty requests for one of three, over three processes: three are taken
ops/stack/fleet --var "$var" scale ingest 3 >/dev/null
for i in $(seq 20); do
	echo '{"reference": "C'$i-$run'", "order_id": "'$o'", "lines": [{"line_no": 2, "quantity": "1"}]}' >"$dir/many-$i.json"
done
tributary submit --party shopify --kind return --contract return "$dir"/many-*.json >/dev/null
wait_for 30 sql_is "SELECT count(*) FROM report.returns WHERE reference LIKE 'C%-$run'" 20
is "returns, of many at once as many are taken as were shipped" "$(sql "SELECT count(*) FILTER (WHERE state = 'requested'),
	count(*) FILTER (WHERE code = 'return-over') FROM report.returns WHERE reference LIKE 'C%-$run'")" "3|17"
for i in 1 2 3 4 5 6 7 8; do # the same reference, eight times at once: one request
	jq -c --argjson i "$i" '.note = ""' <<<'{"reference": "S-'$run'", "order_id": "'$o'", "lines": [{"line_no": 3, "quantity": "1"}]}' |
		sed "s/^{/{$(printf '%*s' "$i" '')/" >"$dir/same-$i.json"
done
tributary submit --party shopify --kind return --contract return "$dir"/same-*.json >/dev/null
wait_for 30 sql_is "SELECT count(*) FROM tributary.documents d WHERE d.order_id = '$o' AND d.kind = 'return' AND d.outcome = 'duplicate'" 8
is "returns, the same at once is one" "$(sql "SELECT count(*), min(state) FROM report.returns WHERE reference = 'S-$run'")" "1|requested"
ops/stack/fleet --var "$var" scale ingest 1 >/dev/null
is "returns, numbers have no gaps" "$(sql "SELECT n.last_number - count(r.number) FROM tributary.return_numbers n, tributary.returns r
	WHERE n.series = 'RMA' GROUP BY n.last_number")" 0
is "returns, nothing is asked back that was not shipped" "$(sql "SELECT count(*) FROM report.order_lines WHERE returned > shipped")" 0

# --- released ---------------------------------------------------------------------------------------------------------------
late=$(order "RC$run" "#RC$run" shopify 7001)
request shopify early '{"reference": "E-'$run'", "order_id": "'$late'", "lines": [{"line_no": 2, "quantity": "1"}]}'
wait_for 15 sql_is "SELECT count(*) > 0 FROM tributary.documents WHERE sha256 = decode('$(sha256sum "$dir/early.json" | cut -d' ' -f1)', 'hex')" t
is "returns, of what has not shipped, or not come, nothing can come back" "$(document_of early | grep -cE '^exception (return-over|return-order-unknown) ')" 1
wait_for 30 is_invoiced "$late"
x=$(sql "SELECT exception_id FROM report.exceptions WHERE number = 'E-$run' OR order_id = '$late'")
tributary exceptions release "$x" >/dev/null
wait_for 15 sql_is "SELECT state FROM report.returns WHERE reference = 'E-$run'" requested
is "returns, a released request is taken when it can be" "$(sql "SELECT state, code FROM report.returns WHERE reference = 'E-$run'")" "requested|"
is "returns, and its document says so" "$(document_of early)" "return - -"
sleep 1
# of these orders: other tests leave behind what they broke on purpose
is "returns, the books balance" "$(tributary audit --full --json --grace 1 | jq -r --arg ours "$o $other $late" '.findings[] | .key as $key
	| select(any($ours | splits(" "); . as $id | $key | contains($id)) or (.check | startswith("return")))
	| .check + " " + .table + " " + .key + " " + .says')" ""
is "books balance" "$(books_wrong)" ""
