#!/bin/bash
# Questions over HTTP: documents, orders and what belongs to them, pages, stock, prices, customers; a party never sees what
# is another's, whatever it asks; wrong arguments are named; hundreds of questions at once are each answered with their own.
. "$(dirname "$0")/../support/fleet.sh"
dir=$var/ask
rm -rf "$dir" && mkdir -p "$dir/docs" "$dir/many"
# Quotas are another test's: these parties may ask as much as they like.
cp -rL topology/parties "$dir/parties"
for party in shopify portal woocommerce; do
	sed -i '/^gateway:/,/^[^ ]/{/^gateway:/d;/^ /d}' "$dir/parties/$party/party.yaml"
	printf 'gateway:\n  requests_per_second: "10000"\n  burst: "100000"\n' >>"$dir/parties/$party/party.yaml"
done
trap 'ops/stack/up --var "$var" --parties topology/parties >/dev/null' EXIT
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null || exit 1
tributary mirror load ops/sandbox/mirror >/dev/null || exit 1
run=$RANDOM
key_of() { tributary keys create --party "$1" --scopes "$2" --title "ask $run" --quiet; }
shop=$(key_of shopify submit,orders,stock,prices)
portal=$(key_of portal submit,orders,stock,prices)
people=$(key_of portal operate)
stock_only=$(key_of shopify stock)

# ask KEY PATH [CURL…] - prints the status; the answer is in $dir/answer, its headers in $dir/headers
ask() { curl -s -m 20 -o "$dir/answer" -D "$dir/headers" -w '%{http_code}' -H "Authorization: Bearer $1" "${@:3}" "$GATEWAY_URL$2"; }
post() { ask "$1" "$2" -H 'Content-Type: application/json' --data-binary "$3"; } # post KEY PATH BODY
answer() { jq -r "$1" "$dir/answer"; }
said() { answer '[.code, .errors[]?.path] | map(select(. != "")) | join(" ")'; } # of a problem
known() { [ "$(ask "$stock_only" '/v1/availability?sku=TR-1001')" = 200 ]; }
wait_for 15 known || not_ok "keys are known"

# --- real orders of two parties, through the gateway ------------------------------------------------------------------------
sample=topology/parties/shopify/samples/1001-paid.json
start=$(date -u +%Y-%m-%dT%H:%M:%SZ)
submit() { # submit KEY PARTY FILE… - all of them; "file document_id order_id" lines into $dir/PARTY.ids
	local file
	for file in "${@:3}"; do
		printf 'next\nurl = "%s/v1/parties/%s/documents"\nheader = "Authorization: Bearer %s"\nheader = "Content-Type: application/json"\ndata-binary = "@%s"\noutput = "%s.answer"\n' \
			"$GATEWAY_URL" "$2" "$1" "$file" "$file"
	done | sed 1d >"$dir/curl"
	curl -s --no-progress-meter --parallel --parallel-max 30 -K "$dir/curl"
	for file in "${@:3}"; do
		jq -r --arg f "$(basename "$file" .json)" '[$f, .document_id, .units[0].order_id] | join(" ")' "$file.answer"
	done >>"$dir/$2.ids"
}
for i in $(seq 120); do
	sed "s/450789469001/4$run$((1000 + i))/g; s/#1001/#K$run-$i/g" "$sample" >"$dir/docs/K$i.json"
done
for i in $(seq 10); do
	sed "s/PO-118/PO-K$run-$i/g" topology/parties/portal/samples/PO-118.json >"$dir/docs/P$i.json"
done
sed "s/450789469001/4${run}9000/g; s/#1001/#H$run/g" "$sample" | jq '.line_items[0].sku = "NO-SUCH"' >"$dir/docs/held.json"
sed "s/450789469005/4${run}9005/g; s/#1005/#W$run/g" topology/parties/shopify/samples/1005-two-warehouses.json >"$dir/docs/two.json"
sed "s/\"PO-1/\"PO-M$run-1/g" topology/parties/portal/samples/list-of-eight.json >"$dir/docs/eight.json"
submit "$shop" shopify "$dir"/docs/K*.json "$dir/docs/held.json" "$dir/docs/two.json"
submit "$portal" portal "$dir"/docs/P*.json "$dir/docs/eight.json"
all_are() { sql_is "SELECT count(*) FROM report.orders WHERE (number LIKE '#K$run-%' OR number LIKE 'PO-K$run-%' OR number = '#W$run') AND state = 'invoiced'" 131; }
wait_for 60 all_are && ok "131 orders come to their invoices" || not_ok "131 orders come to their invoices" "$(sql "SELECT state, count(*) FROM report.orders WHERE number LIKE '%$run%' GROUP BY 1")"
wait_for 20 sql_is "SELECT state FROM report.orders WHERE number = '#H$run'" held
id_of() { awk -v f="$2" -v c="$3" '$1 == f { print $c }' "$dir/$1.ids"; } # id_of PARTY FILE 2|3 - its document, its order
order=$(id_of shopify K1 3) document=$(id_of shopify K1 2)
theirs=$(id_of portal P1 3)

# --- one order ---------------------------------------------------------------------------------------------------------------
is "order, 200" "$(ask "$shop" "/v1/orders/$order")" 200
is "order, as the report has it" "$(answer '[.order_id, .party, .number, .external_id, .state, .step, .customer_no, .currency, .total_minor, .invoiced_minor, .lines_count, .shipments_count, .invoices_count, .revision] | map(tostring) | join("|")')" \
	"$(sql "SELECT concat_ws('|', order_id, party, number, external_id, state, step, customer_no, currency, total_minor, invoiced_minor, lines_count, shipments_count, invoices_count, revision_no) FROM report.orders WHERE order_id = '$order'")"
is "order, its times" "$(answer '[.placed_at, .received_at, .updated_at] | map(length > 18) | all')" true
is "order, no hold where there is none" "$(answer 'has("hold")')" false
etag=$(sed -n 's/^[Ee][Tt]ag: *\(.*\)\r$/\1/p' "$dir/headers")
is "order, the same again: 304" "$(ask "$shop" "/v1/orders/$order" -H "If-None-Match: $etag" -w '%{http_code} %{size_download}')" "304 0"
head_of() { curl -s -m 10 -I -H "Authorization: Bearer $shop" "$@" "$GATEWAY_URL/v1/orders/$order" | tr -d '\r' | sed -n 's/^HTTP.1.1 //p; s/^Content-Length: //p' | xargs; }
length=$(curl -s -m 10 -H "Authorization: Bearer $shop" "$GATEWAY_URL/v1/orders/$order" | wc -c)
is "order, HEAD is GET without its body" "$(head_of)" "200 OK $length"
is "order, 304 has no other length than 200" "$(head_of -X GET -H "If-None-Match: $etag")" "304 Not Modified $length"
is "order, in a list of tags: 304" "$(ask "$shop" "/v1/orders/$order" -H "If-None-Match: \"other\", W/$etag")" 304
is "order, another tag: 200" "$(ask "$shop" "/v1/orders/$order" -H 'If-None-Match: "other"')" 200
is "order, held: 200" "$(ask "$shop" "/v1/orders/$(id_of shopify held 3)")" 200
is "order, held: why, in words for the caller" "$(answer '[.state, .step, .hold.reason, .hold.stage, .hold.code, .hold.detail] | join("|")')" \
	"held|accepted|held|enrich|item-unknown|no item has this number, alias or GTIN"
is "order, upper case is the same id" "$(ask "$shop" "/v1/orders/${order^^}")" 200
is "order, the fleet's own people see it" "$(ask "$people" "/v1/orders/$order") $(answer .party)" "200 shopify"

# --- what belongs to it --------------------------------------------------------------------------------------------------------
two=$(id_of shopify two 3)
is "shipments, 200" "$(ask "$shop" "/v1/orders/$two/shipments")" 200
is "shipments, of each warehouse, as the report has them" "$(answer '.shipments[] | [.shipment_id, .place, .partner, .warehouse, .state, .carrier, .tracking_number] | map(tostring) | join("|")')" \
	"$(sql "SELECT concat_ws('|', shipment_id, place, partner, warehouse, state, carrier, tracking_number) FROM report.shipments WHERE order_id = '$two' ORDER BY place")"
is "shipments, their lines" "$(answer '[.shipments[].lines[] | select(.quantity == .shipped and .line_ref != null and .item_no != null and .unit != null)] | length')" \
	"$(sql "SELECT count(*) FROM tributary.reservations WHERE order_id = '$two'")"
is "invoices, 200" "$(ask "$shop" "/v1/orders/$two/invoices")" 200
is "invoices, as the report has them" "$(answer '.invoices[] | [.invoice_id, .number, .shipment_id, .currency, .gross_minor, .discount_minor, .charges_minor, .tax_minor, .total_minor] | map(tostring) | join("|")')" \
	"$(sql "SELECT concat_ws('|', invoice_id, number, shipment_id, currency, gross_minor, discount_minor, charges_minor, tax_minor, total_minor) FROM report.invoices WHERE order_id = '$two' ORDER BY issued_at, invoice_id")"
is "invoices, the lines add up" "$(answer '.invoices | all(. as $i | ([.lines[].gross_minor] | add) == $i.gross_minor)')" true
is "invoices, a date" "$(answer '.invoices[0].issued_at | length > 18')" true
is "returns, there are none: 200" "$(ask "$shop" "/v1/orders/$two/returns") $(answer '.returns | length')" "200 0"
return=$(post "$shop" /v1/returns "{\"reference\":\"A$run\",\"order_id\":\"$order\",\"lines\":[{\"line_no\":2,\"quantity\":\"1\",\"reason_code\":\"damaged\"}]}" >/dev/null && answer '.units[0].return_id // .return_id')
has_return() { [ "$(ask "$shop" "/v1/orders/$order/returns")" = 200 ] && [ "$(answer '.returns | length')" = 1 ]; }
wait_for 20 has_return
is "returns, as the report has them" "$(answer '.returns[] | [.return_id, .number, .reference, .state, (.lines[] | .line_no, .line_ref, .sku, .item_no, .quantity, .unit, .reason_code)] | map(tostring) | join("|")')" \
	"$(sql "SELECT concat_ws('|', r.return_id, r.number, r.reference, r.state, l.line_no, l.line_ref, l.sku, l.item_no, l.quantity, l.unit, l.reason_code) FROM report.returns r JOIN report.return_lines l USING (return_id) WHERE r.order_id = '$order'")"
is "returns, each has an address of its own" "$(ask "$shop" "/v1/returns/$return") $(answer .reference)" "200 A$run"
is "timeline, 200" "$(ask "$shop" "/v1/orders/$order/timeline")" 200
is "timeline, all of it in order" "$(answer '.events[] | .stage + " " + .event')" \
	"$(sql "SELECT stage || ' ' || event FROM tributary.timeline WHERE order_id = '$order' ORDER BY at, place")"
is "timeline, what names nothing of others has its text" "$(answer '.events[] | select(.event == "invoice.issued").detail')" \
	"$(sql "SELECT 'invoice ' || number FROM report.invoices WHERE order_id = '$order'")"
is "timeline, what was said to the partner has not" "$(answer '[.events[] | select(.event == "partner-asked") | has("detail")] | unique | map(tostring) | join(" ")')" false
events=$(answer '.events | length')
path="/v1/orders/$order/timeline?limit=5" pages=0
: >"$dir/events"
while [ -n "$path" ] && [ $pages -lt 20 ]; do
	ask "$shop" "$path" >/dev/null
	answer '.events[] | [.at, .stage, .event] | join(" ")' >>"$dir/events"
	path=$(answer '.next // ""') pages=$((pages + 1))
done
is "timeline, page by page it is the same" "$(wc -l <"$dir/events")" "$events"
is "timeline, of so many pages" "$pages" $(((events + 4) / 5))
ask "$shop" "/v1/orders/$(id_of shopify held 3)/timeline" >/dev/null
is "timeline, a hold in words for the caller" "$(answer '.events[] | select(.event == "held") | .code + ": " + .detail')" "item-unknown: no item has this number, alias or GTIN"

# --- documents -------------------------------------------------------------------------------------------------------------------
is "document, 200" "$(ask "$shop" "/v1/documents/$document")" 200
is "document, what it became" "$(answer '[.document_id, .kind, .outcome, .orders[0].order_id, .orders[0].number, .orders[0].status_url] | join("|")')" "$document|document|order|$order|#K$run-1|/v1/orders/$order"
eight=$(id_of portal eight 2)
split() { ask "$portal" "/v1/documents/$eight" >"$dir/status" && [ "$(answer '.units | length')" = 8 ]; }
wait_for 20 split
is "document, split: each unit by itself" "$(answer '[.outcome, .units_count, ([.units[].outcome] | sort | join(" "))] | map(tostring) | join("|")')" "split|8|ignored ignored order order order refused refused refused"
is "document, split: its orders are there" "$(answer '[.units[].orders[].order_id] | sort | join(" ")')" \
	"$(sql "SELECT string_agg(order_id::text, ' ' ORDER BY order_id) FROM tributary.orders WHERE number LIKE 'PO-M$run-%'")"
is "document, refused: code and field" "$(answer '.units[] | select(.code == "field-type") | .path + ": " + .detail')" "lines[0].tax: a field is of another type than it should be"
unit=$(answer '[.units[] | select(.outcome == "order")][0].document_id')
is "document, a unit alone" "$(ask "$portal" "/v1/documents/$unit") $(answer .parent_id)" "200 $eight"

# --- a party never sees what is another's ------------------------------------------------------------------------------------------
nothing=00000000-0000-4000-8000-000000000000
same_as_none() { # same_as_none NAME KEY PATH-WITH-ID ID - another's is answered as what is not there
	local other none
	other=$(ask "$2" "${3//ID/$4}") && jq -S 'del(.trace)' "$dir/answer" >"$dir/other"
	none=$(ask "$2" "${3//ID/$nothing}") && jq -S 'del(.trace)' "$dir/answer" >"$dir/none"
	is "$1" "$other $none $(cmp -s "$dir/other" "$dir/none" && echo same)" "404 404 same"
}
for part in '' /timeline /shipments /invoices /returns; do
	same_as_none "isolation, /v1/orders/ID$part" "$portal" "/v1/orders/ID$part" "$order"
	same_as_none "isolation, /v1/orders/ID$part, the other way" "$shop" "/v1/orders/ID$part" "$theirs"
done
same_as_none "isolation, /v1/returns/ID" "$portal" /v1/returns/ID "$return"
same_as_none "isolation, /v1/documents/ID" "$portal" /v1/documents/ID "$document"
same_as_none "isolation, /v1/documents/ID, a unit" "$shop" /v1/documents/ID "$unit"
is "isolation, an id that is none: 404 as well" "$(ask "$shop" /v1/orders/K1) $(answer .code) $(ask "$shop" /v1/documents/x) $(answer .code)" "404 order-unknown 404 document-unknown"
is "document, unknown: it takes a moment" "$(answer '.detail | test("takes a moment")')" true
ask "$portal" "/v1/orders?limit=200" >/dev/null
is "isolation, a search shows the own ones" "$(answer '[.orders[].party] | unique | join(" ")')" portal
is "isolation, another's number finds nothing" "$(ask "$portal" "/v1/orders?number=%23K$run-1") $(answer '.orders | length')" "200 0"
is "isolation, another's external id finds nothing" "$(ask "$portal" "/v1/orders?number=4${run}1001") $(answer '.orders | length')" "200 0"
is "isolation, nobody names another party" "$(ask "$portal" '/v1/orders?party=shopify') $(answer .code)" "403 party-other"
is "isolation, nor one that is none" "$(ask "$portal" '/v1/orders?party=nobody') $(answer .code)" "403 party-other"
ask "$portal" '/v1/orders?limit=1' >/dev/null
ask "$shop" "/v1/orders?limit=200&after=$(answer .after)" >/dev/null
is "isolation, another's place in a list shows the own orders" "$(answer '[.orders[].party] | unique | join(" ")')" shopify
is "isolation, availability by another's alias" "$(ask "$shop" '/v1/availability?sku=woo-pen') $(answer '.items[0].code')" "200 item-unknown"
is "isolation, availability for another" "$(ask "$shop" '/v1/availability?sku=woo-pen&party=woocommerce') $(answer .code)" "403 party-other"
foreign=$(sql "SELECT customer_no FROM tributary.customers c WHERE active AND email IS NOT NULL AND EXISTS (SELECT FROM tributary.customer_accounts a WHERE a.customer_no = c.customer_no AND party = 'shopify')
	AND NOT EXISTS (SELECT FROM tributary.customer_accounts a WHERE a.customer_no = c.customer_no AND party = 'portal') LIMIT 1")
email=$(sql "SELECT email FROM tributary.customers WHERE customer_no = '$foreign'")
account=$(sql "SELECT account FROM tributary.customer_accounts WHERE customer_no = '$foreign' AND party = 'shopify'")
for buyer in "{\"customer_no\":\"$foreign\"}" "{\"email\":\"$email\"}" "{\"account\":\"$account\"}"; do
	is "isolation, another's customer is nobody ${buyer:2:7}" "$(post "$portal" /v1/customers/validate "{\"buyer\":$buyer}") $(answer '[.valid, .code] | map(tostring) | join(" ")')" "200 false customer-unknown"
	is "isolation, and gets no price ${buyer:2:7}" "$(post "$portal" /v1/quotes "{\"buyer\":$buyer,\"currency\":\"USD\",\"lines\":[{\"sku\":\"TR-1001\",\"quantity\":\"1\"}]}") $(answer '[.customer.code, .lines[0].code, (.lines[0] | has("unit_price"))] | map(tostring) | join(" ")')" \
		"200 customer-unknown customer-unknown false"
	is "isolation, its own party knows it ${buyer:2:7}" "$(post "$shop" /v1/customers/validate "{\"buyer\":$buyer}") $(answer '[.valid, .active, .customer_no] | map(tostring) | join(" ")')" "200 true true $foreign"
done
is "isolation, the fleet's own people name anybody" "$(post "$people" '/v1/customers/validate?party=portal' "{\"buyer\":{\"customer_no\":\"$foreign\"}}") $(answer .valid)" "200 true"
is "scopes, stock alone reads no orders" "$(ask "$stock_only" "/v1/orders/$order") $(answer .code)" "403 scope-missing"
is "scopes, nor prices" "$(post "$stock_only" /v1/quotes '{}') $(answer .code)" "403 scope-missing"

# --- searches ----------------------------------------------------------------------------------------------------------------------
is "search, by number" "$(ask "$shop" "/v1/orders?number=%23K$run-7") $(answer '[.orders[].number] | join(" ")')" "200 #K$run-7"
is "search, by the channel's id" "$(ask "$shop" "/v1/orders?number=4${run}1007") $(answer '[.orders[].number] | join(" ")')" "200 #K$run-7"
is "search, the fleet's people by number alone" "$(ask "$people" "/v1/orders?number=PO-K$run-3") $(answer '[.orders[] | .party + " " + .number] | join(" ")')" "200 portal PO-K$run-3"
is "search, of a party" "$(ask "$people" '/v1/orders?party=shopify&limit=200') $(answer '[.orders[].party] | unique | join(" ")')" "200 shopify"
is "search, of a party that is none" "$(ask "$people" '/v1/orders?party=nobody') $(answer .code)" "404 party-unknown"
is "search, the fleet's people see all" "$(ask "$people" '/v1/orders?limit=200') $(answer '[.orders[].party] | unique | length > 1')" "200 true"
pages() { # pages KEY PATH - the order ids of all pages, in order
	local path=$2 n=0
	while [ -n "$path" ] && [ $n -lt 200 ]; do
		ask "$1" "$path" >"$dir/status"
		answer '.orders[].order_id'
		path=$(answer '.next // ""') n=$((n + 1))
	done
}
ids_sql() { sql "SELECT order_id FROM report.orders WHERE $1 ORDER BY received_at DESC, order_id DESC"; }
is "pages of 7, no gap, no repeat, newest first" "$(pages "$shop" "/v1/orders?since=$start&limit=7")" "$(ids_sql "party = 'shopify' AND received_at >= '$start'")"
is "pages of 50 by state" "$(pages "$shop" "/v1/orders?state=invoiced&limit=50&since=$start")" "$(ids_sql "party = 'shopify' AND state = 'invoiced' AND received_at >= '$start'")"
is "pages of 200 of everybody" "$(pages "$people" "/v1/orders?limit=40&since=$start")" "$(ids_sql "received_at >= '$start'")"
is "pages, there were many orders" "$(pages "$people" "/v1/orders?limit=200&since=$start" | wc -l)" 135
middle=$(sql "SELECT to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM report.orders WHERE number = '#K$run-60'")
is "search, since" "$(pages "$shop" "/v1/orders?since=$middle&limit=30")" "$(ids_sql "party = 'shopify' AND received_at >= '$middle'")"
is "search, since and until" "$(pages "$shop" "/v1/orders?since=$start&until=$middle&limit=30")" "$(ids_sql "party = 'shopify' AND received_at >= '$start' AND received_at < '$middle'")"
offset=$(date -u -d "${middle%.*}Z + 2 hours" +%Y-%m-%dT%H:%M:%S)
is "search, an offset, encoded or not" "$(ask "$shop" "/v1/orders?since=$offset%2B02:00&limit=200") $(answer '.orders | length') $(ask "$shop" "/v1/orders?since=$offset+02:00&limit=200") $(answer '.orders | length')" \
	"$(n=$(sql "SELECT least(count(*), 200) FROM report.orders WHERE party = 'shopify' AND received_at >= date_trunc('second', '$middle'::timestamptz)"); echo "200 $n 200 $n")"
load "Z$run" 2100
wait_for 60 sql_is "SELECT count(*) FROM report.orders WHERE number LIKE 'Z$run%'" 2100
is "search, a rare state behind more orders than a page looks at" "$(pages "$shop" '/v1/orders?state=held' | sort | uniq -c | awk '{ print $1 }' | sort -u) $(pages "$shop" '/v1/orders?state=held' | grep -c "$(id_of shopify held 3)")" "1 1"
is "states, all that an order can have are known" "$(for s in $(sql "SELECT state FROM tributary.order_states") held failed; do ask "$shop" "/v1/orders?state=$s&limit=1"; echo; done | sort -u)" 200

# --- stock, prices, customers ----------------------------------------------------------------------------------------------------------
is "availability, 200" "$(ask "$shop" '/v1/availability?sku=TR-1001,PAPER-A4,NOPE')" 200
is "availability, by number and by alias, and what is none" "$(answer '[.items[] | .item_no // .code] | join(" ")')" "TR-1001 TR-1001 item-unknown"
is "availability, on hand - reserved, of each warehouse and in all" "$(answer '.items[0] | (.warehouses | length) as $n | [.base_unit, ($n > 1), ([.warehouses[] | (.on_hand | tonumber) - (.reserved | tonumber) == (.available | tonumber)] | all), (([.warehouses[].available | tonumber] | add) == (.available | tonumber))] | map(tostring) | join(" ")')" "EA true true true"
is "availability, of one warehouse" "$(ask "$shop" '/v1/availability?sku=TR-1001&warehouse=EAST') $(answer '[.items[0].warehouses[].warehouse] | join(" ")') $(answer '.items[0] | .available == .warehouses[0].available')" "200 EAST true"
is "availability, of none" "$(ask "$shop" '/v1/availability?sku=TR-1001&warehouse=NORTH') $(answer .code)" "422 warehouse-unknown"
items=$(jq -nc '{warehouse: "WEST", items: ([range(999) | {sku: "TR-1001"}] + [{gtin: "06141410010013"}])}')
is "availability, a thousand at once" "$(post "$shop" /v1/availability "$items") $(answer '.items | length') $(answer '.items[999].item_no')" "200 1000 TR-1002"
is "availability, one more is too many" "$(post "$shop" /v1/availability "$(jq -c '.items += [{sku: "x"}]' <<<"$items")") $(said)" "422 field-range items"
is "quote, 200" "$(post "$shop" /v1/quotes '{"buyer":{"account":"7003"},"currency":"USD","ship_to":{"country":"US","region":"NY"},"lines":[{"sku":"TR-1001","quantity":"2","unit":"BOX"},{"gtin":"06141410010013","quantity":3},{"sku":"NOPE","quantity":"1"},{"sku":"TR-1001","quantity":"1","unit":"BARREL"}]}')" 200
is "quote, who it is for" "$(answer '[.customer.customer_no, .customer.source, .customer.price_group] | join(" ")')" "C-102 account TRADE"
is "quote, line by line" "$(answer '.lines[] | [.line_no, .item_no, .unit, .kind, .tax_percent, .code, (has("unit_price")), (has("available"))] | map(tostring) | join(" ")')" \
	"1 TR-1001 BOX group 8 null true true
2 TR-1002 EA list 8 null true true
3 null null null null item-unknown false false
4 TR-1001 BARREL null null unit-unknown false true"
is "quote, a day before there were prices" "$(post "$shop" /v1/quotes '{"buyer":{"account":"7003"},"currency":"USD","at":"2001-01-01T00:00:00Z","lines":[{"sku":"TR-1001","quantity":"2"}]}') $(answer '.lines[0].code')" "200 price-unknown"
admin_sql "INSERT INTO tributary.customers VALUES ('C-B$run', 'Blocked', NULL, NULL, NULL, 'USD', false); INSERT INTO tributary.customer_accounts VALUES ('shopify', 'B$run', 'C-B$run')"
is "customer, blocked" "$(post "$shop" /v1/customers/validate "{\"buyer\":{\"account\":\"B$run\"}}") $(answer '[.valid, .active, .code] | map(tostring) | join(" ")')" "200 false false customer-inactive"

# --- wrong questions ---------------------------------------------------------------------------------------------------------------------
wrong() { # wrong NAME PATH WANTS
	is "wrong, $1" "$(ask "$shop" "$2") $(said)" "$3"
}
wrong "an argument that there is none of" '/v1/orders?colour=red' "400 query-unknown"
wrong "of one order, too" "/v1/orders/$order?x=1" "400 query-unknown"
wrong "twice" '/v1/orders?limit=1&limit=2' "400 query-twice limit"
wrong "a limit of 0" '/v1/orders?limit=0' "400 argument-invalid limit"
wrong "a limit of 201" '/v1/orders?limit=201' "400 argument-invalid limit"
wrong "a limit that is no number" '/v1/orders?limit=ten' "400 argument-invalid limit"
wrong "since that is no instant" '/v1/orders?since=yesterday' "400 argument-invalid since"
wrong "until without a zone" '/v1/orders?until=2026-11-25T10:00:00' "400 argument-invalid until"
wrong "a state that there is none of" '/v1/orders?state=lost' "400 argument-invalid state"
wrong "a place that is none" '/v1/orders?after=AAAA' "400 argument-invalid after"
wrong "a place in another list" "/v1/orders/$order/timeline?after=$(ask "$shop" '/v1/orders?limit=1' >/dev/null && answer .after)" "400 argument-invalid after"
wrong "a number among other filters" "/v1/orders?number=1&state=held" "400 argument-invalid number"
wrong "a timeline of 501" "/v1/orders/$order/timeline?limit=501" "400 argument-invalid limit"
wrong "no item" '/v1/availability' "400 argument-invalid sku"
wrong "an empty item" '/v1/availability?sku=A,,B' "400 argument-invalid sku"
wrong "101 items" "/v1/availability?sku=$(seq -s, 101)" "400 argument-invalid sku"
is "100 items are fine" "$(ask "$shop" "/v1/availability?sku=$(seq -s, 100)") $(answer '.items | length')" "200 100"
is "wrong, a body that is no JSON" "$(post "$shop" /v1/quotes '{"buyer"') $(said)" "422 json-invalid"
is "wrong, no body" "$(post "$shop" /v1/availability '') $(answer .status)" "422 422"
is "wrong, another type" "$(ask "$shop" /v1/quotes -H 'Content-Type: text/plain' --data-binary '{}') $(said)" "415 content-type-unknown"
post "$shop" /v1/quotes '{"buyer":{},"currency":"U-D","surplus":1,"lines":[{"quantity":"0"},{"sku":"A","quantity":"x"}]}' >"$dir/status"
is "wrong, every wrong field of a body" "$(cat "$dir/status") $(answer '[.errors[] | .path + " " + .code] | sort | join(", ")')" "422  field-unknown, lines[0].quantity field-range, lines[1].quantity field-type"
post "$shop" /v1/quotes '{"buyer":{},"currency":"U-D","lines":[{"quantity":"1"}]}' >"$dir/status"
is "wrong, and what the fields say together" "$(cat "$dir/status") $(answer '[.errors[] | .path + " " + .code] | sort | join(", ")')" "422 buyer field-missing, currency currency-unknown, lines[0] field-missing"

# --- hundreds at once -----------------------------------------------------------------------------------------------------------------------
{ # "path, id that the answer must have", of three kinds of answers, and of what is another's
	while read -r _ document_id order_id; do
		echo "/v1/orders/$order_id .order_id $order_id"
		echo "/v1/orders/$order_id/invoices .order_id $order_id"
		echo "/v1/orders/$order_id/timeline .order_id $order_id"
		echo "/v1/documents/$document_id .document_id $document_id"
	done <"$dir/shopify.ids"
	while read -r _ _ order_id; do echo "/v1/orders/$order_id .code order-unknown"; done <"$dir/portal.ids"
} >"$dir/many.txt"
n=0
while read -r path _; do
	n=$((n + 1))
	printf 'next\nurl = "%s%s"\nheader = "Authorization: Bearer %s"\noutput = "%s"\n' "$GATEWAY_URL" "$path" "$shop" "$dir/many/$n"
done <"$dir/many.txt" | sed 1d >"$dir/curl"
curl -s --no-progress-meter --parallel --parallel-max 100 -K "$dir/curl"
n=0 right=0
while read -r _ member wanted; do
	n=$((n + 1))
	[ "$(jq -r "$member" "$dir/many/$n" 2>/dev/null)" = "$wanted" ] && right=$((right + 1))
done <"$dir/many.txt"
is "at once, each of $n questions has its own answer" "$right" "$n"
is "at once, there were hundreds" "$((n > 400))" 1

# --- what is written down ---------------------------------------------------------------------------------------------------------------------
is "logs, no number, address or secret of anybody" "$(cat "$var"/log/gateway-*.log | grep -cE "K$run-|$email|${shop##*_}")" 0
is "rights, the gateway changes no order" "$(psql "$(<"$var/secrets/gateway.database-url")" -X -q -At -c 'UPDATE tributary.orders SET number = number' 2>&1 | grep -c 'permission denied')" 1
is "rights, nor reads an order's document" "$(psql "$(<"$var/secrets/gateway.database-url")" -X -q -At -c 'SELECT document FROM tributary.enrichments LIMIT 1' 2>&1 | grep -c 'permission denied')" 1
