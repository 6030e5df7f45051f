#!/bin/bash
# Webhooks: what a sender signed is taken once, whatever else is not; topics become kinds; nothing is believed before the
# signature was checked.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM
dir=$var/webhooks
rm -rf "$dir" && mkdir -p "$dir"

# push PARTY FILE HEADERS… - prints status and body; the headers are a file's, or arguments of curl
push() {
	local party=$1 file=$2
	shift 2
	curl -s -m 10 -o "$dir/answer" -w '%{http_code}' -H 'Content-Type: application/json' "$@" --data-binary "@$file" "$GATEWAY_URL/v1/hooks/$party"
}
sign() { tributary party sign "$@" >"$dir/headers" 2>"$dir/error" || cat "$dir/error"; }
code() { jq -r .code "$dir/answer"; }
stored() { sql "SELECT count(*) FROM tributary.documents WHERE party = '$1' AND sha256 = decode('$(sha256sum "$2" | cut -d' ' -f1)', 'hex')"; }
stored_is() { [ "$(stored "$1" "$2")" = "$3" ]; }
kind_of() { sql "SELECT kind || ' ' || outcome FROM tributary.documents WHERE party = '$1' AND sha256 = decode('$(sha256sum "$2" | cut -d' ' -f1)', 'hex')"; }

wait_for 10 curl -sf -o "$dir/answer" "$GATEWAY_URL/v1/openapi.yaml"

# --- every scheme that a ready-made party uses ----------------------------------------------------------------------------
# party, topic (where it is a header), sample
while read -r party topic sample; do
	file=$dir/$party.json
	topic=${topic#-}
	jq --arg r "$run" '. + {"webhook_test": $r}' "topology/parties/$party/samples/$sample" >"$file"
	sign ${topic:+--topic "$topic"} "$party" "$file"
	is "$party, signed: taken" "$(push "$party" "$file" -H "@$dir/headers") $(jq -r .result "$dir/answer")" "200 taken"
	wait_for 10 stored_is "$party" "$file" 1
	is "$party, its bytes are stored" "$(stored "$party" "$file")" 1
	is "$party, the same delivery again: taken" "$(push "$party" "$file" -H "@$dir/headers")" 200
	cp "$file" "$dir/changed.json" && printf ' ' >>"$dir/changed.json"
	case $party in # those whose secret is sent as it is do not sign the body
	chargebee | bigcommerce) sed -i 's/^\([A-Za-z-]*\): \(Basic \)\?../\1: \2xx/' "$dir/headers"; is "$party, another secret: refused" "$(push "$party" "$file" -H "@$dir/headers") $(code)" "401 signature-not-valid" ;;
	*) is "$party, one byte more: refused" "$(push "$party" "$dir/changed.json" -H "@$dir/headers") $(code)" "401 signature-not-valid" ;;
	esac
	is "$party, unsigned: refused" "$(push "$party" "$file") $(code)" "401 signature-not-valid"
	sleep 0.5
	is "$party, stored once, and nothing of what was refused" "$(stored "$party" "$file") $(stored "$party" "$dir/changed.json")" "1 0"
done <<-END
	shopify orders/create 1001-paid.json
	woocommerce order.created 727-paid.json
	stripe - A41C0D2E-0007-paid.json
	chargebee - 1042-created.json
	portal - PO-118.json
END

# --- topics ---------------------------------------------------------------------------------------------------------------
own() { jq --argjson r "$run" --argjson n "$1" '.id += $r * 1000 + $n | .name += "W" + ($n | tostring)' topology/parties/shopify/samples/1001-paid.json; }
own 1 >"$dir/new.json"
sign --topic orders/create shopify "$dir/new.json"
push shopify "$dir/new.json" -H "@$dir/headers" >/dev/null
wait_for 10 stored_is shopify "$dir/new.json" 1
is "topic, orders/create is an order" "$(kind_of shopify "$dir/new.json")" "order order"
jq '.cancelled_at = "2026-11-21T10:00:00Z" | .updated_at = "2026-11-21T10:00:00Z"' "$dir/new.json" >"$dir/cancel.json"
sign --topic orders/cancelled shopify "$dir/cancel.json"
push shopify "$dir/cancel.json" -H "@$dir/headers" >/dev/null
wait_for 10 stored_is shopify "$dir/cancel.json" 1
is "topic, a cancelled order is a cancellation; that it comes too late is an exception" "$(sql "SELECT coalesce(code, outcome) FROM tributary.documents WHERE sha256 = decode('$(sha256sum "$dir/cancel.json" | cut -d' ' -f1)', 'hex')")" order-cancelled
own 4 >"$dir/replayed.json"
sign --topic orders/cancelled shopify "$dir/replayed.json"
push shopify "$dir/replayed.json" -H "@$dir/headers" >/dev/null
wait_for 10 stored_is shopify "$dir/replayed.json" 1
is "topic, it is not signed, and cancels nothing by itself" "$(sql "SELECT outcome FROM tributary.documents WHERE sha256 = decode('$(sha256sum "$dir/replayed.json" | cut -d' ' -f1)', 'hex')")" order
own 2 >"$dir/fulfilled.json"
sign --topic orders/fulfilled shopify "$dir/fulfilled.json"
is "topic, one that is nothing to us is answered and not kept" "$(push shopify "$dir/fulfilled.json" -H "@$dir/headers") $(jq -r .result "$dir/answer") $(stored shopify "$dir/fulfilled.json")" "200 ignored 0"
sign --topic shop/redact shopify "$dir/fulfilled.json"
is "topic, one that nobody listed is refused" "$(push shopify "$dir/fulfilled.json" -H "@$dir/headers") $(code)" "422 topic-unknown"

# --- time, two signatures, no hook ----------------------------------------------------------------------------------------
file=$dir/stripe.json
sign --at "$(date -u -d '20 minutes ago' +%FT%TZ)" stripe "$file"
is "replay, a signature of twenty minutes ago is refused" "$(push stripe "$file" -H "@$dir/headers") $(code)" "401 signature-not-valid"
sign --topic orders/create shopify "$dir/fulfilled.json"
is "signature, twice in one request is refused" \
	"$(push shopify "$dir/fulfilled.json" -H "@$dir/headers" -H 'X-Shopify-Hmac-Sha256: AAAA') $(code)" "401 signature-not-valid"
is "hook, a party that has none" "$(push edi-acme "$file") $(code)" "404 hook-unknown"
is "hook, a party that is none: the same answer" "$(push nobody "$file") $(code)" "404 hook-unknown"
is "hook, an API key is no signature" "$(push shopify "$dir/new.json" -H 'Authorization: Bearer trb_aaaaaaaaaaaa_00') $(code)" "401 signature-not-valid"
is "woocommerce, its ping is answered" "$(curl -s -o "$dir/answer" -w '%{http_code}' -d webhook_id=7 "$GATEWAY_URL/v1/hooks/woocommerce") $(jq -r .result "$dir/answer")" "200 ping"

# --- who cannot sign uses up nobody's quota ---------------------------------------------------------------------------------
key=$(tributary keys create --quiet --party portal --scopes orders)
portal_asks() { curl -s -o /dev/null -m 5 -w '%{http_code}' -H "Authorization: Bearer $key" "$GATEWAY_URL/v1/orders?limit=1"; }
portal_is() { [ "$(portal_asks)" = "$1" ]; }
wait_for 10 portal_is 200
for _ in {1..600}; do printf 'url = "%s"\noutput = "/dev/null"\n' "$GATEWAY_URL/v1/hooks/portal"; done >"$dir/flood"
curl -s -m 60 -K "$dir/flood" -d x -w '%{http_code}\n' --no-progress-meter >"$dir/statuses"
is "quota, forged webhooks are refused as such, however many" "$(sort -u "$dir/statuses" | xargs)" 401
is "quota, and the party may still ask" "$(portal_asks)" 200

# --- what a person sees ---------------------------------------------------------------------------------------------------
refusals() { sql "SELECT count(*) FROM tributary.audit_log WHERE act = 'gateway.refused' AND after->>'party' = 'shopify' AND who = '$2' AND reason = '$1' AND target_id = 'POST /v1/hooks/{party}'"; }
has_refusals() { [ "$(refusals "$1" "$2")" -gt 0 ]; }
for reason in 'signature-wrong unknown' 'signature-missing unknown' 'topic-unknown shopify'; do
	wait_for 10 has_refusals $reason
	if has_refusals $reason; then ok "audit log, it has $reason"; else not_ok "audit log, it has $reason"; fi
done
# One who goes on knocking makes no more rows than one a minute, each with its number
knocks() { sql "SELECT count(*) || ' ' || coalesce(sum((after->>'calls')::int), 0) FROM tributary.audit_log WHERE act = 'gateway.refused' AND reason = 'signature-missing' AND place > $1"; }
fleet restart gateway # which writes what it has gathered
wait_for 10 curl -sf -o "$dir/answer" "$GATEWAY_URL/v1/openapi.yaml"
place=$(sql "SELECT max(place) FROM tributary.audit_log")
for _ in {1..15}; do push shopify "$dir/new.json" >/dev/null; sleep 0.3; done
fleet restart gateway
wait_for 10 curl -sf -o "$dir/answer" "$GATEWAY_URL/v1/openapi.yaml"
is "audit log, fifteen refusals in five seconds are two rows, the first one and the others" "$(knocks "$place")" "2 15"
log=$(cat "$var"/log/gateway-*.log)
secret=$(<"$var/secrets/hook-shopify")
if grep -qF -- "$secret" <<<"$log"; then not_ok "log, no secret in it"; else ok "log, no secret in it"; fi
if grep -q 'bob.norman\|Chestnut' <<<"$log"; then not_ok "log, nothing of a document in it"; else ok "log, nothing of a document in it"; fi
is "trace, the sender's goes into the order's timeline" "$(
	own 3 >"$dir/traced.json"
	sign --topic orders/create shopify "$dir/traced.json"
	push shopify "$dir/traced.json" -H "@$dir/headers" -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' >/dev/null
	wait_for 10 stored_is shopify "$dir/traced.json" 1
	sql "SELECT count(*) FROM tributary.timeline t JOIN tributary.documents d ON t.message_id = d.document_id WHERE t.detail LIKE 'trace 00-0af7651916cd43dd8448eb211c80319c-%'
	     AND d.sha256 = decode('$(sha256sum "$dir/traced.json" | cut -d' ' -f1)', 'hex')"
)" 1

# --- the channel's own secret is put into the stack's file: it stays there, and counts after a restart ---------------------
cp "$var/secrets/hook-shopify" "$dir/secret.before"
printf 'of-the-channel\n' >"$var/secrets/hook-shopify"
ops/stack/up --var "$var" >/dev/null
is "secret, up leaves the channel's own alone" "$(<"$var/secrets/hook-shopify")" of-the-channel
own 4 >"$dir/own.json"
sign --topic orders/create shopify "$dir/own.json"
is "secret, before the gateway starts again the old one counts" "$(push shopify "$dir/own.json" -H "@$dir/headers") $(code)" "401 signature-not-valid"
fleet restart gateway
wait_for 10 curl -sf -o "$dir/answer" "$GATEWAY_URL/v1/openapi.yaml"
is "secret, and then the new one" "$(push shopify "$dir/own.json" -H "@$dir/headers") $(jq -r .result "$dir/answer")" "200 taken"
mv "$dir/secret.before" "$var/secrets/hook-shopify"
fleet restart gateway
