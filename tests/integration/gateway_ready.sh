#!/bin/bash
# Ready means: what comes would be taken. A gateway that nobody has called yet is ready, and so it is when the broker is
# back: who asks /readyz before he sends anything would wait for ever otherwise.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
trap 'server start rabbitmq' EXIT
health() { tr '\0' '\n' <"/proc/$(ops/stack/fleet --var "$var" pids gateway | head -n 1)/environ" | sed -n 's/^HTTP_PORT=//p'; }
ready_is() { [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1:$(health)/readyz")" = "$1" ]; }
ready() { # ready NAME STATUS SECONDS
	if wait_for "$3" ready_is "$2"; then ok "$1"; else not_ok "$1"; fi
}

fleet restart gateway
ready "ready, before the first call" 200 10
server stop rabbitmq
ready "ready, not without the broker" 503 15
server start rabbitmq
ready "ready, again when the broker is back, without a call" 200 30
