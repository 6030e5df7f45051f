#!/bin/bash
# The gateway's promises to those who send: quotas that all its processes share, Idempotency-Keys that hold whatever Redis
# forgets, and 503 with nothing half-taken while the broker does not take it.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/gateway
rm -rf "$dir" && mkdir -p "$dir"
cp -rL topology/parties "$dir/parties"
printf 'gateway:\n  requests_per_second: "5"\n  burst: 10\n  body_bytes: 20000\n' >>"$dir/parties/edi-globex/party.yaml"
printf 'gateway:\n  requests_per_second: "100000"\n  burst: 100000\n' >>"$dir/parties/shopify/party.yaml"
parties=$(. "$var/stack.conf" && echo "$parties")
management_clear() { management DELETE policies/tributary/gateway-test >/dev/null; }
trap 'management_clear; fleet scale gateway 1; server thaw rabbitmq; server start redis; fleet start ingest; ops/stack/up --var "$var" --parties "$parties" >/dev/null' EXIT
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null || exit 1
run=$RANDOM$RANDOM
key=$(tributary keys create --quiet --party shopify --scopes submit)
edi_key=$(tributary keys create --quiet --party edi-globex --scopes submit)
edi=$(samples edi-globex | head -n 1)

fresh() { sed "s/@ID@/$1/g; s/@N@/1/g" tests/bench/order.json; }
submit() { # submit FILE [OPTION…] - the answer's body in $dir/out, its headers in $dir/head; prints the status
	curl -s -m 20 -o "$dir/out" -D "$dir/head" -w '%{http_code}' -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
		--data-binary "@$1" "${@:2}" "$GATEWAY_URL/v1/parties/shopify/documents?kind=order"
}
accepts() { [ "$(submit "$dir/any.json")" = 202 ]; }
documents() { sql "SELECT count(*) FROM tributary.documents WHERE party = 'shopify' AND body LIKE '%\"$1\"%'::bytea"; }
has_document() { [ "$(documents "$1")" -ge 1 ]; }
fresh "any$run" >"$dir/any.json"
wait_for 20 accepts && ok "gateway, accepts" || not_ok "gateway, accepts" "$(cat "$dir/out")"
pids() { ops/stack/fleet --var "$var" pids gateway; }

# --- Idempotency-Key
fresh "key$run" >"$dir/key.json"
is "key, accepted" "$(submit "$dir/key.json" -H "Idempotency-Key: key$run")" 202
cp "$dir/out" "$dir/first"
again() { # again WHEN
	is "key, again $1" "$(submit "$dir/key.json" -H "Idempotency-Key: key$run") $(cmp "$dir/out" "$dir/first" && echo same)" "202 same"
}
again "at once"
wait_for 20 has_document "key$run" || not_ok "key, the document is stored"
again "when it is stored"
redis-cli -u "$REDIS_ADMIN_URL" --no-auth-warning flushall >/dev/null
again "after Redis was emptied"
fleet restart gateway
wait_for 20 accepts
again "after the gateway was started anew"
sleep 2
is "key, it is one document" "$(documents "key$run")" 1
jq -c '.total_price = "1.00" | .customer.first_name = "Eve" | .added = 1' "$dir/key.json" >"$dir/other.json"
is "key, another body is refused" "$(submit "$dir/other.json" -H "Idempotency-Key: key$run")" 409
is "key, and told where it differs" "$(jq -r '[.errors[].path] | sort | join(" ")' "$dir/out")" "added customer.first_name total_price"
is "key, another kind is refused" "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -H "Idempotency-Key: key$run" --data-binary "@$dir/key.json" "$GATEWAY_URL/v1/parties/shopify/documents?kind=change")" 409
is "key, another party's key of the same name is another" "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $edi_key" -H 'Content-Type: application/EDIFACT' -H "Idempotency-Key: key$run" --data-binary "@$edi" "$GATEWAY_URL/v1/parties/edi-globex/documents")" 202

fresh "many$run" >"$dir/many.json"
seq 20 | xargs -P 20 -I{} curl -s -m 20 -o "$dir/many.{}" -w '%{http_code}\n' -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
	-H "Idempotency-Key: many$run" --data-binary "@$dir/many.json" "$GATEWAY_URL/v1/parties/shopify/documents?kind=order" >"$dir/statuses"
is "key, 20 at once are all accepted" "$(sort "$dir/statuses" | uniq -c | xargs)" "20 202"
is "key, 20 at once have one answer" "$(cat "$dir"/many.[0-9]* | jq -r .document_id | sort -u | wc -l)" 1
wait_for 20 has_document "many$run" || not_ok "key, the one of 20 is stored"
sleep 2
is "key, 20 at once are one document" "$(documents "many$run")" 1

# --- the broker is away, or full
fresh "away$run" >"$dir/away.json"
server freeze rabbitmq
is "broker, silent: 503" "$(submit "$dir/away.json" -H "Idempotency-Key: away$run")" 503
grep -qi '^retry-after: [0-9]' "$dir/head" && ok "broker, silent: Retry-After" || not_ok "broker, silent: Retry-After" "$(cat "$dir/head")"
is "broker, silent: a problem with its code" "$(jq -r '.status, .code != null' "$dir/out" | xargs)" "503 true"
server thaw rabbitmq
accepts_away() { [ "$(submit "$dir/away.json" -H "Idempotency-Key: away$run")" = 202 ]; }
wait_for 30 accepts_away && ok "broker, back: the same key is accepted" || not_ok "broker, back: the same key is accepted" "$(cat "$dir/out")"
wait_for 20 has_document "away$run" || not_ok "broker, back: it is stored"
sleep 2
is "broker, back: it is one document" "$(documents "away$run")" 1

fleet stop ingest
management PUT policies/tributary/gateway-test '{"pattern":"^ingest\\.shopify$","definition":{"max-length":5,"overflow":"reject-publish"},"priority":900,"apply-to":"queues"}' >/dev/null
full() { fresh "full$run-$1" >"$dir/full.json"; submit "$dir/full.json" -H "Idempotency-Key: full$run-$1"; }
taken=0 status=
for i in {1..200}; do
	status=$(full "$i")
	if [ "$status" != 202 ]; then break; fi
	taken=$i
	sleep 0.05
done
is "queue, full: 503" "$status" 503
is "queue, full: its code" "$(jq -r .code "$dir/out")" amqp-refused
grep -qi '^retry-after: [0-9]' "$dir/head" && ok "queue, full: Retry-After" || not_ok "queue, full: Retry-After" "$(cat "$dir/head")"
refused=$i
fleet start ingest
refused_accepted() { [ "$(full "$refused")" = 202 ]; }
wait_for 30 refused_accepted && ok "queue, drained: the same key is accepted" || not_ok "queue, drained: the same key is accepted" "$(cat "$dir/out")"
management_clear
all_there() { [ "$(sql "SELECT count(*) FROM tributary.documents WHERE party = 'shopify' AND idempotency_key LIKE 'full$run-%'")" = "$refused" ]; }
wait_for 20 all_there && ok "queue, drained: every 202 is one document" || not_ok "queue, drained: every 202 is one document" "took $taken, has $(sql "SELECT count(*) FROM tributary.documents WHERE idempotency_key LIKE 'full$run-%'")"

# --- quotas: 5 a second, 10 at once
ask() { # ask COUNT - so many at once, on connections of their own; "status number" of each status
	seq "$1" | xargs -P 8 -I{} curl -s -m 20 -o /dev/null -D "$dir/quota.{}" -w '%{http_code}\n' -H "Authorization: Bearer $edi_key" -H 'Content-Type: application/EDIFACT' \
		--data-binary "@$edi" "$GATEWAY_URL/v1/parties/edi-globex/documents?dry_run=1" | sort | uniq -c | awk '{print $2, $1}'
}
number() { awk -v s="$1" '$1 == s { n = $2 } END { print n + 0 }' <<<"$2"; }
granted_is() { # granted_is NAME LOW HIGH ANSWERS
	local n
	n=$(number 200 "$4")
	[ "$n" -ge "$2" ] && [ "$n" -le "$3" ] && [ $((n + $(number 429 "$4"))) = 40 ] && ok "$1" || not_ok "$1" "wants $2 to $3 of 40: $(xargs <<<"$4")"
}
fleet scale gateway 2
two_listen() { [ "$(ss -Hltn "sport = :${GATEWAY_URL##*:}" | wc -l)" = 2 ]; }
wait_for 20 two_listen || not_ok "quota, two gateways listen"
sleep 3 # the bucket is full again
start=$SECONDS
answers=$(ask 40)
granted_is "quota, two gateways share what was agreed upon" 10 $((10 + 5 * (SECONDS - start + 1))) "$answers"
is "quota, each refusal says when to come again" "$(grep -li '^HTTP/1.1 429' "$dir"/quota.* | xargs grep -Li '^retry-after: [0-9]')" ""
# both_worked - each process' figures, which are a second old, have answers of both kinds together
both_worked() {
	[ "$(pids | while read -r pid; do tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^HTTP_PORT=//p'; done | while read -r port; do
		curl -s "http://127.0.0.1:$port/metrics" | grep -c 'answers_total{party="edi-globex",what="\(200\|429\)"'
	done | grep -c '^[1-9]')" = 2 ]
}
wait_for 5 both_worked
both_worked && ok "quota, both answered" || not_ok "quota, both answered"
is "quota, another party is not concerned" "$(submit "$dir/any.json")" 202
sleep 3
server stop redis
start=$SECONDS
answers=$(ask 40)
granted_is "quota, without Redis each gateway has a bucket of its own" 10 $((20 + 10 * (SECONDS - start + 1))) "$answers"
server start redis
redis-cli -u "$REDIS_ADMIN_URL" --no-auth-warning flushall >/dev/null
sleep 2 # until Redis is asked again
start=$SECONDS
answers=$(ask 40)
granted_is "quota, Redis emptied is a full bucket" 10 $((20 + 10 * (SECONDS - start + 1))) "$answers"
head -c 30000 /dev/zero | tr '\0' ' ' >"$dir/large"
sleep 3
is "body, beyond the party's limit" "$(curl -s -m 20 -o "$dir/out" -w '%{http_code}' -H "Authorization: Bearer $edi_key" -H 'Content-Type: application/EDIFACT' --data-binary "@$dir/large" "$GATEWAY_URL/v1/parties/edi-globex/documents?dry_run=1") $(jq -r .code "$dir/out")" "413 body-too-large"
is "body, beyond it in chunks" "$(curl -s -m 20 -o "$dir/out" -w '%{http_code}' -H "Authorization: Bearer $edi_key" -H 'Content-Type: application/EDIFACT' -H 'Transfer-Encoding: chunked' --data-binary "@$dir/large" "$GATEWAY_URL/v1/parties/edi-globex/documents?dry_run=1") $(jq -r .code "$dir/out")" "413 body-too-large"
