#!/bin/bash
# Two warehouses; one is out, busy, shuts us out or answers nothing at all, under load for both: its queue fills and it is
# left in peace, the other's orders are as fast as before, and afterwards everything is shipped once, with no attempt
# counted. Promise P5.
. "$(dirname "$0")/../support/fleet.sh"
run=$RANDOM
second_port=$((TRIBUTARY_PORT_BASE + 91))
dir=$var/outage
rm -rf "$dir"
mkdir -p "$dir"

# --- a second warehouse: party, stock, process
parties=$(. "$var/stack.conf" && echo "$parties")
cp -r "$parties" "$dir/parties"
cp -r "$dir/parties/sandbox-wms" "$dir/parties/second-wms"
sed -i 's/sandbox-wms/second-wms/; s/SANDBOX_WMS_URL/SECOND_WMS_URL/; s/SANDBOX_WMS_TOKEN/SECOND_WMS_TOKEN/' "$dir/parties/second-wms/party.yaml"
cp -r ops/sandbox/mirror "$dir/mirror"
echo 'NORTH,Albany,second-wms,3,true' >>"$dir/mirror/warehouses.csv"
# what the second one's orders want is nowhere else
sed -i 's/^TR-1004,EAST,.*/TR-1004,EAST,0/; s/^TR-1004,WEST,.*/TR-1004,WEST,0/' "$dir/mirror/stock.csv"
echo 'TR-1004,NORTH,5000000' >>"$dir/mirror/stock.csv"
jq -c '.line_items = [.line_items[0] | .sku = "TR-1004" | .price = "3.20" | .quantity = 2 | .tax_lines = []] |
	.shipping_lines = [] | .total_line_items_price = "6.40" | .subtotal_price = "6.40" | .total_tax = "0" | .total_price = "6.40"' \
	tests/bench/order.json >"$dir/order.json"
for key in SECOND_WMS_URL=http://127.0.0.1:$second_port "SECOND_WMS_TOKEN_FILE=$SANDBOX_WMS_TOKEN_FILE"; do echo "$key"; done >"$var/fleet.ship-sync.env"

fleet_up
began=$(sql "SELECT now()")
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null || not_ok "the second warehouse's party is deployed"
tributary mirror load "$dir/mirror" >/dev/null || not_ok "its stock is loaded"
env -u AMQP_URL SANDBOX_WMS_PARTY=second-wms SANDBOX_WMS_PORT=$second_port SANDBOX_WMS_TOKEN_FILE=$SANDBOX_WMS_TOKEN_FILE \
	AMQP_URL_FILE=$var/secrets/party-second-wms.amqp-url "$bin/sandbox-wms" >"$dir/second.log" 2>&1 &
second_pid=$!
second() { curl -s -X "$1" -H "Authorization: Bearer $(<"$SANDBOX_WMS_TOKEN_FILE")" ${3:+-d "$3"} "http://127.0.0.1:$second_port$2"; }
mode() { wms PUT /v1/mode "$1" >/dev/null; }
restore() {
	mode '{"mode":"normal","confirm_delay_ms":200,"retry_after":1,"retry_after_as":"seconds"}'
	kill -CONT "$(wms_pid)"
	kill $second_pid && wait $second_pid
	rm -f "$var/fleet.ship-sync.env"
	for queue in ingest ship-sync; do management DELETE "queues/tributary/$queue.second-wms" >/dev/null; done
	ops/stack/up --var "$var" --parties "$parties" >/dev/null
	tributary mirror load ops/sandbox/mirror >/dev/null
	rm -rf "$dir"
}
trap restore EXIT

# --- how it is looked at
wms_pid() { ops/stack/fleet --var "$var" pids sandbox-wms; }
ship_sync_port() { sed -n 's/.*HTTP_PORT="\([0-9]*\)".*QUEUES="ship-sync.sandbox-wms".*/\1/p' "$var"/supervisor/conf.d/ship-sync-*.conf; }
figure() { curl -s "http://127.0.0.1:$(ship_sync_port)/metrics" | awk -v f="tributary_ship_sync_$1" '$1 == f { print $2 }'; }
circuit() { figure 'circuit{party="sandbox-wms"}'; }
circuit_is() { [ "$(circuit)" = "$1" ]; }
ready() { curl -s "http://127.0.0.1:$(ship_sync_port)/readyz"; }
requests() { wms GET /v1/stats | jq .requests; }
waits() { [ "$(waiting)" -ge "$1" ]; } # the figure is some seconds old
waiting() { management GET queues/tributary/ship-sync.sandbox-wms | jq .messages; }
of() { sql "SELECT count(*) FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%' AND t.stage = 'ship-sync' AND t.event = '$2'"; }
effects() { sql "SELECT count(DISTINCT e.reference) || ' ' || string_agg(DISTINCT e.state, ' ') FROM tributary.effects e JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%'"; }
effects_are() { [ "$(effects "$1")" = "$2" ]; }
latency() { # latency PREFIX - p50 and p99 of allocated → shipped, in ms
	sql "SELECT coalesce(round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)) || ' ' || round(percentile_cont(0.99) WITHIN GROUP (ORDER BY ms)), '0 0')
	     FROM (SELECT 1000 * extract(epoch FROM max(t.at) FILTER (WHERE t.stage = 'ship-sync' AND t.event = 'partner-asked')
	                  - min(t.at) FILTER (WHERE t.stage = 'allocate' AND t.event = 'allocated')) AS ms
	           FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%' GROUP BY t.order_id) l"
}
both() { # both NAME SECONDS - 20 orders a second for each of the two, for so long
	local first
	"$bin/bench" load --party shopify --template tests/bench/order.json --prefix "$1-a" --count $(($2 * 20)) --rate 20 >/dev/null 2>&1 &
	first=$!
	"$bin/bench" load --party shopify --template "$dir/order.json" --prefix "$1-b" --count $(($2 * 20)) --rate 20 >/dev/null 2>&1
	wait $first
}
unhurried() { # unhurried WHAT CALM DURING MOST - the other's p50 at most three times, the p99 at most MOST ms
	local calm50=${2% *} during50=${3% *} during99=${3#* }
	[ "$during50" -le $((calm50 * 3 + 5)) ] && [ "$during99" -le "$4" ] && ok "$1" || not_ok "$1" "p50 p99 calm $2, now $3 ms"
}

# --- calm
both "calm$run" 5
wait_for 30 all_invoiced "calm$run-a" 100
wait_for 30 all_invoiced "calm$run-b" 100
calm=$(latency "calm$run-b")
echo "# allocated to shipped, p50 p99: second-wms $calm ms, sandbox-wms $(latency "calm$run-a") ms"
is "calm, both ship" "$(invoiced "calm$run-a") $(invoiced "calm$run-b")" "100 100"

outage() { # outage NAME MODE LOOKUP - the first answers nothing but errors for 20 s
	local before name=$1$run during seen
	before=$(requests)
	mode "{\"mode\":\"$2\",\"lookup\":\"$3\",\"retry_after\":0}"
	both "$name" 20
	seen=$(($(requests) - before))
	during=$(latency "$name-b")
	echo "# $1: it saw $seen requests in 20 s for 400 orders; the other's p50 p99 $during ms"
	[ "$seen" -le 60 ] && ok "$1, it is asked little: trials, no storm" || not_ok "$1, it is asked little: trials, no storm" "$seen requests"
	wait_for 10 waits 350 && ok "$1, its orders wait in its queue" || not_ok "$1, its orders wait in its queue" "$(waiting)"
	is "$1, the circuit is not closed, and the worker is ready" "$([ "$(circuit)" != 0 ] && echo open) $(ready)" "open ready"
	is "$1, every order of the other is through" "$(wait_for 10 all_invoiced "$name-b" 400 && invoiced "$name-b")" 400
	unhurried "$1, the other is as fast as before" "$calm" "$during" 1000
	mode '{"mode":"normal","lookup":"normal"}'
	wait_for 60 all_invoiced "$name-a" 400
	is "$1, when it is back every order is invoiced" "$(invoiced "$name-a")" 400
	wait_for 10 effects_are "$name-a" "400 confirmed"
	is "$1, one confirmed effect each" "$(effects "$name-a")" "400 confirmed"
	echo "# $1: $(of "$name-a" retry) attempts counted, $(of "$name-a" returned) returned uncounted"
	[ "$(of "$name-a" retry)" -le 20 ] && ok "$1, no attempts are burned" || not_ok "$1, no attempts are burned" "$(of "$name-a" retry)"
	wait_for 10 circuit_is 0
	is "$1, the circuit is closed again" "$(circuit)" 0
}
outage fail fail fail
outage cut-before cut-before normal

# --- busy: nothing before the time it asks for
gap() { # the shortest time in ms from a request that was told to wait to the first one a second or more later
	wms GET /v1/requests | jq --argjson since "$since" '[.[] | select(.method == "POST" and .at_ms >= $since)] | . as $r | [range(1; length) | select($r[. - 1].mode == "busy") |
		$r[.].at_ms - $r[. - 1].at_ms | select(. >= 1000)] | min // 0'
}
inside() { # requests that came 500 to 3990 ms after a busy answer: the ones that were under way then are long through
	wms GET /v1/requests | jq --argjson since "$since" '[.[] | select(.method == "POST" and .at_ms >= $since)] as $r | [$r[] | select(.mode == "busy")] as $busy |
		[$r[] | .at_ms as $t | select(any($busy[]; $t - .at_ms > 500 and $t - .at_ms < 3990))] | length'
}
for as in seconds date; do
	opens=$(figure 'circuit_opens_total{party="sandbox-wms",what="busy"}')
	before=$(requests) since=$(date +%s%3N)
	mode "{\"mode\":\"busy\",\"retry_after\":4,\"retry_after_as\":\"$as\"}"
	both "busy-$as$run" 10
	seen=$(($(requests) - before))
	mode '{"mode":"normal"}'
	during=$(latency "busy-$as$run-b")
	wait_for 60 all_invoiced "busy-$as$run-a" 200
	echo "# busy, Retry-After in $as: $seen requests in 10 s, the shortest wait $(gap) ms; the other's p50 p99 $during ms; $(of "busy-$as$run-a" retry) attempts counted"
	is "busy ($as), no request before Retry-After" "$(inside)" 0
	is "busy ($as), every order is invoiced, and no attempt was counted" "$(invoiced "busy-$as$run-a") $(of "busy-$as$run-a" retry)" "200 0"
	unhurried "busy ($as), the other is as fast as before" "$calm" "$during" 1000
	[ "$(figure 'circuit_opens_total{party="sandbox-wms",what="busy"}')" -gt "${opens:-0}" ] && ok "busy ($as), it is counted" || not_ok "busy ($as), it is counted"
done

# --- denied: at once, and an alarm
before=$(requests)
mode '{"mode":"denied"}'
load "denied$run-" 100
wait_for 10 circuit_is 2
sleep 2
is "denied, the circuit is open with an alarm" "$(figure 'circuit_denied{party="sandbox-wms"}')" 1
mode '{"mode":"normal"}'
wait_for 60 all_invoiced "denied$run-" 100
is "denied, with the right token every order is invoiced, no attempt counted" "$(invoiced "denied$run-") $(of "denied$run-" retry)" "100 0"
wait_for 10 circuit_is 0
is "denied, the alarm is over" "$(figure 'circuit_denied{party="sandbox-wms"}')" 0

# --- stopped: it takes connections and answers nothing
kill -STOP "$(wms_pid)"
both "stopped$run" 20
kill -CONT "$(wms_pid)"
during=$(latency "stopped$run-b")
wait_for 90 all_invoiced "stopped$run-a" 400
unhurried "stopped, the other is as fast as before" "$calm" "$during" 1000
echo "# stopped: the other's p50 p99 $during ms; $(of "stopped$run-a" retry) attempts counted"
is "stopped, both are through" "$(invoiced "stopped$run-a") $(invoiced "stopped$run-b")" "400 400"

# --- a rate of its own
sed -i 's/^  concurrency:.*/&\n  rate_per_second: 10/' "$dir/parties/sandbox-wms/party.yaml"
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null
both "rate$run" 5
wait_for 60 all_invoiced "rate$run-a" 100
most=$(wms GET /v1/requests | jq '[.[] | select(.method == "POST")][-100:] | [.[].at_ms] as $t | [$t[] | . as $x | [$t[] | select(. >= $x and . < $x + 1000)] | length] | max')
span=$(wms GET /v1/requests | jq '[.[] | select(.method == "POST")][-100:] | (.[-1].at_ms - .[0].at_ms)')
echo "# rate 10/s: 100 requests in $span ms, at most $most in a second; the other's p50 p99 $(latency "rate$run-b") ms; $(of "rate$run-a" returned) returned, $(figure 'rate_waits_total{party="sandbox-wms"}') waits"
[ "$span" -ge 8900 ] && [ "$span" -le 20000 ] && [ "$most" -le 21 ] && ok "rate, the declared limit is kept" || not_ok "rate, the declared limit is kept" "$span ms, $most in a second"
is "rate, every order is invoiced, none was returned or counted" "$(invoiced "rate$run-a") $(of "rate$run-a" returned) $(of "rate$run-a" retry)" "100 0 0"
unhurried "rate, the other is as fast as before" "$calm" "$(latency "rate$run-b")" 1000

is "nothing was shipped twice" "$(wms GET /v1/stats | jq .doubled) $(second GET /v1/stats | jq .doubled)" "0 0"
is "nothing is dead" "$(sql "SELECT count(*) FROM report.dead_letters d WHERE d.origin LIKE 'ship-sync%' AND d.died_at > '$began'")" 0
is "books balance" "$(books_wrong)" ""
