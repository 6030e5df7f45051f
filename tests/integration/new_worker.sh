#!/bin/bash
# A worker is added as the README says: a folder, a word in the Makefile, rows in topology/, a migration for a table of
# its own. Then the new worker, which does next to nothing, shows what the skeleton does for every worker.
. "$(dirname "$0")/../support/fleet.sh"
tree=$var/new-worker
noop_var=$var/new-worker-var
(. "$var/stack.conf" && echo "$port_base") >"$var/new-worker.port"
port_base=$(($(cat "$var/new-worker.port") + 300))
build=$(realpath "${bin%/bin}") # build, or build/san
part=${build#"$PWD"/}
trap 'ops/stack/down --var "$noop_var" --wipe >/dev/null 2>&1; rm -rf "$tree" "$noop_var"' EXIT

# --- a copy of the project with one worker more --------------------------------------------------------------------
ops/stack/down --var "$noop_var" --wipe >/dev/null 2>&1
rm -rf "$tree" "$noop_var" && mkdir -p "$tree/$part"
tar -c --exclude=./build --exclude=./var --exclude=./.git . | tar -x -C "$tree"
# Objects as they are, so that only what the new worker touches is compiled again
tar -c -C "$build" --exclude='./test-var' --exclude='./san' --exclude='./tests' --exclude='./bench-var' . | tar -x -C "$tree/$part"
unset TRIBUTARY_VAR DATABASE_URL_FILE
export TRIBUTARY_BIN=$tree/$part/bin
cp -r tests/support/noop "$tree/workers/noop"
rm "$tree/workers/noop/noop.sql"
cp tests/support/noop/noop.sql "$tree/migrations/$(printf %04d $(($(ls migrations | wc -l) + 1)))_noop.sql"
sed -i 's/^WORKERS := .*/& noop/' "$tree/Makefile"
sed -i -e '/^queues:/a\  - name: noop\n    bindings:\n      - {exchange: events, key: "order.accepted.#"}' \
	-e '$a\  - {name: noop, reads: [noop], says: []}' "$tree/topology/topology.yaml"
# Some message is put off three times in a row in one of ten runs: the long tiers are short here, too
sed -i -E -e '/name: 5s,/s/delay_ms: [0-9]+/delay_ms: 1000/' -e '/name: 30s,/s/delay_ms: [0-9]+/delay_ms: 1500/' \
	-e '/name: 5m,/s/delay_ms: [0-9]+/delay_ms: 2000/' -e '/name: 1h,/s/delay_ms: [0-9]+/delay_ms: 2500/' "$tree/topology/topology.yaml"
san=
if [[ $part == */san ]]; then san=SAN=1; fi
if make -C "$tree" --no-print-directory -j2 $san programs >"$var/new-worker.log" 2>&1 &&
	"$tree/ops/stack/up" --var "$noop_var" --port-base "$port_base" >>"$var/new-worker.log" 2>&1; then
	ok "new worker, a folder, a word and rows are enough: it is built, has its user, role and queue, and runs"
else
	not_ok "new worker, a folder, a word and rows are enough"
	tail -n 20 "$var/new-worker.log"
	exit 1
fi
var=$noop_var bin=$TRIBUTARY_BIN
set -a
. "$var/tributary.env"
set +a
cd "$tree" || exit 1

# --- hands on it ----------------------------------------------------------------------------------------------------
http=$(sed -n 's/.*HTTP_PORT="\([0-9]*\)".*/\1/p' "$var/supervisor/conf.d/noop-0.conf")
page() { curl -s -m 2 "http://127.0.0.1:$http/$1"; }
metric() { page metrics | awk -v m="$1" '$1 == m { print $2 }'; } # metric NAME{LABELS}
seen() { sql "SELECT string_agg(number, ' ' ORDER BY place) FROM tributary.noop_seen WHERE number LIKE '$1%'"; }
seen_is() { [ "$(seen "$1")" = "$2" ]; }
outcome() { sql "SELECT string_agg(outcome, ' ' ORDER BY settled_at) FROM tributary.journal WHERE stage = 'noop' AND message_id = '$1'"; }
uuid() { cat /proc/sys/kernel/random/uuid; }
message() { # message NUMBER MESSAGE-ID ORDER-ID [HEADERS] - one order.accepted for the queue of noop
	local body
	body=$(jq --arg n "$1" --arg id "$3" '.source_number = $n | .order_id = $id' tests/contract/golden/order.v1.json |
		tributary contracts encode order | base64 -w0)
	management POST exchanges/tributary/home/publish "{\"properties\":{\"message_id\":\"$2\",\"correlation_id\":\"$3\",\"type\":\"order.accepted\",\"delivery_mode\":2,\"headers\":{\"v\":1${4:-}}},\"routing_key\":\"now.noop\",\"payload\":\"$body\",\"payload_encoding\":\"base64\"}" >/dev/null
}

# --- the pages ------------------------------------------------------------------------------------------------------
is "http, /healthz" "$(page healthz)" ok
wait_for 10 eval '[ "$(page readyz)" = ready ]'
is "http, /readyz" "$(page readyz)" ready
is "http, anything else is 404" "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$http/secrets")" 404

# --- done, once -----------------------------------------------------------------------------------------------------
tributary mirror load ops/sandbox/mirror >/dev/null
tributary submit --party shopify topology/parties/shopify/samples/1001-paid.json >/dev/null
wait_for 20 seen_is '#1001' '#1001'
is "noop, a real order's event comes to it too" "$(seen '#1001')" '#1001'
id=$(uuid) order=$(uuid)
message twice "$id" "$order"
message twice "$id" "$order"
wait_for 10 eval '[ "$(metric "tributary_answered_total{worker=\"noop\"}")" = 1 ]'
is "skeleton, a message is done once and its repeat answered" "$(seen twice)" twice
is "metrics, one repeat was answered" "$(metric 'tributary_answered_total{worker="noop"}')" 1
is "metrics, outcomes are counted" "$(metric 'tributary_outcomes_total{worker="noop",outcome="done"}')" 2
is "metrics, batches, waits, work and publishing have histograms" \
	"$(page metrics | grep -c '^tributary_\(queue_wait_seconds\|work_seconds\|publish_seconds\|batch_messages\)_count')" 4
settled() { grep -c 'event=settle outcome=[a-z]* code=[^ ]* path=[^ ]* queue=noop message=[^ ]* order=[^ ]* attempt=[0-9]* wait_us=[0-9]* work_us=[0-9]* publish_us=[0-9]*$' "$var/log/noop-0.log"; }
wait_for 5 eval '[ "$(settled)" -ge 3 ]' # lines are gathered for a moment
is "settle line, one per attempt with its keys in order" "$(settled)" 3

# --- one poisoned item in a batch of ten -----------------------------------------------------------------------------
fleet stop noop
poison=$(uuid)
for i in 1 2 3 4; do message "beside$i" "$(uuid)" "$(uuid)"; done
message poison "$poison" "$(uuid)"
for i in 5 6 7 8 9; do message "beside$i" "$(uuid)" "$(uuid)"; done
fleet start noop
wait_for 20 sql_is "SELECT count(*) FROM tributary.noop_seen WHERE number LIKE 'beside%'" 9
is "isolation, the nine beside a poisoned item are done" "$(sql "SELECT count(*) FROM tributary.noop_seen WHERE number LIKE 'beside%'")" 9
wait_for 10 sql_is "SELECT code FROM report.dead_letters WHERE origin = 'noop'" postgres-data
is "isolation, the poisoned one is a dead letter" "$(sql "SELECT count(*) || ' ' || min(code) FROM report.dead_letters WHERE origin = 'noop'")" "1 postgres-data"
is "isolation, its journal says so" "$(outcome "$poison")" dead

# --- retry: later messages of the order wait behind it, others do not -------------------------------------------------
order=$(uuid)
message retry-1 "$(uuid)" "$order"
wait_for 10 sql_is "SELECT reason FROM tributary.gates WHERE order_id = '$order'" retry
message retried-2 "$(uuid)" "$order"
message retried-3 "$(uuid)" "$order"
message free "$(uuid)" "$(uuid)"
wait_for 10 seen_is free free
is "retry, other orders flow" "$(seen free)" free
wait_for 20 seen_is retr 'retry-1 retried-2 retried-3'
is "retry, the order's messages are done in their order" "$(seen retr)" 'retry-1 retried-2 retried-3'
is "retry, the attempt was counted" "$(sql "SELECT attempt FROM tributary.noop_seen WHERE number = 'retry-1'")" 1
is "retry, no gate is left" "$(sql "SELECT count(*) FROM tributary.gates WHERE order_id = '$order'")" 0

# --- held: the order waits for a person -------------------------------------------------------------------------------
order=$(uuid)
message held "$(uuid)" "$order"
message after-held "$(uuid)" "$order"
wait_for 10 sql_is "SELECT count(*) FROM tributary.parked WHERE order_id = '$order'" 1
is "held, an exception is open" "$(sql "SELECT code || ' ' || state FROM report.exceptions WHERE order_id = '$order'")" 'noop-no open'
is "held, the order's next message is parked" "$(sql "SELECT count(*) FROM tributary.parked WHERE order_id = '$order'")" 1

# What cannot even be parked dies by itself, and does not take the process along
pid=$(ops/stack/fleet --var "$var" pids noop)
message unparkable "$(uuid)" "$order" ',"traceparent":"00-a\u0000b"'
wait_for 10 sql_is "SELECT count(*) FROM report.dead_letters WHERE order_id = '$order'" 1
is "held, what cannot be parked is a dead letter" "$(sql "SELECT code FROM report.dead_letters WHERE order_id = '$order'")" postgres-data
is "held, and the process lives" "$(ops/stack/fleet --var "$var" pids noop)" "$pid"
exception=$(sql "SELECT exception_id FROM report.exceptions WHERE order_id = '$order'")
tributary exceptions dismiss "$exception" >/dev/null
wait_for 10 seen_is after-held after-held
is "dismiss, what waits behind a dismissed head goes on" "$(seen after-held)" after-held
is "dismiss, no gate is left" "$(sql "SELECT count(*) FROM tributary.gates WHERE order_id = '$order'")" 0
is "dismiss, the order is no longer held" "$(sql "SELECT hold_reason IS NULL FROM tributary.order_status WHERE order_id = '$order'")" t
is "dismiss, the exception stays dismissed" "$(sql "SELECT state FROM report.exceptions WHERE order_id = '$order'")" dismissed

# --- eight processes, and every third try fails in one way or another -----------------------------------------------------
ops/stack/fleet --var "$var" scale noop 8 >/dev/null
declare -A orders before
for o in $(seq 12); do orders[$o]=$(uuid); done
for i in $(seq 6); do
	for o in $(seq 12); do
		id=$(uuid)
		message "shaky-$o-$i" "$id" "${orders[$o]}" "${before[$o]:+,\"after\":\"${before[$o]}\"}"
		before[$o]=$id
	done
done
shaky() { sql "SELECT count(*) FROM tributary.noop_seen WHERE number LIKE 'shaky-%'"; }
for _ in $(seq 200); do
	[ "$(shaky)" = 72 ] && break
	tributary exceptions release --code noop-shaky --limit 100 >/dev/null 2>&1
	for id in $(sql "SELECT dead_letter_id FROM report.dead_letters WHERE code IN ('noop-shaky', 'attempts-exhausted') AND state = 'open'"); do
		tributary dead-letters replay "$id" >/dev/null
	done
	sleep 0.5
done
is "sequence, eight processes and random failures: all is done in the end, once" "$(sql "SELECT count(*) || ' ' || count(DISTINCT number) FROM tributary.noop_seen WHERE number LIKE 'shaky-%'")" "72 72"
is "sequence, each order's messages were done in their order" \
	"$(sql "SELECT count(*) FROM (SELECT string_agg(split_part(number, '-', 3), '' ORDER BY place) AS said FROM tributary.noop_seen WHERE number LIKE 'shaky-%' GROUP BY split_part(number, '-', 2)) t WHERE said <> '123456'")" 0
is "sequence, no gate is left, and nobody waits" "$(sql "SELECT (SELECT count(*) FROM tributary.gates WHERE order_id = ANY ('{$(IFS=,; echo "${orders[*]}")}'::uuid[])) || ' ' || (SELECT count(*) FROM tributary.parked WHERE queue = 'noop')")" "0 0"
ops/stack/fleet --var "$var" scale noop 1 >/dev/null

# --- held, then released: what the release says is not swallowed, whatever is remembered of it -----------------------
server_noop() { ops/stack/server --var "$var" "$@" >/dev/null; }
order=$(uuid) id=$(uuid)
message held-once "$id" "$order"
wait_for 10 sql_is "SELECT count(*) FROM report.exceptions WHERE order_id = '$order' AND state = 'open'" 1
message after-once "$(uuid)" "$order"
wait_for 10 sql_is "SELECT count(*) FROM tributary.parked WHERE order_id = '$order'" 1
echo "FAULT_FILE=$var/fault.noop" >"$var/fleet.noop.env"
echo "commit 1" >"$var/fault.noop"
fleet reload
wait_for 10 eval '[ "$(page readyz)" = ready ]'
tributary exceptions dismiss "$(sql "SELECT exception_id FROM report.exceptions WHERE order_id = '$order'")" >/dev/null
wait_for 20 seen_is after-once after-once
is "hint, killed before it publishes, a message that was held before is said" "$(seen after-once)" after-once

# --- ready means that all three are there, on a quiet day too ----------------------------------------------------------
server_noop stop postgres
wait_for 10 eval '[ "$(page readyz)" = "postgres is away" ]'
is "http, not ready without Postgres" "$(page readyz)" "postgres is away"
is "http, but alive" "$(page healthz)" ok
server_noop start postgres
wait_for 15 eval '[ "$(page readyz)" = ready ]'
is "http, ready again" "$(page readyz)" ready

# --- one message that kills its process, between ten that do not --------------------------------------------------------
fleet stop noop
for i in 1 2 3 4 5; do message "calm$i" "$(uuid)" "$(uuid)"; done
message crash "$(uuid)" "$(uuid)"
for i in 6 7 8 9; do message "calm$i" "$(uuid)" "$(uuid)"; done
message calmer "$(uuid)" "$(uuid)"
ops/stack/fleet --var "$var" start noop >/dev/null 2>&1 || true
wait_for 90 sql_is "SELECT code FROM report.dead_letters WHERE code = 'crash-loop'" crash-loop
is "crash loop, the message that kills is a dead letter" "$(sql "SELECT count(*) FROM report.dead_letters WHERE code = 'crash-loop'")" 1
wait_for 10 sql_is "SELECT count(*) FROM tributary.noop_seen WHERE number LIKE 'calm%'" 10
is "crash loop, its ten neighbours are done, once each" "$(sql "SELECT count(*) || ' ' || count(DISTINCT number) FROM tributary.noop_seen WHERE number LIKE 'calm%'")" "10 10"
is "crash loop, none of them is dead" "$(sql "SELECT count(*) FROM report.dead_letters WHERE origin = 'noop' AND code NOT IN ('crash-loop', 'postgres-data', 'noop-shaky', 'attempts-exhausted')")" 0

# --- a long batch keeps its connections: the statement takes 8 s, the broker would hang up after 4 -------------------
echo HEARTBEAT_S=2 >"$var/fleet.noop.env"
fleet reload
wait_for 10 eval '[ "$(page readyz)" = ready ]'
message slow "$(uuid)" "$(uuid)"
wait_for 20 seen_is slow slow
is "heartbeat, a batch of 8 s is done" "$(seen slow)" slow
is "heartbeat, no connection was lost" "$(metric 'tributary_amqp_reconnects_total{worker="noop"}')" 0

# --- SIGTERM lets the batch finish --------------------------------------------------------------------------------------
id=$(uuid)
message slow-stop "$id" "$(uuid)"
sleeping() { [ "$(admin_sql "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%noop_seen%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()")" = 1 ]; }
wait_for 10 sleeping
fleet stop noop
is "drain, SIGTERM lets a batch in hand finish" "$(outcome "$id")" done
is "drain, it ended by itself" "$(tail -n 1 "$var/log/noop-0.log" | grep -c 'event=stop status=0')" 1
left() {
	management GET 'queues/tributary?disable_stats=true&enable_queue_totals=true' |
		jq '.[] | select(.name == "noop") | .messages'
}
wait_for 15 eval '[ "$(left)" = 0 ]'
is "drain, nothing is left in the queue" "$(left)" 0

# --- several hosts: the first is not there -----------------------------------------------------------------------------
url=$(<"$var/secrets/noop.amqp-url")
(umask 077 && echo "${url/127.0.0.1:[0-9]*\//127.0.0.1:9/},$url" >"$var/secrets/two-hosts.amqp-url")
echo "AMQP_URL_FILE=$var/secrets/two-hosts.amqp-url" >"$var/fleet.noop.env"
fleet reload
fleet start noop
message other-host "$(uuid)" "$(uuid)"
wait_for 20 seen_is other-host other-host
is "hosts, the second of two takes over" "$(seen other-host)" other-host

# --- a wrong configuration is said all at once ---------------------------------------------------------------------------
said=$(env -i BATCH_MAX=many HEARTBEAT_S=0 REDIS_TIMEOT_MS=1 "$bin/noop" 2>&1)
is "config, the exit code is EX_CONFIG" $? 78
for word in AMQP_URL DATABASE_URL REDIS_URL BATCH_MAX HEARTBEAT_S; do
	case $said in *$word*) ok "config, $word is named" ;; *) not_ok "config, $word is named" "$said" ;; esac
done

# --- a new version with a migration: the fleet of before stands still for it -------------------------------------------------
pids() { "$tree/ops/stack/fleet" --var "$var" pids | sort; }
before=$(pids)
echo "CREATE TABLE upgrade_seen (n integer);" >"$tree/migrations/$(printf %04d $(($(ls "$tree/migrations" | wc -l) + 1)))_upgrade.sql"
said=$("$tree/ops/stack/up" --var "$var" 2>&1)
is "upgrade, the fleet stops for a migration" "$(grep -c 'migrations are due: the fleet stops' <<<"$said")" 1
is "upgrade, it is applied" "$(sql "SELECT to_regclass('tributary.upgrade_seen') IS NOT NULL")" t
is "upgrade, every program is there again" "$(pids | cut -d ' ' -f 1)" "$(cut -d ' ' -f 1 <<<"$before")"
is "upgrade, and none is the one of before" "$(comm -12 <(pids) <(echo "$before"))" ""
before=$(pids)
said=$("$tree/ops/stack/up" --var "$var" 2>&1)
is "upgrade, without a migration nobody stops" "$(grep -c 'migrations are due' <<<"$said") $(comm -12 <(pids) <(echo "$before") | wc -l)" "0 $(wc -l <<<"$before")"
