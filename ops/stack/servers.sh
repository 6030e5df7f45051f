# servers.sh - start, stop and wait for any of the three servers. Sourced after lib.sh; NAME is postgres, redis or
# rabbitmq, each with NAME_start, NAME_answers and NAME_stop in NAME.sh.
. "$here/secrets.sh"
. "$here/postgres.sh"
. "$here/redis.sh"
. "$here/rabbitmq.sh"

server_log() { # where NAME says why it did not start
	if [ "$1" = rabbitmq ] && [ -s "$log/rabbitmq.log" ]; then say "$log/rabbitmq.log"; return; fi
	if [ "$1" = rabbitmq ]; then say "$log/rabbitmq.out"; return; fi
	say "$log/$1.log"
}

# server_start NAME - start it unless it runs, and wait until it answers. What seems to run may also be the last helper
# of a killed server, about to go: then it is started as soon as that is gone.
server_start() {
	local name=$1 end=$((SECONDS + 60)) started=no
	signal CONT "$name"
	until runs "$name" && "${name}_answers"; do
		if gone "$name"; then
			[ $started = no ] || die "$name ended while it started
$(last_lines "$(server_log "$name")")"
			"${name}_start"
			started=yes
			# A fork and an exec lie between the start and the first moment that the process can be recognised.
			wait_until 3 runs "$name" || true
		fi
		[ $SECONDS -lt $end ] || die "$name does not answer on 127.0.0.1 after 60 s
$(last_lines "$(server_log "$name")")"
		sleep 0.1
	done
	if [ "$name" = rabbitmq ]; then rabbitmq_started; fi
}

server_stop() {
	if runs "$1"; then "$1_stop"; fi
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
