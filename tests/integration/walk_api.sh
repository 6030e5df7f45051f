#!/bin/bash
# The OpenAPI document, walked: each operation is called well and badly, each answer is as the document says, and so is every
# answer that the gateway gave to the other tests on this stack. What is deprecated says so.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
key() { tributary keys create --party "$1" --scopes "$2" --title "walk $run" --quiet; }
OWN=$(key shopify submit,orders,stock,prices) OTHER=$(key portal submit,orders,stock,prices) BARE=$(key shopify submit)
load "W$run-" 1
wait_for 30 all_invoiced "W$run-" 1
ORDER=$(sql "SELECT order_id FROM tributary.orders WHERE number = 'W$run-1'")
DOCUMENT=$(sql "SELECT document_id FROM tributary.orders WHERE order_id = '$ORDER'")
usable() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$GATEWAY_URL/v1/orders?limit=1")" != 401 ]; }
for k in "$OWN" "$OTHER" "$BARE"; do wait_for 10 usable "$k"; done
curl -s -H "Authorization: Bearer $OWN" -H 'Content-Type: application/json' -d "{\"reference\": \"first $run\", \"order_id\": \"$ORDER\", \"lines\": [{\"line_no\": 2, \"quantity\": \"1\"}]}" "$GATEWAY_URL/v1/returns" >"$var/walk.json"
RETURN=$(jq -r '.units[0].return_id' "$var/walk.json")
wait_for 10 sql_is "SELECT count(*) FROM tributary.returns WHERE return_id = '$RETURN'" 1
export OWN OTHER BARE ORDER DOCUMENT RETURN RUN=$run LOGS="$var/log/gateway-*.log"
/usr/bin/python3 tests/support/walk_api.py

# --- deprecated ---------------------------------------------------------------------------------------------------------
sed '/operationId: getInvoices/a\      deprecated: true\n      x-deprecated-at: 2026-11-01\n      x-sunset: 2027-06-01' topology/api/openapi.yaml >"$var/openapi.yaml"
mkdir -p "$var/contracts"
cp topology/contracts/*.json "$var/contracts/"
echo "OPENAPI_FILE=$var/openapi.yaml" >"$var/fleet.gateway.env"
fleet reload
headers() { curl -s -D - -o /dev/null -H "Authorization: Bearer $OWN" "$GATEWAY_URL/v1/orders/$ORDER/invoices" | tr -d '\r'; }
has_headers() { headers | grep -q '^Deprecation:'; }
wait_for 20 has_headers
is "deprecated, since when" "$(headers | sed -n 's/^Deprecation: //p')" "@$(date -u -d 2026-11-01 +%s)"
is "deprecated, until when" "$(headers | sed -n 's/^Sunset: //p')" "Tue, 01 Jun 2027 00:00:00 GMT"
is "deprecated, others say nothing" "$(curl -s -D - -o /dev/null -H "Authorization: Bearer $OWN" "$GATEWAY_URL/v1/orders/$ORDER" | grep -ci '^\(deprecation\|sunset\):')" 0
sleep 2
used() { tributary api usage --contract "$var/openapi.yaml" --deprecated --json | jq -s 'flatten | map(select(.party == "shopify")) | length'; }
used_some() { [ "$(used)" -ge 1 ]; }
wait_for 10 used_some
is "usage, who still calls what is deprecated" "$(used)" 1

# --- a document that does not fit is not served ---------------------------------------------------------------------------
sed 's,^  /v1/quotes:,  /v1/quotations:,' topology/api/openapi.yaml >"$var/openapi.yaml"
said=$(OPENAPI_FILE="$var/openapi.yaml" GATEWAY_PORT=1 AMQP_URL="$AMQP_URL" DATABASE_URL="$DATABASE_URL" REDIS_URL="$REDIS_URL" timeout 10 "$bin/gateway" 2>&1)
is "contract, another one than the gateway's: it does not start" "$(grep -o 'POST /v1/quotes is not described\|POST /v1/quotations is described' <<<"$said" | sort -u | wc -l)" 2
rm -f "$var/fleet.gateway.env"
fleet reload
