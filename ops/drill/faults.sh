# faults.sh - each fault of the plan, done and undone. Sourced by run: `var` is the stack, `work` its notes, `start` when
# the drill began.
touch "$work/failed.log"

passed() { awk "BEGIN { printf \"%6.1f s\", $(now) - $start }"; }

server() { ops/stack/server --var "$var" "$1" "$2"; }
primary() { cat "$var/postgres.primary" 2>/dev/null || echo postgres; }
superuser_sql() { # to the primary, also when it takes no writes
	local port=32
	if [ "$(primary)" = postgres-standby ]; then port=33; fi
	PGPASSFILE=$var/secrets/pgpass timeout 30 psql -X -q -At -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $((port_base + port)) -U postgres tributary -c "$1"
}
leader() { # the server that leads the queue enrich
	local node server
	node=$(rabbitmqctl list_queues -p tributary --no-table-headers name leader | awk '$1 == "enrich" { print $2 }')
	for server in rabbitmq rabbitmq-2 rabbitmq-3; do
		if [ "$(<"$var/$server/node")" = "$node" ]; then echo $server; fi
	done
}
redis() { timeout 30 redis-cli --no-auth-warning -u "$(<"$var/secrets/redis-admin-url")" "$@"; }
rabbitmqctl() { # waits for a broker that is only just starting
	HOME=$var/rabbitmq LC_ALL=C.UTF-8 ERL_EPMD_PORT=$((port_base + 75)) RABBITMQ_CONF_ENV_FILE=/nonexistent \
		timeout 60 /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmqctl -q -n "$(<"$var/rabbitmq/node")" "$@"
}
partner() { # partner JSON - how the warehouse behaves from now on; it may just be starting
	curl -sf -m 10 --retry 20 --retry-delay 1 --retry-connrefused -o /dev/null -X PUT \
		-H "Authorization: Bearer $(<"$SANDBOX_WMS_TOKEN_FILE")" -d "$1" "$SANDBOX_WMS_URL/v1/mode"
}
# What was just killed may not be there again yet
pid_of() {
	local end=$((SECONDS + 20)) pid=''
	until pid=$(ops/stack/fleet --var "$var" pids "$1" | head -n 1) && [ -n "$pid" ]; do
		[ $SECONDS -lt $end ] || { echo "$1 does not run"; return 1; }
		sleep 0.2
	done
	echo "$pid"
}

process() { # process kill|freeze PROGRAM SECONDS
	local pid
	pid=$(pid_of "$2") || { echo "$pid"; return 1; }
	if [ "$1" = kill ]; then kill -KILL "$pid"; return; fi
	kill -STOP "$pid"
	sleep "$3"
	kill -CONT "$pid" || true # it may have been killed meanwhile
}

for_a_while() { # for_a_while SECONDS BEGIN END - both are commands in one word
	eval "$2" || return 1
	sleep "$1"
	eval "$3"
}

read_only() { # read_only on|off - the server's, and its sessions begin anew
	superuser_sql "ALTER SYSTEM SET default_transaction_read_only = $1" &&
		superuser_sql 'SELECT pg_reload_conf()' >/dev/null && cut_postgres
}

down_for_a_while() { for_a_while "$2" "server kill $1" "server start $1"; }

fail_over() { # fail_over SECONDS - the primary is killed, the standby promoted, and after a while follows who was the primary
	local old new=postgres
	old=$(primary)
	if [ "$old" = postgres ]; then new=postgres-standby; fi
	for_a_while "$1" "server kill $old && server promote $new" "server start $old"
}

cut_postgres() {
	superuser_sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename LIKE 'tributary_%'" >/dev/null
}

clock() { # clock YEAR NUMBER - orders of that year, in messages of that year
	local date=$1-01-01T00:00:00Z skew
	[ "$1" = 1970 ] || date=2099-12-31T23:59:59Z
	skew=$(($(date -d "$date" +%s) - $(date +%s)))
	sed -E "s/\"(created|updated)_at\": \"[^\"]*\"/\"\1_at\": \"$date\"/g" tests/bench/order.json >"$work/clock-$1.json"
	load "clock$2-" "$clock_size" "$work/clock-$1.json" --skew "$skew"
}

fault_apply() { # fault_apply NUMBER FAULT TARGET SECONDS
	local number=$1 fault=$2 target=$3 seconds=$4
	case $fault-$target in
		stop-rabbitmq | stop-postgres | stop-redis | kill-rabbitmq | kill-postgres | kill-redis)
			for_a_while "$seconds" "server $fault $target" "server start $target" ;;
		stop-rabbitmq-* | kill-rabbitmq-* | stop-postgres-standby | kill-postgres-standby)
			for_a_while "$seconds" "server $fault $target" "server start $target" ;;
		kill-leader-*) down_for_a_while "$(leader)" "$seconds" ;;
		fail-over-*) fail_over "$seconds" ;;
		restart-*) server restart "$target" ;;
		freeze-rabbitmq* | freeze-postgres* | freeze-redis) for_a_while "$seconds" "server freeze $target" "server thaw $target" ;;
		cut-rabbitmq) rabbitmqctl close_all_connections drill ;;
		cut-postgres) cut_postgres ;;
		cut-redis) redis CLIENT KILL TYPE normal ;;
		memory-alarm-*) for_a_while "$seconds" 'rabbitmqctl set_vm_memory_high_watermark absolute 1' \
			'rabbitmqctl set_vm_memory_high_watermark absolute 1GB' ;;
		disk-alarm-*) for_a_while "$seconds" 'rabbitmqctl set_disk_free_limit 100000GB' 'rabbitmqctl set_disk_free_limit 512MB' ;;
		full-*) for_a_while "$seconds" "touch '$var/postgres/full'" "rm '$var/postgres/full'; postgres_back" ;;
		read-only-*) for_a_while "$seconds" 'read_only on' 'read_only off' ;;
		empty-*) redis FLUSHALL ;;
		fail-partner | fail-late-partner | busy-partner | drop-answer-partner)
			for_a_while "$seconds" "partner '{\"mode\":\"$fault\"}'" "partner '{\"mode\":\"normal\"}'" ;;
		slow-*) for_a_while "$seconds" "partner '{\"mode\":\"slow\",\"delay_ms\":3000}'" "partner '{\"mode\":\"normal\"}'" ;;
		blind-*) for_a_while "$seconds" "partner '{\"mode\":\"fail-late\",\"lookup\":\"fail\"}'" \
			"partner '{\"mode\":\"normal\",\"lookup\":\"normal\"}'" ;;
		kill-partner | freeze-partner) process "$fault" sandbox-wms "$seconds" ;;
		kill-* | freeze-*) process "$fault" "$target" "$seconds" ;;
		clock-*) clock "${fault#clock-}" "$number" ;;
		*) echo "there is no fault $fault of $target"; return 1 ;;
	esac
}

# Without room for its log Postgres gives up, and nobody but a supervisor, here us, starts it again.
postgres_back() { server start postgres; }

# fault_do NUMBER FAULT TARGET SECONDS - one after the other on the same target, of a cluster on any of its servers of a kind
fault_do() {
	local log=$work/fault-$1.log
	(
		flock 8
		say "$(passed) fault $1: $2 $3${4:+ $([ "$4" = 0.0 ] || echo "for $4 s")}"
		fault_apply "$@" >"$log" 2>&1 8>&- || { printf 'fault %s, %s %s, could not be done: ' "$1" "$2" "$3"; tail -n 3 "$log"; } >>"$work/failed.log"
		say "$(passed) fault $1 is over"
	) 8>"$work/target-$(sed -E "s/^(rabbitmq|postgres)-.*/\1/" <<<"$3").lock"
}
