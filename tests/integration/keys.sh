#!/bin/bash
# Keys of the API: a token is said once and kept nowhere, a rotation has no gap, each act is in the audit log, and nobody
# may do more with them than his work. Which party still calls what.
. "$(dirname "$0")/../support/fleet.sh"
dir=$var/keys
rm -rf "$dir" && mkdir -p "$dir"
export TRIBUTARY_USER=ines
admin_sql "TRUNCATE tributary.api_usage; DELETE FROM tributary.api_keys"
gateway_sql() { psql "$(cat "$var/secrets/gateway.database-url")" -X -q -At -c "$1" 2>&1; }
key() { sql "SELECT $2 FROM tributary.api_keys WHERE key_id = '$1'"; }
state() { tributary keys list --json | jq -r --arg id "$1" '.[] | select(.key_id == $id).state'; }
acts() { sql "SELECT string_agg(act || ' ' || who || ' ' || reason, ', ' ORDER BY act_id) FROM tributary.audit_log WHERE target_id = '$1'"; }
id_of() { cut -d_ -f2 <<<"$1"; }
good() { # good TOKEN - is it the current secret, or the one before within its time? As whoever reads the table could tell
	gateway_sql "SELECT count(*) FROM tributary.api_keys WHERE key_id = '$(id_of "$1")' AND revoked_at IS NULL AND
		(secret_sha256 = sha256('$(cut -d_ -f3 <<<"$1")') OR (previous_sha256 = sha256('$(cut -d_ -f3 <<<"$1")') AND previous_until > now()))"
}
refused() { # refused NAME STATUS COMMAND… - the command says no
	local name=$1 wants=$2 status
	shift 2
	tributary "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	if [ $status = "$wants" ] && [ -s "$dir/err" ] && [ ! -s "$dir/out" ]; then ok "$name"; else not_ok "$name" "$status: $(cat "$dir/out" "$dir/err")"; fi
}

# --- create -----------------------------------------------------------------------------------------------------------
token=$(tributary keys create --party shopify --scopes submit,orders --title 'shop backend' --quiet 2>"$dir/err")
[[ $token =~ ^trb_[a-z2-7]{12}_[0-9a-f]{64}$ ]] && ok "create, the token alone with --quiet" || not_ok "create, the token" "$token"
is "create, and nothing else" "$(cat "$dir/err")" ""
id=$(id_of "$token")
is "create, what is kept" "$(key "$id" "concat_ws(' ', party, scopes, title, created_by, expires_at)")" 'shopify {submit,orders} shop backend ines'
is "create, the hash is of the secret's text" "$(good "$token")" 1
tributary keys create --party portal --scopes stock --expires 90d --json >"$dir/portal.json"
portal=$(jq -r .key_id "$dir/portal.json")
is "create, --json has the token" "$(jq -r '.token | startswith("trb_")' "$dir/portal.json")" true
is "create, --json has the rest" "$(jq -c '[.party, .scopes, (.expires_at != null)]' "$dir/portal.json")" '["portal",["stock"],true]'
tributary keys create --party portal --scopes prices >"$dir/page" 2>"$dir/err"
is "create, for people" "$(grep -cE '^(key_id|party|scopes|token) ' "$dir/page")" 4
is "create, it says that it is said once" "$(grep -c 'this once' "$dir/err")" 1
is "audit, the act and who did it" "$(acts "$id")" 'key.create ines '
is "audit, what came of it" "$(sql "SELECT after->>'party' || ' ' || (after->>'scopes') FROM tributary.audit_log WHERE target_id = '$id'")" 'shopify ["submit","orders"]'
refused "create, of no party" 1 keys create --party nobody --scopes submit
refused "create, for an unknown scope" 2 keys create --party shopify --scopes submit,all
refused "create, for nothing" 2 keys create --party shopify --scopes ''
refused "create, a time that is none" 2 keys create --party shopify --scopes submit --expires soon
refused "create, without scopes" 2 keys create --party shopify

# --- list -------------------------------------------------------------------------------------------------------------
gateway_sql "INSERT INTO tributary.api_usage VALUES ('2026-11-25', '$id', 'shopify', 'POST /v1/orders', 3, 1, '2026-11-25T08:00Z', '2026-11-25T09:00Z')"
is "list, active" "$(state "$id")" active
is "list, last used" "$(tributary keys list --json --party shopify | jq -r '.[0].last_used')" 2026-11-25T09:00:00+00:00
is "list, a party's own" "$(tributary keys list --json --party portal | jq length)" 2
admin_sql "UPDATE tributary.api_keys SET expires_at = now() + interval '13 days' WHERE key_id = '$portal'"
is "list, expiring" "$(state "$portal")" expiring
admin_sql "UPDATE tributary.api_keys SET expires_at = now() WHERE key_id = '$portal'"
is "list, expired" "$(state "$portal")" expired
is "list, as a table" "$(tributary keys list | head -n 1 | grep -cE '^KEY ID +PARTY +SCOPES')" 1

# --- rotate -----------------------------------------------------------------------------------------------------------
second=$(tributary keys rotate --quiet "$id")
is "rotate, the key stays the same" "$(id_of "$second")" "$id"
is "rotate, old and new are good" "$(good "$token") $(good "$second")" "1 1"
is "rotate, for a day" "$(key "$id" "round(extract(epoch FROM previous_until - now()) / 3600)")" 24
is "list, rotating" "$(state "$id")" rotating
refused "rotate, not again while it would make a gap" 1 keys rotate "$id"
is "rotate, refused, all stays" "$(good "$token") $(good "$second")" "1 1"
third=$(tributary keys rotate --grace 0 --quiet "$id")
is "rotate, --grace 0 ends the old ones at once" "$(good "$token") $(good "$second") $(good "$third")" "0 0 1"
is "list, active again" "$(state "$id")" active
refused "rotate, not what is expired" 1 keys rotate "$portal"
refused "rotate, not what is not there" 1 keys rotate aaaaaaaaaaaa
refused "rotate, no id" 2 keys rotate "$token"
is "audit, until when the old one is good" "$(sql "SELECT count(*) FROM tributary.audit_log WHERE target_id = '$id' AND act = 'key.rotate'
	AND before->>'previous_until' IS DISTINCT FROM after->>'previous_until'")" 2

# --- revoke -----------------------------------------------------------------------------------------------------------
refused "revoke, not without a reason" 2 keys revoke "$id"
is "revoke, says so" "$(tributary keys revoke --reason 'left in a log' "$id")" "$id revoked"
is "revoke, it is good no more" "$(good "$third")" 0
is "list, revoked" "$(state "$id")" revoked
refused "revoke, not twice" 1 keys revoke --reason again "$id"
refused "rotate, not what is revoked" 1 keys rotate "$id"
is "audit, all acts" "$(acts "$id")" 'key.create ines , key.rotate ines , key.rotate ines , key.revoke ines left in a log'

# --- what is kept of a secret -------------------------------------------------------------------------------------------
hash=$(key "$id" "encode(secret_sha256, 'hex')")
is "secrets, no command says a hash" "$({ tributary keys list; tributary keys list --json; cat "$dir"/*; } | grep -c "$hash\|sha256")" 0
is "secrets, none in the database" "$(sql "SELECT count(*) FROM tributary.audit_log a WHERE a::text ~ 'trb_|$hash|$(cut -d_ -f3 <<<"$third")'")" 0

# --- who may do what ----------------------------------------------------------------------------------------------------
denied() { [[ $2 == *'permission denied'* ]] && ok "$1" || not_ok "$1" "$2"; }
as() { psql "$(cat "$var/secrets/$1.database-url")" -X -q -At -c "$2" 2>&1; }
denied "rights, the gateway makes no key" "$(gateway_sql "INSERT INTO tributary.api_keys (key_id, party, scopes, secret_sha256, created_by) VALUES ('aaaaaaaaaaaa', 'portal', '{operate}', sha256(''), '')")"
denied "rights, the gateway changes no key" "$(gateway_sql "UPDATE tributary.api_keys SET scopes = '{operate}'")"
denied "rights, the gateway deletes no usage" "$(gateway_sql 'DELETE FROM tributary.api_usage')"
is "rights, the gateway writes acts down" "$(gateway_sql "INSERT INTO tributary.audit_log (who, act, target_id, reason) VALUES ('gateway', 'key.refuse', 'x', '')")" ""
denied "rights, the gateway changes no act" "$(gateway_sql "UPDATE tributary.audit_log SET who = ''")"
denied "rights, the gateway reads no acts" "$(gateway_sql 'SELECT * FROM tributary.audit_log')"
denied "rights, the operator gives a key to no other party" "$(sql "UPDATE tributary.api_keys SET party = 'portal'" 2>&1)"
denied "rights, the operator widens no key" "$(sql "UPDATE tributary.api_keys SET scopes = '{operate}'" 2>&1)"
denied "rights, the operator deletes no key" "$(sql 'DELETE FROM tributary.api_keys' 2>&1)"
denied "rights, the auditor reads no hash" "$(as auditor 'SELECT secret_sha256 FROM tributary.api_keys')"
denied "rights, no worker else reads keys" "$(as ingest 'SELECT key_id FROM tributary.api_keys')"
is "usage, of no key there is no row" "$(gateway_sql "INSERT INTO tributary.api_usage VALUES ('2026-11-25', 'guessed', 'x', 'GET /', 1, 1, now(), now())" | grep -c 'foreign key')" 1

# --- which party still calls what -----------------------------------------------------------------------------------------
cat >"$dir/openapi.yaml" <<-END
	openapi: 3.1.0
	paths:
	  /v0/stock:
	    get: {operationId: oldStock, deprecated: true, x-deprecated-at: 2026-12-01, x-sunset: 2027-06-01}
	  /v0/prices:
	    get: {operationId: oldPrices, deprecated: true, x-deprecated-at: 2026-12-01}
	  /v1/stock:
	    get: {operationId: stock}
	END
day() { date -u -d "$1 days ago" +%F; }
calls() { gateway_sql "INSERT INTO tributary.api_usage VALUES ('$(day "$1")', '$2', '$3', '$4', $5, $6, '$(day "$1")T01:00Z', '$(day "$1")T02:00Z')"; }
usage() { tributary api usage --json "$@" | jq -r '.[] | "\(.party) \(.route) \(.calls) \(.refused) \(.keys) \(.since[:10]) \(.last[:10]) \(.deprecated // "-" | .[:10]) \(.sunset // "-" | .[:10])"'; }
admin_sql "TRUNCATE tributary.api_usage"
is "usage, of nothing" "$(tributary api usage)" "nobody called anything"
calls 200 "$id" shopify 'GET /v0/stock' 100 0
calls 2 "$id" shopify 'GET /v0/stock' 5 1
calls 1 "$portal" shopify 'GET /v0/stock' 2 1
calls 3 "$id" shopify 'GET /v1/stock' 7 0
calls 4 "$portal" portal 'GET /v0/prices' 1 0
calls 40 "$portal" portal 'GET /v1/stock' 9 0
is "usage, what ends first comes first" "$(usage --contract "$dir/openapi.yaml")" "shopify GET /v0/stock 7 2 2 $(day 200) $(day 1) 2026-12-01 2027-06-01
portal GET /v0/prices 1 0 1 $(day 4) $(day 4) 2026-12-01 -
shopify GET /v1/stock 7 0 1 $(day 3) $(day 3) - -"
is "usage, of one party" "$(usage --party portal --contract "$dir/openapi.yaml")" "portal GET /v0/prices 1 0 1 $(day 4) $(day 4) 2026-12-01 -"
is "usage, further back" "$(usage --party portal --since 60d --contract "$dir/openapi.yaml" | wc -l)" 2
is "usage, only what is deprecated" "$(usage --deprecated --contract "$dir/openapi.yaml" | cut -d' ' -f1,3)" $'shopify /v0/stock\nportal /v0/prices'
is "usage, for people" "$(tributary api usage --contract "$dir/openapi.yaml" | head -n 1 | tr -s ' ')" "PARTY ROUTE CALLS REFUSED KEYS SINCE LAST DEPRECATED SUNSET"
refused "usage, a document that is not there" 1 api usage --contract "$dir/none.yaml"
refused "usage, a time that is none" 2 api usage --since ever
admin_sql "TRUNCATE tributary.api_usage; DELETE FROM tributary.api_keys"
