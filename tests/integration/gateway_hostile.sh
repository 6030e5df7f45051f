#!/bin/bash
# Requests that should not be: each is refused, none brings the gateway down or is taken for two, and the next good one is
# answered. tests/support/hostile.py says them.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
lines=$(cat "$var"/log/gateway-*.log | wc -l)
said() { cat "$var"/log/gateway-*.log | tail -n +$((lines + 1)); }

key() { tributary keys create --quiet "$@"; }
answers() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" -H 'Content-Type: application/json' --data-binary @"$sample" "$GATEWAY_URL/v1/parties/shopify/documents?dry_run=1")" = "$2" ]; }
pids() { ops/stack/fleet --var "$var" pids gateway; }

sample=topology/parties/shopify/samples/1001-paid.json
KEY=$(key --party shopify --scopes submit,orders)
KEY_REVOKED=$(key --party shopify --scopes submit)
KEY_EXPIRED=$(key --party shopify --scopes submit --expires 1h)
KEY_FOREIGN=$(key --party edi-globex --scopes submit)
KEY_UNKNOWN=trb_aaaaaaaaaaaa_$(printf '0%.0s' {1..64})
export KEY_REVOKED KEY_EXPIRED KEY_FOREIGN KEY_UNKNOWN
id_of() { cut -d_ -f2 <<<"$1"; }
tributary keys revoke --reason "a test's" "$(id_of "$KEY_REVOKED")" >/dev/null
admin_sql "UPDATE tributary.api_keys SET expires_at = now() - interval '1 s' WHERE key_id = '$(id_of "$KEY_EXPIRED")'"
wait_for 20 answers "$KEY" 200 && ok "hostile, a good request is answered" || not_ok "hostile, a good request is answered"
wait_for 10 answers "$KEY_REVOKED" 401
wait_for 10 answers "$KEY_EXPIRED" 401
before=$(pids)
python3 tests/support/hostile.py "$GATEWAY_URL" "$KEY" "$sample"
is "hostile, no process was started anew" "$(pids)" "$before"
is "hostile, no handler forgot or died of a call" "$(said | grep -cE 'event=(unanswered|bug)')" 0
is "hostile, no secret of a key is in the log" "$(said | grep -cF "${KEY##*_}")" 0
