#!/bin/bash
# What real shops send that is no plain paid order: each is recorded as what it is, with its code, and nothing ships
# that should not. Made from two good orders by changing what the name of each case says.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/channels
rm -rf "$dir" && mkdir -p "$dir"
next=700000
sends=()

send() { # send NAME PARTY WANTED JQ-FILTER - WANTED: "<outcome> <code>" of the document
	local sample=topology/parties/shopify/samples/1001-paid.json
	next=$((next + 1))
	if [ "$2" = woocommerce ]; then sample=topology/parties/woocommerce/samples/727-paid.json; fi
	jq ".id = $next | (if .name then .name = \"#$next\" else .number = \"$next\" end) | $4" "$sample" >"$dir/$next.json"
	tributary submit --party "$2" "$dir/$next.json" >/dev/null || not_ok "$1, is sent"
	sends+=("$next|$1|$3")
}
document() { sql "SELECT outcome || coalesce(' ' || code, '') FROM tributary.documents WHERE encode(sha256, 'hex') = '$(sha256sum "$dir/$1.json" | cut -d' ' -f1)'"; }
document_is() { [ "$(document "$1")" = "$2" ]; }
state() { sql "SELECT state FROM report.orders WHERE number IN ('$1', '#$1')"; }
state_is() { [ "$(state "$1")" = "$2" ]; }

send "shopify, as the Admin API answers" shopify "order" '{order: .}'
under_order=$next
send "shopify, a test order" shopify "ignored order-test" '.test = true'
send "shopify, not paid yet" shopify "ignored order-unpaid" '.financial_status = "pending"'
send "shopify, voided" shopify "ignored order-unpaid" '.financial_status = "voided"'
send "shopify, pending by its payment terms" shopify "order" '.financial_status = "pending" | .payment_terms = {payment_terms_name: "Net 30"}'
send "shopify, all of it has left" shopify "ignored order-fulfilled" '.fulfillment_status = "fulfilled"'
send "shopify, partly refunded" shopify "exception order-refunded" '.financial_status = "partially_refunded"'
send "shopify, a line taken off after it was placed" shopify "exception order-refunded" '.line_items[0].current_quantity = 0'
send "shopify, an edit left a line of 0" shopify "order" '.line_items += [.line_items[0] | .id = 99 | .quantity = 0 | .tax_lines = []]'
zero_line=$next
send "shopify, a line without SKU" shopify "order" '.line_items[0].sku = null'
no_sku=$next
send "shopify, no address to ship to" shopify "exception ship-to-missing" 'del(.shipping_address)'
send "shopify, a total one cent off" shopify "order" '.total_price = (((.total_price | tonumber) + 0.01) * 100 | round / 100 | tostring)'
one_cent=$next
send "shopify, a total a dollar off" shopify "exception total-mismatch" '.total_price = "144.42"'
send "shopify, more discount than the line costs" shopify "refused discount-range" '.line_items[0].discount_allocations = [{amount: "600.00"}]'
send "shopify, a note of 5,000 bytes with a control character" shopify "order" '.note = ("x" * 5000 + "\u000b")'
send "shopify, a tip" shopify "order" '.total_tip_received = "5.00" | .total_price = (((.total_price | tonumber) + 5) * 100 | round / 100 | tostring)'
send "woocommerce, not paid yet" woocommerce "ignored order-unpaid" '.status = "on-hold"'
send "woocommerce, completed" woocommerce "ignored order-fulfilled" '.status = "completed"'
send "woocommerce, refunded in part" woocommerce "exception order-refunded" '.refunds = [{id: 1, total: "-10.00"}]'
send "woocommerce, a status of a plugin" woocommerce "exception status-unknown" '.status = "awaiting-print"'
send "woocommerce, shipping to the billing address" woocommerce "order" '.shipping |= map_values("")'
send "woocommerce, a list of one" woocommerce "order" '[.]'
send "woocommerce, a list of two" woocommerce "split" '[., (.id = 790001 | .number = "790001")]'
for s in "${sends[@]}"; do
	IFS='|' read -r number name wanted <<<"$s"
	wait_for 20 document_is "$number" "$wanted"
	is "$name" "$(document "$number")" "$wanted"
done
wait_for 20 state_is "$under_order" invoiced
is "shopify, an order under \"order\" goes to its invoice" "$(state "$under_order")" invoiced
wait_for 20 state_is "$zero_line" invoiced
is "shopify, a line of 0 is left out" "$(sql "SELECT lines_count FROM report.orders WHERE number = '#$zero_line'")" "$(jq '.line_items | length - 1' "$dir/$zero_line.json")"
wait_for 20 state_is "$no_sku" held
is "enrich, a line without SKU is held, not lost" "$(sql "SELECT hold_code FROM report.orders WHERE number = '#$no_sku'")" item-unknown
wait_for 20 state_is "$one_cent" invoiced
is "invoice, what the channel rounded is billed as the buyer paid it" \
	"$(sql "SELECT report.amount(invoiced_minor, currency) FROM report.orders WHERE number = '#$one_cent'")" "$(jq -r .total_price "$dir/$one_cent.json")"
is "exceptions, a person sees the number" "$(sql "SELECT count(*) FROM report.exceptions WHERE number IS NULL")" 0
units() { sql "SELECT string_agg(u.outcome, ' ' ORDER BY u.outcome) FROM tributary.documents d JOIN tributary.documents u ON u.parent_id = d.document_id WHERE encode(d.sha256, 'hex') = '$(sha256sum "$dir/$next.json" | cut -d' ' -f1)'"; }
units_are() { [ "$(units)" = "$1" ]; }
wait_for 20 units_are "order order"
is "split, each order of a list is a document of its own" "$(units)" "order order"
wait_for 20 state_is 790001 invoiced
is "split, and goes to its invoice" "$(state 790001)" invoiced
