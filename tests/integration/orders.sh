#!/bin/bash
# Orders go in, invoices come out, to the cent; what is wrong is held or refused with its field.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up

state() { sql "SELECT state FROM report.orders WHERE party = '$1' AND number = '$2'"; }
is_state() { [ "$(state "$1" "$2")" = "$3" ]; }

tributary submit --party shopify $(samples shopify) >/dev/null || not_ok "shopify samples are taken"
tributary submit --party woocommerce $(samples woocommerce) >/dev/null || not_ok "woocommerce samples are taken"
for number in '#1001' '#1002' '#1003' '#1004' '#1005'; do
	wait_for 30 is_state shopify "$number" invoiced
	is "shopify, $number is invoiced" "$(state shopify "$number")" invoiced
done
for number in 727 728 729 730; do
	wait_for 30 is_state woocommerce $number invoiced
	is "woocommerce, $number is invoiced" "$(state woocommerce $number)" invoiced
done
for file in $(samples shopify | grep "/100[1-5]"); do
	is "invoice, total of $(basename "$file") is the channel's own" \
		"$(sql "SELECT (invoiced_minor / 100.0)::numeric(12,2) FROM report.orders WHERE external_id = '$(jq -r .id "$file")'")" \
		"$(jq -r .total_price "$file")"
done
is "allocate, #1005 is split over two warehouses" "$(sql "SELECT count(*) FROM report.shipments WHERE external_id = '450789469005'")" 2
is "allocate, candidates and reasons are kept" \
	"$(sql "SELECT candidates->0->>'reason' FROM tributary.allocation_lines a JOIN tributary.orders USING (order_id) WHERE number = '#1001' AND line_no = 1")" chosen
is "enrich, every line has its sources" \
	"$(sql "SELECT item_source || ' ' || price_source || ' ' || tax_source FROM report.order_lines WHERE external_id = '450789469001' AND line_no = 1")" "sku list rate:STD"
is "enrich, a contract price beats the list" \
	"$(sql "SELECT price_source FROM report.order_lines WHERE external_id = '450789469004' AND line_no = 2")" "contract:K-2026-7"
wait_for 10 is_state woocommerce 731 held
is "allocate, policy hold keeps a short order whole" "$(state woocommerce 731)" held
is "orders, those that are held are listed" "$(tributary orders --state held --json | jq -s 'flatten | map(.order_id) | sort | join(" ")' -r)" \
	"$(sql "SELECT string_agg(order_id::text, ' ' ORDER BY order_id::text) FROM report.orders WHERE state = 'held'")"
is "ingest, a cancellation is an exception" "$(sql "SELECT count(*) FROM report.exceptions WHERE code = 'order-cancelled' AND number IN ('#1006', '732')")" 2

# The same document again is a duplicate, and so is one in which only a note is new; other content is a change, kept as
# an exception
duplicates="SELECT count(*) FROM tributary.documents d JOIN tributary.orders o USING (order_id) WHERE o.number = '#1001' AND o.party = 'shopify' AND d.outcome = 'duplicate' AND d.kind = 'order'"
before=$(sql "$duplicates")
tributary submit --party shopify topology/parties/shopify/samples/1001-paid.json >/dev/null
jq '.note = "please hurry"' topology/parties/shopify/samples/1001-paid.json >"$var/noted.json"
tributary submit --party shopify "$var/noted.json" >/dev/null
jq '.shipping_address.city = "Albany"' topology/parties/shopify/samples/1001-paid.json >"$var/changed.json"
tributary submit --party shopify "$var/changed.json" >/dev/null
wait_for 10 sql_is "$duplicates" $((before + 2))
is "ingest, the same order again, or with another note, is a duplicate" $(($(sql "$duplicates") - before)) 2
wait_for 10 sql_is "SELECT count(*) FROM report.exceptions WHERE code = 'order-changed' AND number = '#1001'" 1
is "ingest, a change of what was shipped is an exception" "$(sql "SELECT count(*) FROM report.exceptions WHERE code = 'order-changed' AND number = '#1001'")" 1

# One number that means another item at each channel, in one batch
cp ops/sandbox/mirror/item_aliases.csv "$var/aliases.csv"
printf '%s\n' 'SAME-NUMBER,shopify,TR-1001' 'SAME-NUMBER,woocommerce,TR-1002' >>"$var/aliases.csv"
mkdir -p "$var/aliases" && mv "$var/aliases.csv" "$var/aliases/item_aliases.csv"
tributary mirror load "$var/aliases" >/dev/null
fleet stop enrich
jq '.id = 450789469901 | .name = "#1901" | .line_items[0].sku = "SAME-NUMBER"' topology/parties/shopify/samples/1001-paid.json >"$var/same-shopify.json"
jq '.id = 7901 | .number = "7901" | .line_items[0].sku = "SAME-NUMBER"' topology/parties/woocommerce/samples/727-paid.json >"$var/same-woocommerce.json"
tributary submit --party shopify "$var/same-shopify.json" >/dev/null
tributary submit --party woocommerce "$var/same-woocommerce.json" >/dev/null
both_wait() { management GET queues/tributary/enrich | jq -e '.messages_ready >= 2' >/dev/null; }
wait_for 20 both_wait
fleet start enrich
wait_for 20 is_state shopify '#1901' invoiced
wait_for 20 is_state woocommerce 7901 invoiced
is "enrich, one alias of two channels is an item each" \
	"$(sql "SELECT string_agg(l.party || ' ' || item_no || ' ' || item_source, ', ' ORDER BY l.party) FROM report.order_lines l JOIN report.orders o USING (order_id) WHERE o.number IN ('#1901', '7901') AND line_no = 1")" \
	"shopify TR-1001 alias, woocommerce TR-1002 alias"

# Held for an unknown customer: load the account, release, invoiced
tributary submit --party shopify ops/demo/held.json >/dev/null
wait_for 10 is_state shopify '#1098' held
is "enrich, an unknown customer is held" "$(sql "SELECT hold_code FROM report.orders WHERE number = '#1098'")" customer-unknown
mkdir -p "$var/mirror" && cp ops/sandbox/mirror/customer_accounts.csv "$var/mirror/" && echo 'shopify,9999,C-101' >>"$var/mirror/customer_accounts.csv"
tributary mirror load "$var/mirror" >/dev/null
tributary exceptions release --code customer-unknown >/dev/null
wait_for 20 is_state shopify '#1098' invoiced
is "exceptions, a released order goes on to its invoice" "$(state shopify '#1098')" invoiced

# Refused: which field
tributary submit --party shopify ops/demo/refused.json >/dev/null
refused="JOIN tributary.dead_letters d USING (dead_letter_id) WHERE encode(sha256(d.body), 'hex') = '$(sha256sum ops/demo/refused.json | cut -d' ' -f1)'"
wait_for 10 sql_is "SELECT count(*) FROM report.dead_letters r $refused" 1
is "ingest, a negative quantity is refused with its field" "$(sql "SELECT r.path FROM report.dead_letters r $refused")" "lines[1].quantity"
id=$(sql "SELECT dead_letter_id FROM report.dead_letters r $refused")
tributary dead-letters replay "$id" >/dev/null
wait_for 10 sql_is "SELECT state || times FROM report.dead_letters WHERE dead_letter_id = '$id'" open2
is "dead-letters, what dies again after a replay is open again" "$(sql "SELECT state || times FROM report.dead_letters WHERE dead_letter_id = '$id'")" open2
is "books balance" "$(books_wrong)" ""
