#!/bin/bash
# A cluster of its own, of three RabbitMQ nodes and a Postgres with a standby: a node killed, the node that leads a queue
# killed, the primary killed and the standby promoted, and the way back, a queue whose members RabbitMQ gave up, then all
# servers at once, and once more so that the RabbitMQ nodes wait for each other, while orders flow. The workers follow by
# the hosts in their URLs: the end state is that of a calm run. Promises P1, P2.
. "$(dirname "$0")/../support/fleet.sh"
COUNT=300
servers='postgres postgres-standby redis rabbitmq rabbitmq-2 rabbitmq-3'
outer_var=$var
port_base=$(($(. "$var/stack.conf" && echo "$port_base") + 300))
var=$outer_var/cluster
trap 'ops/stack/down --var "$var" --wipe >/dev/null 2>&1; rm -rf "$var"' EXIT
ops/stack/down --var "$var" --wipe >/dev/null 2>&1
rm -rf "$var"
unset TRIBUTARY_VAR DATABASE_URL_FILE
ops/stack/up --var "$var" --port-base "$port_base" --cluster >"$outer_var/cluster.log" 2>&1 || {
	not_ok "a cluster starts"
	tail -n 30 "$outer_var/cluster.log"
	exit 1
}
ok "a cluster starts"
set -a
. "$var/tributary.env"
set +a
tributary mirror load ops/sandbox/mirror >/dev/null || exit 1

superuser_sql() { psql "$(<"$var/secrets/postgres.database-url")" -X -q -At -c "$1"; }
queues() { management GET queues/tributary | jq -r "$1"; }
leader_of() { # leader_of QUEUE - the name of its server
	local node server
	node=$(queues ".[] | select(.name == \"$1\") | .leader")
	for server in rabbitmq rabbitmq-2 rabbitmq-3; do
		if [ "$(<"$var/$server/node")" = "$node" ]; then echo "$server"; fi
	done
}
short_queues() { queues '[.[] | select((.online | length) < 3) | .name] | length'; }
all_online() { [ "$(short_queues)" = 0 ]; }
synchronous() { superuser_sql "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'"; }
is_synchronous() { [ "$(synchronous 2>/dev/null)" = 1 ]; }

during() { # during NAME COMMAND… - run the command while orders flow
	local name=$1
	shift
	load "$name-" $COUNT --rate 100 --patience 300 &
	local loader=$!
	sleep 1
	"$@" || not_ok "$name, it can be done"
	wait $loader || not_ok "$name, every publish was confirmed"
	wait_for 180 all_invoiced "$name-" $COUNT
	is "$name, the end state is the calm run's" "$(end_state "$name-")" "$calm"
}
again() { server start "$1"; }
orders_there() { sql "SELECT count(*) FROM tributary.orders WHERE number LIKE '$1%'"; }
standby_dies() {
	local count
	server kill postgres-standby && sleep 0.5
	count=$(orders_there standby-killed-)
	sleep 1.5
	is "without its standby the primary says no COMMIT" "$(orders_there standby-killed-)" "$count"
	again postgres-standby
}
node_dies() { server kill "$1" && sleep 1 && again "$1"; }
primary_dies() { # primary_dies PRIMARY STANDBY
	server kill "$1" && sleep 1 && server promote "$2"
}
# As RabbitMQ leaves a node after two of its dead-letter workers failed (ops/stack/rabbitmq.sh, rabbitmq_mend), and a queue that two
# nodes tried to lead since
leader_given_up() {
	local server
	for server in rabbitmq-2 rabbitmq-3; do
		ctl $server eval "supervisor:terminate_child(rabbit_sup, rabbit_fifo_dlx_sup),
			ra:stop_server(quorum_queues, {tributary_enrich, node()})." || return 1
	done
	sleep 2
	ops/stack/server --var "$var" start rabbitmq-2 >"$outer_var/cluster.log" 2>&1
}
all_die() {
	local server
	for server in $servers; do server kill "$server" || return 1; done
	ops/stack/up --var "$var" >"$outer_var/cluster.log" 2>&1 || { tail -n 30 "$outer_var/cluster.log"; return 1; }
}
# RabbitMQ's nodes ask each other things while they start, and one that gets no answer ends: here it is killed
all_die_and_one_twice() {
	local dying
	all_die &
	dying=$!
	wait_for 60 gone rabbitmq-2 && wait_for 60 comes rabbitmq-2 && kill -KILL $(pids rabbitmq-2)
	wait $dying
}
pids() { ops/stack/server --var "$var" pids "$1"; }
comes() { [ -n "$(pids "$1")" ]; }
gone() { ! comes "$1"; }
# Each node takes a table from the next one only, so that after a start of all three each waits for another, for ever
each_takes_from() { # each_takes_from NEXT_OF_1 NEXT_OF_2 NEXT_OF_3 - servers; without them as it was before
	local server next
	for server in rabbitmq rabbitmq-2 rabbitmq-3; do
		next=${1:+"'$(<"$var/$1/node")'"}
		ctl "$server" eval "mnesia:set_master_nodes(rabbit_queue, [$next])." || return 1
		[ $# = 0 ] || shift
	done
}
ctl_says() { # ctl_says SERVER COMMAND… - rabbitmqctl
	( . ops/stack/lib.sh && . ops/stack/rabbitmq.sh && stack_at "$var" && rabbitmqctl "$@" )
}
ctl() { ctl_says "$@" >/dev/null; }
all_wait() {
	each_takes_from rabbitmq-2 rabbitmq-3 rabbitmq && all_die && each_takes_from
}

wait_for 30 all_online
is "every queue has three members" "$(short_queues)" 0
is "the standby has every COMMIT" "$(synchronous)" 1
is "the standby is not promoted beside the primary" "$(server promote postgres-standby 2>/dev/null && echo yes)" ""
load scalm- $COUNT
wait_for 60 all_invoiced scalm- $COUNT || not_ok "calm run, every order is invoiced" "$(invoiced scalm-)"
calm=$(end_state scalm-)

during node-killed node_dies rabbitmq-2
during leader-killed node_dies "$(leader_of enrich)"
during standby-killed standby_dies
during primary-killed primary_dies postgres postgres-standby
again postgres
wait_for 30 is_synchronous
is "the old primary follows the new one" "$(sql "SHOW port") $(synchronous)" "$((port_base + 33)) 1"
during and-back primary_dies postgres-standby postgres
during standby-stopped server stop postgres-standby # it is down already: the primary is alone, and says so
is "a primary that is alone stays the primary" "$(server promote postgres-standby 2>/dev/null && echo yes)" ""
during given-up leader_given_up
is "members of queues that RabbitMQ gave up are started again, on every node, and so are their dead-letter workers" \
	"$(tr ',' '\n' <"$outer_var/cluster.log" | grep -cE ' (enrich|rabbit_fifo_dlx_sup) on ')" 4
is "and run afterwards" "$(ctl_says rabbitmq eval "erpc:multicall([node() | nodes()],
	fun() -> whereis(rabbit_fifo_dlx_sup) =/= undefined andalso whereis(tributary_enrich) =/= undefined end).")" \
	"[{ok,true},{ok,true},{ok,true}]"
during all-killed all_die_and_one_twice
is "a node that ends while it starts is started again" \
	"$(grep -c 'rabbitmq-2 ended while it started, and is started again' "$outer_var/cluster.log")" 1
wait_for 60 all_online
during all-wait all_wait
is "of nodes that wait for each other one that died late goes first" \
	"$(grep -c 'wait for each other: rabbitmq-[23], which died last' "$outer_var/cluster.log")" 1
is "the standby has every COMMIT again" "$(synchronous)" 1
wait_for 60 all_online
is "every node is back" "$(short_queues)" 0
is "books balance" "$(books_wrong)" ""
is "the warehouse shipped nothing twice" "$(wms GET /v1/stats | jq .doubled)" 0
ops/stack/down --var "$var" >/dev/null 2>&1 && ok "down" || not_ok "down"
is "down ends all of it" "$(for server in $servers; do pids "$server"; done)" ""
