#!/bin/bash
# What the gateway accepted is never lost, and nothing of it is there twice: kill -9 to the gateway and to the broker while
# many clients send; who got no answer sends again with the same Idempotency-Key.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/gateway-faults
count=${ORDERS:-6000}
rm -rf "$dir" && mkdir -p "$dir"
cp -rL topology/parties "$dir/parties"
printf 'gateway:\n  requests_per_second: "100000"\n  burst: 100000\n' >>"$dir/parties/shopify/party.yaml"
parties=$(. "$var/stack.conf" && echo "$parties")
trap 'server start rabbitmq; ops/stack/up --var "$var" --parties "$parties" >/dev/null' EXIT
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null || exit 1
key=$(tributary keys create --quiet --party shopify --scopes submit)
run=$RANDOM$RANDOM
sleep 3

python3 tests/support/clients.py "$GATEWAY_URL" "$key" --template tests/bench/order.json --prefix "kill$run-" --count "$count" \
	--threads 32 --rate 150 --retry 180 --ids "$dir/ids" >"$dir/clients" &
clients=$!
goes_on() { kill -0 "$clients" 2>/dev/null; }
gateway_kill() { kill -9 $(ops/stack/fleet --var "$var" pids gateway) 2>/dev/null; }
gateways=0 brokers=0
while goes_on && [ $gateways -lt 12 ]; do
	sleep 2
	gateway_kill && gateways=$((gateways + 1))
	if [ $((gateways % 3)) = 1 ]; then
		server kill rabbitmq
		sleep 1
		server start rabbitmq
		brokers=$((brokers + 1))
	fi
	# both in the middle of the same set
	if [ $((gateways % 5)) = 4 ]; then
		server kill rabbitmq
		gateway_kill && gateways=$((gateways + 1))
		server start rabbitmq
		brokers=$((brokers + 1))
	fi
done
wait "$clients"
echo "info gateway killed $gateways times, broker $brokers; clients: $(cat "$dir/clients")"
[ $gateways -ge 5 ] && [ $brokers -ge 3 ] && ok "gateway, both were killed in the middle of it" || not_ok "gateway, both were killed in the middle of it"
is "gateway, every client ended with a 202" "$(grep -o 'accepted=[0-9]*' "$dir/clients")" "accepted=$count"

cut -d' ' -f2 "$dir/ids" | sort >"$dir/accepted"
stored() { sql "SELECT document_id FROM tributary.documents WHERE idempotency_key LIKE 'kill$run-%'" | sort >"$dir/stored"; }
all_stored() { stored; [ -z "$(comm -23 "$dir/accepted" "$dir/stored")" ]; }
wait_for 120 all_stored
is "gateway, every accepted document is stored" "$(comm -23 "$dir/accepted" "$dir/stored" | wc -l)" 0
sleep 3
stored
is "gateway, nothing is stored twice" "$(uniq -d "$dir/stored" | wc -l) $(wc -l <"$dir/stored")" "0 $count"
is "gateway, each order has one answer" "$(sort -u "$dir/accepted" | wc -l)" "$count"
is "gateway, each order is one order" "$(sql "SELECT count(*), count(DISTINCT number) FROM report.orders WHERE number LIKE 'kill$run-%'")" "$count|$count"
