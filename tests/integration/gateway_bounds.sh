#!/bin/bash
# What a client may cost the gateway: slow, idle, half-open and too many connections are ended by time and by number.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
trap 'rm -f "$var/fleet.gateway.env"; fleet reload' EXIT
sample=topology/parties/shopify/samples/1001-paid.json
key=$(tributary keys create --quiet --party shopify --scopes submit)

is_open() { curl -s -o /dev/null -m 3 "$GATEWAY_URL/v1/openapi.yaml"; }
limits() { # limits NAME=VALUE… - the gateway with these
	printf '%s\n' "$@" >"$var/fleet.gateway.env"
	fleet reload
	wait_for 20 is_open || not_ok "bounds, the gateway starts with $*"
}
gateway_pid() { ops/stack/fleet --var "$var" pids gateway | head -n 1; }

limits IDLE_S=2 REQUEST_S=3
before=$(gateway_pid)
sleep 2.5 # its keys
python3 tests/support/slow.py "$GATEWAY_URL" "$key" "$sample"
is "bounds, no process was started anew" "$(gateway_pid)" "$before"
limits BODIES_BYTES=16777216
python3 tests/support/slow.py "$GATEWAY_URL" bodies 16
limits CONNECTIONS_PER_ADDRESS=20
python3 tests/support/slow.py "$GATEWAY_URL" many 20
limits CONNECTIONS_MAX=30
python3 tests/support/slow.py "$GATEWAY_URL" many 30
limits IDLE_S=600
python3 tests/support/slow.py "$GATEWAY_URL" idle 5000 "$(gateway_pid)"
