#!/bin/bash
# What `tributary party sign` prints is what openssl makes of the same bytes and secret, and curl can send it.
cd "$(dirname "$0")/../.." || exit 1
bin=${TRIBUTARY_BIN:-build/bin}
body=topology/parties/shopify/samples/1001-paid.json
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export SHOPIFY_WEBHOOK_SECRET=shpss_0123456789abcdef STRIPE_WEBHOOK_SECRET=whsec_0123456789abcdef
export PORTAL_WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw CHARGEBEE_WEBHOOK_LOGIN=user:password

same() { # same NAME WANT GOT
	if [ "$2" = "$3" ]; then echo "ok sign, $1"; else echo "not ok sign, $1: $(diff <(echo "$2") <(echo "$3") | paste -sd ' ')"; fi
}
refused() { # refused NAME TEXT ARGUMENT... - says so on stderr, prints nothing
	local name=$1 text=$2 out
	shift 2
	out=$("$bin/tributary" party sign "$@" 2>"$dir/errors") && { echo "not ok sign, $name: it was signed"; return; }
	if [ -z "$out" ] && grep -q "$text" "$dir/errors"; then echo "ok sign, $name"; else echo "not ok sign, $name: $(head -n 1 "$dir/errors")"; fi
}
sign() { "$bin/tributary" party sign "$@" 2>&1; }

same "shopify signs the body" "X-Shopify-Hmac-Sha256: $(openssl dgst -sha256 -hmac $SHOPIFY_WEBHOOK_SECRET -binary $body | base64)
X-Shopify-Webhook-Id: b1
X-Shopify-Topic: orders/create" "$(sign --topic orders/create --id b1 shopify $body)"
same "stripe signs the time before it" \
	"Stripe-Signature: t=1492774577,v1=$({ printf '1492774577.' && cat $body; } | openssl dgst -sha256 -hmac $STRIPE_WEBHOOK_SECRET -r | cut -d' ' -f1)" \
	"$(sign --at 2017-04-21T11:36:17Z stripe $body)"
printf '{"test": 2432232314}' >"$dir/body"
same "the vector of Standard Webhooks" "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
webhook-timestamp: 1614265330
webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek" "$(sign --at 2021-02-25T15:02:10Z --id msg_p5jXN8AQM9LWM0D4loKWxJek portal "$dir/body")"
same "basic is user and password" "Authorization: Basic $(printf user:password | base64)" "$(sign chargebee $body)"
same "a file holds the secret" "$(sign --id b1 shopify $body)" \
	"$(echo $SHOPIFY_WEBHOOK_SECRET >"$dir/secret" && env -u SHOPIFY_WEBHOOK_SECRET SHOPIFY_WEBHOOK_SECRET_FILE="$dir/secret" "$bin/tributary" party sign --id b1 shopify $body)"
refused "a party without webhooks" "declares no webhooks" ebay $body
refused "a topic that stands in the body" "has no header" --topic invoice.paid stripe $body
refused "a header cannot be smuggled in" "control characters" --topic $'a\r\nX: y' shopify $body
SHOPIFY_WEBHOOK_SECRET='' refused "an empty secret" "is empty" shopify $body
unset SHOPIFY_WEBHOOK_SECRET
refused "no secret at all" "SHOPIFY_WEBHOOK_SECRET_FILE" shopify $body
