# servers.sh - start, stop and wait for any of the servers. Sourced after lib.sh; a NAME is one of $servers, and what its
# kind (postgres of postgres-standby) knows of it is in KIND.sh: KIND_start, KIND_answers and KIND_stop, KIND_ready for what
# must be there before it can start, KIND_started for what follows; each with the NAME.
. "$here/secrets.sh"
. "$here/postgres.sh"
. "$here/redis.sh"
. "$here/rabbitmq.sh"

server_log() { # where NAME says why it did not start
	if [[ $1 == rabbitmq* && ! -s $log/$1.log ]]; then say "$log/$1.out"; return; fi
	say "$log/$1.log"
}

# server_start NAME - start it unless it runs, and wait until it answers. What seems to run may also be the last helper
# of a killed server, about to go: then it is started as soon as that is gone. A node of RabbitMQ's cluster that ends while it
# starts is started again: those that start at the same time ask each other for things that the other may not have yet.
server_start() {
	local name=$1 kind=${1%%-*} end starts=0 most=1
	if [ "$cluster $kind" = 'yes rabbitmq' ]; then most=5; fi
	signal CONT "$name"
	"${kind}_ready" "$name"
	end=$((SECONDS + start_seconds))
	until runs "$name" && "${kind}_answers" "$name"; do
		if gone "$name"; then
			[ $starts -lt $most ] || die "$name ended while it started
$(last_lines "$(server_log "$name")")"
			[ $starts = 0 ] || say "$name ended while it started, and is started again"
			"${kind}_start" "$name"
			starts=$((starts + 1))
			# A fork and an exec lie between the start and the first moment that the process can be recognised.
			wait_until 3 runs "$name" || true
		fi
		[ $SECONDS -lt $end ] || die "$name does not answer on 127.0.0.1 after $start_seconds s
$(last_lines "$(server_log "$name")")"
		sleep 0.1
	done
	"${kind}_started" "$name"
}

server_stop() {
	if runs "$1"; then "${1%%-*}_stop" "$1"; fi
}

# at_once FUNCTION NAME... - call FUNCTION for each NAME side by side; false when one failed
at_once() {
	local function=$1 name jobs=() job failed=0
	shift
	for name in "$@"; do
		"$function" "$name" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || failed=1; done
	return $failed
}
