#!/bin/bash
# What one caller does, or one server does not do, is not the others' trouble: large documents beside small ones, a slow or
# absent Postgres, an absent broker. And everything is answered in a bounded time.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
run=$RANDOM$RANDOM
dir=$var/neighbours
rm -rf "$dir" && mkdir -p "$dir"
cp -rL topology/parties "$dir/parties"
parties=$(. "$var/stack.conf" && echo "$parties")
trap 'rm -f "$var/fleet.gateway.env"; server start postgres; server start rabbitmq; ops/stack/up --var "$var" --parties "$parties" >/dev/null' EXIT
key=$(tributary keys create --quiet --party portal --scopes submit)
shop=$(tributary keys create --quiet --party shopify --scopes submit)

# send KEY PARTY FILE [CURL…] - status, and the answer in $dir/answer
send() { curl -s -m 60 -o "$dir/answer" -w '%{http_code}' -H "Authorization: Bearer $1" -H 'Content-Type: application/json' --data-binary "@$3" "${@:4}" "$GATEWAY_URL/v1/parties/$2/documents"; }
code() { jq -r .code "$dir/answer"; }
order() { jq --arg n "N$run-$1" '.reference = $n' topology/parties/portal/samples/PO-118.json >"$dir/$1.json"; }
accepts() { [ "$(send "$key" portal "$dir/first.json")" = 202 ]; }
limits() {
	printf '%s\n' "$@" >"$var/fleet.gateway.env"
	fleet reload
	wait_for 20 accepts || not_ok "neighbours, the gateway starts with $*"
}

# --- a set of large documents ---------------------------------------------------------------------------------------------
order first
limits WAIT_TIMEOUT_MS=60000
python3 -c "print('{\"a\":[' + ','.join('1' * 400000) + ']}')" >"$dir/large.json"
for i in {1..6}; do order "small$i"; done
for i in {1..40}; do
	printf 'next\nurl = "%s/v1/parties/shopify/documents?dry_run=1"\nheader = "Authorization: Bearer %s"\nheader = "Content-Type: application/json"\ndata-binary = "@%s"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$GATEWAY_URL" "$shop" "$dir/large.json"
	[ $((i % 8)) = 0 ] && printf 'next\nurl = "%s/v1/parties/portal/documents"\nheader = "Authorization: Bearer %s"\nheader = "Content-Type: application/json"\ndata-binary = "@%s"\noutput = "%s"\nwrite-out = "%%{http_code}\\n"\n' "$GATEWAY_URL" "$key" "$dir/small$((i / 8)).json" "$dir/small$((i / 8)).answer"
done | tail -n +2 >"$dir/crowd"
is "neighbours, large documents that come together, and small ones among them, are taken" "$(curl -s -m 120 --parallel --parallel-max 46 --no-progress-meter -K "$dir/crowd" | sort | uniq -c | xargs)" "40 200 5 202"

# --- Postgres is slow: everybody has an answer ----------------------------------------------------------------------------
limits SET_MAX=1 WAIT_TIMEOUT_MS=1000 LOCK_TIMEOUT_MS=1000 STATEMENT_TIMEOUT_MS=1000
psql "$(cat "$var/secrets/owner.database-url")" -X -q -c "BEGIN; LOCK tributary.gateway_requests; SELECT pg_sleep(20)" >/dev/null 2>&1 &
locker=$!
sleep 0.5
for i in {1..10}; do
	curl -s -m 60 -o "$dir/none$i" -w '%{http_code} %{time_total}\n' -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -H "Idempotency-Key: slow-$run-$i" \
		--data-binary "@$dir/first.json" "$GATEWAY_URL/v1/parties/portal/documents" &
	askers[i]=$!
done >"$dir/slow"
wait "${askers[@]}"
kill $locker 2>/dev/null
is "slow Postgres, each is told to come again" "$(cut -d' ' -f1 "$dir/slow" | sort | uniq -c | xargs)" "10 503"
is "slow Postgres, and none waits for all who came before" "$(awk '$2 > 5 { n++ } END { print n + 0 }' "$dir/slow")" 0

# --- Postgres is away: whoever has no key is taken ------------------------------------------------------------------------
rm -f "$var/fleet.gateway.env"
fleet reload
wait_for 20 accepts
server stop postgres
order keyless
is "no Postgres, without a key it is taken" "$(send "$key" portal "$dir/keyless.json")" 202
is "no Postgres, with a key it waits" "$(send "$key" portal "$dir/keyless.json" -H "Idempotency-Key: away-$run")" 503
is "no Postgres, both at once" "$(
	send "$key" portal "$dir/keyless.json" -H "Idempotency-Key: away-$run" -o "$dir/none" >"$dir/keyed" &
	send "$key" portal "$dir/keyless.json"
	wait
) $(<"$dir/keyed")" "202 503"
counted() { curl -s -m 5 "http://127.0.0.1:$(tr '\0' '\n' <"/proc/$(ops/stack/fleet --var "$var" pids gateway | head -n 1)/environ" | sed -n 's/^HTTP_PORT=//p')/metrics" | grep -q 'gateway_answers_total{party="portal",what="503"}'; }
if wait_for 10 counted; then ok "no Postgres, the metrics go on"; else not_ok "no Postgres, the metrics go on"; fi
server start postgres

# --- no broker: a no is said at once --------------------------------------------------------------------------------------
wait_for 30 accepts
server stop rabbitmq
echo '{}' >"$dir/bad.json"
is "no broker, what is wrong is said" "$(send "$key" portal "$dir/bad.json")" 422
is "no broker, and quickly" "$(curl -s -m 60 -o "$dir/none" -w '%{time_total}' -H "Authorization: Bearer $key" -H 'Content-Type: application/json' --data-binary "@$dir/bad.json" "$GATEWAY_URL/v1/parties/portal/documents" | awk '{ print ($1 < 2) }')" 1
is "no broker, what is right may be sent again" "$(send "$key" portal "$dir/keyless.json") $(jq -r .detail "$dir/answer" | grep -c 'is not known')" "503 1"
server start rabbitmq
wait_for 30 accepts

# --- a key's answer stays, whatever the mapping has become ------------------------------------------------------------------
order kept
is "key, taken" "$(send "$key" portal "$dir/kept.json" -H "Idempotency-Key: kept-$run")" 202
cp "$dir/answer" "$dir/kept.answer"
echo 'return { order = function() refuse("field-missing", "x", "a test") end }' >"$dir/parties/portal/mapping.lua"
rm -rf "$dir/parties/portal/samples" # which would not let it be deployed
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null
refuses() { [ "$(send "$key" portal "$dir/kept.json")" = 422 ]; }
wait_for 20 refuses || not_ok "key, another mapping"
send "$key" portal "$dir/kept.json" -H "Idempotency-Key: kept-$run" >"$dir/status"
is "key, the same again with another mapping: the same answer" "$(<"$dir/status") $(cmp "$dir/answer" "$dir/kept.answer" && echo same)" "202 same"

# --- keys are not kept for ever ---------------------------------------------------------------------------------------------
admin_sql "UPDATE tributary.gateway_requests SET at = now() - interval '31 days' WHERE key = 'kept-$run'"
forgotten() { [ "$(admin_sql "SELECT count(*) FROM tributary.gateway_requests WHERE key = 'kept-$run'")" = 0 ]; }
if wait_for 15 forgotten; then ok "key, forgotten after thirty days"; else not_ok "key, forgotten after thirty days"; fi
