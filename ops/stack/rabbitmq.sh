# rabbitmq.sh - the stack's own RabbitMQ, or the three nodes of its cluster, and their epmd. Sourced after lib.sh.
#
# Debian's wrapper insists on its own user; the script below it runs as anybody. Node, cookie, epmd and every file
# belong to this stack, so two stacks and the machine's broker never meet.
rabbit_bin=$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin 2>/dev/null | sort -V | tail -n 1) || true
epmd_bin=$(ls -d /usr/lib/erlang/erts-*/bin/epmd 2>/dev/null | sort -V | tail -n 1) || true

management_port() { say $(($(port_of "$1") + 1)); } # management_port NAME
node_of() { cat "$var/$1/node"; } # node_of NAME - as Erlang calls it

epmd_start() {
	if runs epmd; then return; fi
	need_port "$epmd_port" "RabbitMQ's epmd"
	spawn epmd "$log/epmd.log" "$epmd_bin" -port "$epmd_port" -address 127.0.0.1
	wait_until 3 runs epmd || true
}

# The first node of a cluster is made with the users and policies, then the others join it.
rabbitmq_ready() {
	if [ "$1" = rabbitmq ] || [ -f "$var/$1/complete" ]; then return; fi
	wait_until $start_seconds [ -f "$var/rabbitmq/complete" ] || die "$1 joins rabbitmq, which was never complete: run ops/stack/up"
}

rabbitmq_start() {
	local dir=$var/$1 port
	port=$(port_of "$1")
	mkdir -p "$dir"
	epmd_start
	need_port "$port" RabbitMQ
	need_port $((port + 1)) "RabbitMQ's management"
	need_port $((port + 2)) "Erlang distribution"
	need_port $((port + 4)) "RabbitMQ's Prometheus page"
	# A first boot that was cut short leaves a half-made database that never held a message: begin again.
	if [ ! -f "$dir/complete" ]; then
		if [ "$1" != rabbitmq ] && [ -d "$dir/mnesia" ]; then
			rabbitmqctl rabbitmq forget_cluster_node "$(node_of "$1")" >/dev/null 2>&1 || true
		fi
		rm -rf "$dir/mnesia" "$dir/feature_flags"
	fi
	# Starting, the node forgets which nodes ran with it when it died: kept, also when this start comes to nothing.
	if [ -f "$dir/mnesia/node/nodes_running_at_shutdown" ] && [ ! -f "$dir/ran-with" ]; then
		replace "$dir/ran-with" <"$dir/mnesia/node/nodes_running_at_shutdown"
	fi
	# The node's data is bound to the node's name: keep the name when the ports change.
	if [ ! -f "$dir/node" ]; then say "tributary-$port@localhost" | replace "$dir/node"; fi
	rm -f "$dir/.erlang.cookie"
	install -m 400 "$secrets/erlang-cookie" "$dir/.erlang.cookie"
	say '[rabbitmq_management,rabbitmq_prometheus].' | replace "$dir/enabled_plugins"
	{
		sed -e "s|@DIR@|$dir|" -e "s|@LOG@|$log|" -e "s/@NAME@/$1/" -e "s/@AMQP@/$port/" \
			-e "s/@MANAGEMENT@/$((port + 1))/" -e "s/@PROMETHEUS@/$((port + 4))/" \
			$([ "$1" = rabbitmq ] || say -e /^load_definitions/d) $([ "$tls" = no ] || say -e '/^[a-z]*[.]tcp/d') "$here/rabbitmq.conf.in"
		if [ "$cluster" = yes ]; then rabbitmq_cluster_conf "$1"; fi
		if [ "$tls" = yes ]; then rabbitmq_tls_conf "$port"; fi
	} | replace "$dir/rabbitmq.conf"
	# RUNNING_UNDER_SYSTEMD only makes the script `exec` Erlang instead of standing by as its parent.
	spawn "$1" "$log/$1.out" env HOME="$dir" RUNNING_UNDER_SYSTEMD=true \
		RABBITMQ_NODENAME="$(<"$dir/node")" RABBITMQ_CONF_ENV_FILE=/nonexistent \
		RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_GENERATED_CONFIG_DIR="$dir/generated" \
		RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" \
		RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_MNESIA_DIR="$dir/mnesia/node" RABBITMQ_LOG_BASE="$log" \
		RABBITMQ_FEATURE_FLAGS_FILE="$dir/feature_flags" RABBITMQ_PID_FILE="$dir/pid" \
		RABBITMQ_DIST_PORT="$((port + 2))" ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 \
		ERL_CRASH_DUMP="$log/$([ "$1" = rabbitmq ] || say "$1.")erl_crash.dump" \
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none" \
		"$rabbit_bin/rabbitmq-server"
}

# RabbitMQ opens its listeners after it has imported the definitions; the answer to a protocol header is its first frame.
rabbitmq_answers() {
	(
		exec 3<>"/dev/tcp/127.0.0.1/$(port_of "$1")" 4<>"/dev/tcp/127.0.0.1/$(management_port "$1")"
		printf 'AMQP\0\0\11\1' >&3
		IFS= read -r -t 2 -N 1 -u 3 _
	) 2>/dev/null
}

# A side of a broken network with fewer than two nodes stops; the leaders of the queues are spread over the nodes.
rabbitmq_cluster_conf() {
	say 'cluster_partition_handling = pause_minority'
	say 'queue_leader_locator = balanced'
	if [ "$1" = rabbitmq ]; then return; fi
	say 'cluster_formation.peer_discovery_backend = classic_config'
	say "cluster_formation.classic_config.nodes.1 = $(node_of rabbitmq)"
	say "cluster_formation.classic_config.nodes.2 = $(node_of "$1")"
}

rabbitmq_tls_conf() {
	local file
	say 'listeners.tcp = none'
	say "listeners.ssl.1 = 127.0.0.1:$1"
	say 'management.ssl.ip = 127.0.0.1'
	say "management.ssl.port = $(($1 + 1))"
	say 'prometheus.ssl.ip = 127.0.0.1'
	say "prometheus.ssl.port = $(($1 + 4))"
	for file in ssl_options management.ssl prometheus.ssl; do
		say "$file.cacertfile = $var/tls/ca.pem"
		say "$file.certfile = $var/tls/server.pem"
		say "$file.keyfile = $var/tls/server.key"
	done
}

# rabbitmqctl NAME COMMAND... - RabbitMQ's own tool on that node
rabbitmqctl() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME="$var/$1" ERL_EPMD_PORT="$epmd_port" \
		RABBITMQ_CONF_ENV_FILE=/nonexistent "$rabbit_bin/rabbitmqctl" -q -n "$(node_of "$1")" "${@:2}" 9>&-
}

# A node that was killed waits at its next start for the tables of those that ran on without it. After all three were killed
# each may wait for another one. Mnesia mostly ends that by itself; it once did not. So `up` looks: when nobody serves, and all
# three, still after 10 s, have Mnesia running and a table that is loaded nowhere, nobody is left to wait for, and the node that
# died last loads what it has, which is what `rabbitmqctl force_boot` would tell it at its next start. The others copy from it.
# Never while one of the three is away: that one may know of a queue that these do not. No message hangs on it: a quorum
# queue's are in its own logs, on all nodes. Mnesia has users, policies and which queues there are.
rabbitmq_end_wait() {
	local end=$((SECONDS + start_seconds)) first
	if wait_until 30 rabbitmq_one_answers; then return; fi
	while [ $SECONDS -lt $end ] && ! rabbitmq_one_answers; do
		if rabbitmq_all_wait && sleep 10 && rabbitmq_all_wait; then
			first=$(rabbitmq_died_last)
			say "the three RabbitMQ nodes wait for each other: $first, which died last, goes first with the queues it knows of"
			rabbitmqctl "$first" -t 30 eval 'rabbit_table:force_load().' >"$log/force-load.log" 2>&1 ||
				say "$first could not be told: $log/force-load.log"
			if wait_until 30 rabbitmq_one_answers; then return; fi
		fi
		sleep 1
	done
}

rabbitmq_one_answers() {
	local name
	for name in $(servers_of rabbitmq); do if rabbitmq_answers "$name"; then return; fi; done
	return 1
}

rabbitmq_all_wait() {
	local name
	if rabbitmq_one_answers; then return 1; fi
	for name in $(servers_of rabbitmq); do
		[ -f "$var/$name/ran-with" ] && [ "$(rabbitmqctl "$name" -t 10 eval 'lists:any(
			fun(T) -> mnesia:table_info(T, where_to_read) == nowhere end, mnesia:system_info(local_tables)).' 2>/dev/null)" = true ] ||
			return 1
	done
}

# Each node keeps a list of those that run and writes it at every death that it sees: the last one's is the shortest.
rabbitmq_died_last() {
	local name
	for name in $(servers_of rabbitmq); do
		say "$(tr -cd @ <"$var/$name/ran-with" | wc -c) $name"
	done | sort -s -n -k 1,1 | awk 'NR == 1 { print $2 }'
}

# A trap in RabbitMQ (its issue 16652; 3.10 falls into it soonest): a queue that dead-letters at least once has a worker beside its
# leader. While leaders change fast, as at a start of all nodes, such a worker may fail; a second one within 5 s ends the
# supervisor of all that are on this node, and from then on each queue that the node comes to lead ends there, too, and stays
# down until somebody starts it. With two of its three down a queue has no leader. Nothing is lost, but nothing goes on. So
# `up` and `server start` look on every node, and start what should run, until two looks in a row find nothing.
rabbitmq_mend() {
	local end=$((SECONDS + 30)) name down='' told quiet=0
	for name in $(servers_of rabbitmq); do if rabbitmq_answers "$name"; then break; fi; done
	while [ $quiet -lt 2 ] && [ $SECONDS -lt $end ]; do
		if ! down=$(rabbitmqctl "$name" -t 20 eval "$mend_expression" 2>/dev/null | tr -d '"[]\n' | tr -s ' '); then
			down='a node that did not answer'
		elif [ -z "$down" ]; then
			quiet=$((quiet + 1))
		else
			quiet=0
			told=$(tr , '\n' <<<"$down" | grep -v '(no answer)' | paste -sd ,) || true
			if [ -n "$told" ]; then say "RabbitMQ had given up, and is told to start again: $told"; fi
		fi
		if [ $quiet -lt 2 ]; then sleep 1; fi
	done
	if [ $quiet -lt 2 ]; then say "RabbitMQ, after 30 s this is not as it should be: $down"; fi
}

# Erlang: what was down, "QUEUE on NODE, …"
mend_expression='
	OnThis = fun(Q) ->
		Members = maps:get(nodes, amqqueue:get_type_state(Q)),
		lists:member(node(), case is_map(Members) of true -> maps:keys(Members); false -> Members end)
	end,
	Mend = fun() ->
		Supervisor = [begin supervisor:restart_child(rabbit_sup, S), atom_to_list(S) end ||
			S <- [rabbit_fifo_dlx_sup], lists:keyfind(S, 1, supervisor:which_children(rabbit_sup)) =:= {S, undefined, supervisor, [S]}],
		Queues = [begin ra:restart_server(quorum_queues, {M, node()}), binary_to_list(element(4, amqqueue:get_name(Q))) end ||
			Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue, OnThis(Q),
			{M, _} <- [amqqueue:get_pid(Q)], whereis(M) =:= undefined],
		[Name ++ " on " ++ atom_to_list(node()) || Name <- Supervisor ++ Queues]
	end,
	Nodes = [node() | nodes()],
	Said = [case S of {ok, L} -> L; _ -> ["(no answer) on " ++ atom_to_list(N)] end ||
		{N, S} <- lists:zip(Nodes, erpc:multicall(Nodes, Mend, 10000))],
	lists:flatten(lists:join(", ", lists:append(Said))).'

rabbitmq_started() {
	touch "$var/$1/complete"
	rm -f "$var/$1/ran-with"
}

rabbitmq_stop() { ends TERM 60 "$1"; }
epmd_stop() { ends TERM 5 epmd; }

# rabbitmq_definitions [all] - what the broker (of a cluster the first node) imports at boot, made afresh from the topology
# and the secrets.
# RabbitMQ 3.10 ignores a broken file without a word: so look at it first, and compare after boot (topology check).
rabbitmq_definitions() {
	local file=$var/rabbitmq/definitions.json
	mkdir -p "$var/rabbitmq"
	tributary topology definitions --secrets "$secrets" >"$file.new" || die "tributary topology definitions failed (message above)"
	jq -e '.users and .vhosts' "$file.new" >/dev/null || die "tributary topology definitions wrote no usable definitions: $file.new"
	if [ "$cluster" = yes ] && [ "${1:-}" != all ] && [ ! -f "$var/rabbitmq/imported" ]; then
		# A queue's members are nodes that run when it is made: rabbitmq_topology makes the queues when all three do.
		jq '.queues = [] | .bindings = []' "$file.new" >"$file.first"
		rm -f "$file.new"
		mv -f "$file.first" "$file"
		return
	fi
	mv -f "$file.new" "$file"
	topology_sum >"$var/rabbitmq/imported"
}

# topology_sum - changes whenever the broker should be told something new
topology_sum() {
	{ cat "$repo/topology/topology.yaml" "$secrets"/*.amqp-password
	  for party in $(parties); do say "$party"; cat "$parties/$party/party.yaml"; done; } | sha256sum
}

# rabbitmq_topology - tell a running broker what is new, then compare
rabbitmq_topology() {
	local stamp=$var/rabbitmq/imported
	if [ "$(topology_sum)" != "$(cat "$stamp" 2>/dev/null)" ]; then
		if admin_accepted; then
			[ ! -f "$stamp" ] || say 'topology changed: applying it to the running RabbitMQ'
			tributary topology apply --secrets "$secrets" >"$log/topology.log" 2>&1 || die "tributary topology apply failed
$(last_lines "$log/topology.log")"
			rabbitmq_definitions all
		else
			say 'RabbitMQ does not know our passwords: restarting it to import them'
			server_stop rabbitmq
			rabbitmq_definitions
			server_start rabbitmq
		fi
	fi
	if ! tributary topology check >"$log/topology.log" 2>&1; then
		rm -f "$stamp"
		die "RabbitMQ's topology is not what topology/topology.yaml says
$(last_lines "$log/topology.log")"
	fi
}

admin_accepted() {
	curl -sf --noproxy '*' -m 10 -o /dev/null $([ "$tls" = no ] || say --cacert "$var/tls/ca.pem") -K <(printf 'url = "%s/api/whoami"\n' "$(<"$secrets/admin.management-url")")
}
