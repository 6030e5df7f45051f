#!/bin/bash
# SIGTERM and the gateway: not ready at once, new connections elsewhere, nothing cut that was begun, and a rolling restart
# of two that share the port loses no request.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/gateway-drain
rm -rf "$dir" && mkdir -p "$dir"
cp -rL topology/parties "$dir/parties"
printf 'gateway:\n  requests_per_second: "100000"\n  burst: 100000\n' >>"$dir/parties/shopify/party.yaml"
parties=$(. "$var/stack.conf" && echo "$parties")
trap 'fleet scale gateway 1; rm -f "$var/fleet.gateway.env"; ops/stack/up --var "$var" --parties "$parties" >/dev/null; server thaw rabbitmq 2>/dev/null' EXIT
echo NOTICE_MS=1500 >"$var/fleet.gateway.env"
ops/stack/up --var "$var" --parties "$dir/parties" >/dev/null || exit 1
sample=topology/parties/shopify/samples/1001-paid.json
key=$(tributary keys create --quiet --party shopify --scopes submit)

pids() { # when there are any: a process that has just started has none for supervisor
	local found=
	for _ in {1..50}; do
		found=$(ops/stack/fleet --var "$var" pids gateway)
		if [ -n "$found" ]; then break; fi
		sleep 0.2
	done
	echo "$found"
}
health_of() { tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^HTTP_PORT=//p'; }
status() { curl -s -o /dev/null -m 5 -w '%{http_code}' "$@"; }
submit() { status -H "Authorization: Bearer $key" -H 'Content-Type: application/json' "$@" "$GATEWAY_URL/v1/parties/shopify/documents"; }
accepts() { [ "$(submit --data-binary "@$sample")" = 202 ]; }
fresh() { sed "s/@ID@/$1/g; s/@N@/1/g" tests/bench/order.json; } # fresh NUMBER - an order that nobody sent yet
run=$RANDOM$RANDOM

wait_for 20 accepts || not_ok "drain, the gateway accepts"
pid=$(pids)
health=$(health_of "$pid")
is "drain, ready before" "$(status "http://127.0.0.1:$health/readyz")" 200

# Under way when the signal comes: a body that trickles, and one on a kept connection after it
fresh "trickle$run" >"$dir/body"
python3 - "$GATEWAY_URL" "$key" "$dir/body" >"$dir/trickled" <<-'END' &
	import sys, time
	sys.path.insert(0, "tests/support")
	from wire import Wire
	body = open(sys.argv[3], "rb").read()
	w = Wire(sys.argv[1], 20)
	w.send(f"POST /v1/parties/shopify/documents HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {sys.argv[2]}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
	print("begun", flush=True)
	step = len(body) // 30 + 1
	for at in range(0, len(body), step):
	    w.send(body[at:at + step])
	    time.sleep(0.1)
	got = w.answer()
	print(got[0] if got else got, got[1].get("connection") if got else "")
END
trickler=$!
wait_for 5 grep -q begun "$dir/trickled"
kill -TERM "$pid"
not_ready() { [ "$(status "http://127.0.0.1:$health/readyz")" = 503 ]; }
wait_for 1 not_ready && ok "drain, not ready at once" || not_ok "drain, not ready at once"
is "drain, healthy meanwhile" "$(status "http://127.0.0.1:$health/healthz")" 200
is "drain, and still answers what comes" "$(submit --data-binary "@$sample")" 202
wait "$trickler"
is "drain, a body that trickled over the signal is answered, and its connection ends" "$(tail -n 1 "$dir/trickled")" "202 ['close']"
said() { grep -h "worker=gateway event=$1" "$var"/log/gateway-*.log | tail -n 1; }
is_stopped() { ! kill -0 "$pid" 2>/dev/null; }
wait_for 10 is_stopped && ok "drain, ends then" || not_ok "drain, ends then"
wait_for 5 grep -q 'event=stop status=0' <(said stop) && ok "drain, with exit status 0" || not_ok "drain, with exit status 0" "$(said stop)"

# A submission that waits for the broker's confirm while the signal comes
wait_for 20 accepts || not_ok "drain, the gateway came back"
pid=$(pids)
server freeze rabbitmq
fresh "frozen$run" >"$dir/frozen"
submit -m 30 --data-binary "@$dir/frozen" -H "Idempotency-Key: frozen$run" >"$dir/waited" &
waiter=$!
sleep 0.5
kill -TERM "$pid"
sleep 1
server thaw rabbitmq
wait "$waiter"
grep -qE '^(202|503)$' "$dir/waited" && ok "drain, a submission that waited for the broker is answered" || not_ok "drain, a submission that waited for the broker is answered" "$(cat "$dir/waited")"
is "drain, it was a 202, for the broker came back in time" "$(cat "$dir/waited")" 202
# The same, and the broker stays away: a 503, not a cut connection
wait_for 20 accepts
pid=$(pids)
server freeze rabbitmq
submit -m 30 --data-binary "@$dir/frozen" -H "Idempotency-Key: frozen$run" >"$dir/waited" &
waiter=$!
sleep 0.5
kill -TERM "$pid"
wait "$waiter"
is "drain, one for which the broker does not come back gets 503" "$(cat "$dir/waited")" 503
server thaw rabbitmq

# Two on one port, restarted one after the other, under load
fleet scale gateway 2
wait_for 30 accepts
two_listen() { [ "$(ss -Hltn "sport = :${GATEWAY_URL##*:}" | wc -l)" = 2 ]; }
wait_for 20 two_listen && ok "rolling, two gateways share the port" || not_ok "rolling, two gateways share the port"
restart_both() { # one at a time, each until it listens again
	local program
	for program in gateway-0 gateway-1; do
		fleet restart "$program"
		wait_for 20 two_listen
	done
}
rolling() { # rolling NAME [OPTION…] - a load of 25 s while both are restarted, twice
	python3 tests/support/clients.py "$GATEWAY_URL" "$key" --template tests/bench/order.json --prefix "roll$1$run-" \
		--count 10000 --threads 16 --rate 400 "${@:2}" >"$dir/rolled" &
	local clients=$!
	sleep 1
	restart_both
	restart_both
	wait "$clients"
	echo "info rolling, $1 connections: $(cat "$dir/rolled")"
	grep -q '^accepted=10000 \(kept_ended=[0-9]* \)\?seconds' "$dir/rolled" && ok "rolling, $1 connections: no request is lost" || not_ok "rolling, $1 connections: no request is lost" "$(cat "$dir/rolled")"
}
rolling kept
rolling new --fresh
