# rabbitmq.sh - the stack's own RabbitMQ and its epmd. Sourced after lib.sh.
#
# Debian's wrapper insists on its own user; the script below it runs as anybody. Node, cookie, epmd and every file
# belong to this stack, so two stacks and the machine's broker never meet.
rabbit_bin=$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin 2>/dev/null | sort -V | tail -n 1) || true
epmd_bin=$(ls -d /usr/lib/erlang/erts-*/bin/epmd 2>/dev/null | sort -V | tail -n 1) || true

rabbitmq_start() {
	local dir=$var/rabbitmq
	mkdir -p "$dir"
	if ! runs epmd; then
		need_port "$epmd_port" "RabbitMQ's epmd"
		spawn epmd "$log/epmd.log" "$epmd_bin" -port "$epmd_port" -address 127.0.0.1
	fi
	need_port "$amqp_port" RabbitMQ
	need_port "$management_port" "RabbitMQ's management"
	need_port "$dist_port" "Erlang distribution"
	need_port "$prometheus_port" "RabbitMQ's Prometheus page"
	# A first boot that was cut short leaves a half-made database that never held a message: begin again.
	if [ ! -f "$dir/complete" ]; then rm -rf "$dir/mnesia" "$dir/feature_flags"; fi
	# The node's data is bound to the node's name: keep the name when the ports change.
	if [ ! -f "$dir/node" ]; then say "tributary-$amqp_port@localhost" | replace "$dir/node"; fi
	rm -f "$dir/.erlang.cookie"
	install -m 400 "$secrets/erlang-cookie" "$dir/.erlang.cookie"
	say '[rabbitmq_management,rabbitmq_prometheus].' | replace "$dir/enabled_plugins"
	sed -e "s|@DIR@|$dir|" -e "s|@LOG@|$log|" -e "s/@AMQP@/$amqp_port/" -e "s/@MANAGEMENT@/$management_port/" \
		-e "s/@PROMETHEUS@/$prometheus_port/" "$here/rabbitmq.conf.in" | replace "$dir/rabbitmq.conf"
	# RUNNING_UNDER_SYSTEMD only makes the script `exec` Erlang instead of standing by as its parent.
	spawn rabbitmq "$log/rabbitmq.out" env HOME="$dir" RUNNING_UNDER_SYSTEMD=true \
		RABBITMQ_NODENAME="$(<"$dir/node")" RABBITMQ_CONF_ENV_FILE=/nonexistent \
		RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_GENERATED_CONFIG_DIR="$dir/generated" \
		RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" \
		RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_MNESIA_DIR="$dir/mnesia/node" RABBITMQ_LOG_BASE="$log" \
		RABBITMQ_FEATURE_FLAGS_FILE="$dir/feature_flags" RABBITMQ_PID_FILE="$dir/pid" \
		RABBITMQ_DIST_PORT="$dist_port" ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 \
		ERL_CRASH_DUMP="$log/erl_crash.dump" \
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none" \
		"$rabbit_bin/rabbitmq-server"
}

# RabbitMQ opens its listeners after it has imported the definitions; the answer to a protocol header is its first frame.
rabbitmq_answers() {
	(
		exec 3<>"/dev/tcp/127.0.0.1/$amqp_port" 4<>"/dev/tcp/127.0.0.1/$management_port"
		printf 'AMQP\0\0\11\1' >&3
		IFS= read -r -t 2 -N 1 -u 3 _
	) 2>/dev/null
}

rabbitmq_started() { touch "$var/rabbitmq/complete"; }
rabbitmq_stop() { ends_rabbitmq; }

ends_rabbitmq() { ends TERM 60 rabbitmq; }
epmd_stop() { ends TERM 5 epmd; }

# rabbitmq_definitions - what the broker imports at boot, made afresh from the topology and the secrets.
# RabbitMQ 3.10 ignores a broken file without a word: so look at it first, and compare after boot (topology check).
rabbitmq_definitions() {
	local file=$var/rabbitmq/definitions.json
	mkdir -p "$var/rabbitmq"
	tributary topology definitions --secrets "$secrets" >"$file.new" || die "tributary topology definitions failed (message above)"
	jq -e '.users and .vhosts' "$file.new" >/dev/null || die "tributary topology definitions wrote no usable definitions: $file.new"
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
			say 'topology changed: applying it to the running RabbitMQ'
			tributary topology apply --secrets "$secrets" >"$log/topology.log" 2>&1 || die "tributary topology apply failed
$(last_lines "$log/topology.log")"
			rabbitmq_definitions
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
	curl -sf --noproxy '*' -m 10 -o /dev/null -K <(printf 'url = "%s/api/whoami"\n' "$(<"$secrets/admin.management-url")")
}
