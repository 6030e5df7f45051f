# supervisor.sh - the fleet's processes under Debian's supervisord, one [program] section each. Sourced after lib.sh.
#
#   DIR/fleet.scale         "allocate 8": how many processes a worker has (one, when not listed), ship-sync for each partner
#   DIR/fleet.index         the workers in the order they were first seen: fixes their ports
#   DIR/fleet.env           KEY=VALUE lines for every program
#   DIR/fleet.WORKER.env    KEY=VALUE lines for one
#   DIR/postgres.env        the same for Postgres itself (postgres.sh)
#   DIR/parties/SUM/        the parties as they were when they last passed `tributary party check`
#
# The workers read such a copy, so an edit reaches them only by `up` or `reload`, and a broken one never does: a copy of
# another sum is another environment, which makes supervisord restart the workers, one after the other.
max_processes=20

# A unix socket's path has room for 107 bytes, and supervisord first makes one with a suffix.
supervisor_socket_dir() {
	if [ ${#var} -lt 75 ]; then say "$var/supervisor"; return; fi
	say "/tmp/tributary-$(id -u)-$(printf %s "$var" | cksum | cut -d' ' -f1)"
}

supervisorctl() {
	/usr/bin/supervisorctl -c "$var/supervisor/supervisord.conf" "$@" 9>&-
}

# states - "program STATE ..." lines; supervisorctl calls it a failure when one program does not run
states() { supervisorctl status || true; }

supervisor_answers() { supervisorctl pid >/dev/null 2>&1; }

supervisor_conf() {
	local dir
	dir=$(supervisor_socket_dir)
	cat <<-END
		[supervisord]
		nodaemon=true
		silent=true
		logfile=$log/supervisord.log
		logfile_maxbytes=20MB
		logfile_backups=1
		pidfile=$var/supervisor/pid
		$(if [ "$(id -u)" = 0 ]; then say user=root; fi)
		[unix_http_server]
		file=$dir/socket
		chmod=0600
		[rpcinterface:supervisor]
		supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
		[supervisorctl]
		serverurl=unix://$dir/socket
		[include]
		files=$var/supervisor/conf.d/*.conf
	END
}

scale_of() { awk -v w="$1" '$1 == w { n = $2 } END { print n == "" ? 1 : n }' "$var/fleet.scale" 2>/dev/null || say 1; }

index_of() {
	touch "$var/fleet.index"
	grep -qxF "$1" "$var/fleet.index" || say "$1" >>"$var/fleet.index"
	echo $(($(grep -nxF "$1" "$var/fleet.index" | cut -d: -f1) - 1))
}

# partners - those of the deployed parties that ship
partners() { { grep -lE '^kind: *wms( |$)' "$parties_copy"/*/party.yaml || true; } | sed 's,/party.yaml$,,; s,.*/,,' | LC_ALL=C sort; }

# processes_of WORKER - how many: as scaled, but ship-sync so many for each partner, because its requests are waited for
# and one that answers slowly would hold up the others in the same process
processes_of() {
	local n each
	n=$(scale_of "$1")
	if [ "$1" = ship-sync ]; then each=$(partners | wc -l) n=$((n * (each > 1 ? each : 1))); fi
	echo $((n < max_processes ? n : max_processes))
}

# partner_queues NUMBER - the queues of this process of ship-sync. Processes and partners are dealt out in turn, so that
# each partner has its processes, and where there are too many partners some share one.
partner_queues() {
	local count
	count=$(processes_of ship-sync)
	partners | awk -v number="$1" -v count="$count" '
		{ names[n++] = $1 }
		END { for (i = 0; i < n; i++) if (i == number % n || (i > number && (i - number) % count == 0)) list = list (list == "" ? "" : ",") "ship-sync." names[i]
		      print list }'
}

# programs - what should run: "program binary-name number" per line
programs() {
	local worker n
	for worker in $(workers) sandbox-wms; do
		if [ ! -x "$bin/$worker" ]; then continue; fi
		if [ "$worker" = sandbox-wms ]; then say "$worker $worker 0"; continue; fi
		n=$(processes_of "$worker")
		while [ "$n" -gt 0 ]; do n=$((n - 1)); say "$worker-$n $worker $n"; done
	done
}

# environment_of WORKER NUMBER - KEY=VALUE lines; a later line for the same key wins
environment_of() {
	local worker=$1 party variable
	say "TRIBUTARY_STACK=$var:fleet"
	tls_environment
	if [ "$worker" = sandbox-wms ]; then
		say "SANDBOX_WMS_PORT=$sandbox_port"
		say "SANDBOX_WMS_TOKEN_FILE=$secrets/sandbox-wms.token"
		say "SANDBOX_WMS_STATE_FILE=$var/sandbox-wms.state"
		if [ "$tls" = yes ]; then say "SANDBOX_WMS_CERT_FILE=$var/tls/server.pem" && say "SANDBOX_WMS_KEY_FILE=$var/tls/server.key"; fi
		say "AMQP_URL_FILE=$secrets/party-sandbox-wms.amqp-url"
	else
		say "AMQP_URL_FILE=$secrets/$worker.amqp-url"
		say "DATABASE_URL_FILE=$secrets/$worker.database-url"
		say "REDIS_URL_FILE=$secrets/redis-url"
		say "PARTIES_DIR=$parties_copy"
		say "HTTP_PORT=$((port_base + 100 + max_processes * $(index_of "$worker") + $2))"
		if [ "$tls" = yes ]; then say "HTTP_TLS_CERTIFICATE_FILE=$var/tls/server.pem" && say "HTTP_TLS_KEY_FILE=$var/tls/server.key"; fi
	fi
	if [ "$worker" = gateway ]; then
		if [ "$tls" = yes ]; then say "TLS_CERTIFICATE_FILE=$var/tls/server.pem" && say "TLS_KEY_FILE=$var/tls/server.key"; fi
		say "GATEWAY_PORT=$gateway_port" # of all its processes: the kernel deals the connections out
		while read -r party variable _; do say "${variable}_FILE=$secrets/hook-$party"; done < <(hooks)
	fi
	if [ "$worker" = ship-sync ]; then
		say "SANDBOX_WMS_URL=$(over http)://$(host):$sandbox_port"
		say "SANDBOX_WMS_TOKEN_FILE=$secrets/sandbox-wms.token"
		say "QUEUES=$(partner_queues "$2")"
	fi
	cat "$var/fleet.env" "$var/fleet.$worker.env" 2>/dev/null || true
}

# quote_environment - KEY=VALUE lines as supervisor wants them. Its parser knows no escapes but %%, and cuts off what
# follows a blank with ; or #.
quote_environment() {
	awk '
		/^[ \t]*(#|$)/ { next }
		{ at = index($0, "="); key = substr($0, 1, at - 1); value = substr($0, at + 1); quote = "\"" }
		key !~ /^[A-Za-z_][A-Za-z0-9_]*$/ { print "not KEY=VALUE: " $0 >"/dev/stderr"; bad = 1; exit }
		index(value, "\"") { quote = "\047" }
		(index(value, "\"") && index(value, "\047")) || value ~ /[ \t][;#]/ || value ~ /^["\047]|["\047]$/ {
			print "supervisor cannot hold this value of " key >"/dev/stderr"; bad = 1; exit }
		{ gsub(/%/, "%%", value); if (!(key in line)) order[++n] = key; line[key] = key "=" quote value quote }
		END { if (bad) exit 1; for (i = 1; i <= n; i++) printf("%s%s", (i > 1 ? "," : ""), line[order[i]]); print "" }'
}

program_section() { # program_section PROGRAM BINARY NUMBER
	local environment
	environment=$(environment_of "$2" "$3" | quote_environment) || die "fleet.env or fleet.$2.env in $var: see above"
	cat <<-END
		[program:$1]
		command="${bin//%/%%}/$2"
		directory=${repo//%/%%}
		environment=$environment
		autorestart=true
		startsecs=1
		startretries=1000000
		stopwaitsecs=30
		killasgroup=true
		redirect_stderr=true
		stdout_logfile=$log/$1.log
		stdout_logfile_maxbytes=20MB
		stdout_logfile_backups=3
	END
}

# parties_deploy - copy the parties, check the copy if it is another than before, and set parties_copy to it
parties_deploy() {
	local new=$var/parties/new sum
	mkdir -p "$var/parties"
	rm -rf "$new"
	cp -rL "$parties" "$new" || die "the parties in $parties cannot be copied (above)"
	rm -rf "$new/.git"
	sum=$(cd "$new" && find . -type f ! -path '*/samples/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
	parties_copy=$var/parties/${sum:0:16}
	if [ -d "$parties_copy" ]; then rm -rf "$new"; return; fi
	parties=$new tributary party check >"$log/party-check.log" 2>&1 || die "the parties in $parties are not deployed, what ran goes on:
$(grep -v '^ok ' "$log/party-check.log" | head -n 20)"
	mv "$new" "$parties_copy"
	find "$var/parties" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n +6 | cut -d' ' -f2- |
		xargs -r rm -rf # the running one is among the newest five
}

# fleet_sections - make DIR/supervisor/conf.d say what should run
fleet_sections() {
	local dir=$var/supervisor/conf.d program binary number wanted=' ' file
	mkdir -p "$dir"
	parties_deploy
	while read -r program binary number; do
		program_section "$program" "$binary" "$number" >"$dir/$program.new" || exit 1
		replace "$dir/$program.conf" <"$dir/$program.new"
		rm -f "$dir/$program.new"
		wanted+="$program "
	done < <(programs)
	for file in "$dir"/*.conf; do
		program=$(basename "$file" .conf)
		case $wanted in *" $program "*) ;; *) rm -f "$file" ;; esac
	done
}

# fleet_sync - write the sections and have the running supervisord add, remove or restart just what differs
fleet_sync() {
	fleet_sections
	supervisorctl update >"$log/supervisorctl.log" 2>&1 || die "supervisorctl update failed
$(last_lines "$log/supervisorctl.log")"
}

supervisor_start() {
	local dir
	dir=$(supervisor_socket_dir)
	mkdir -p "$var/supervisor" "$dir"
	if [ ! -O "$dir" ]; then die "$dir belongs to somebody else"; fi
	# Workers that outlived a killed supervisord would run beside their successors.
	if runs fleet; then ends TERM 30 fleet; fi
	supervisor_conf | replace "$var/supervisor/supervisord.conf"
	fleet_sections
	spawn supervisor "$log/supervisord.out" /usr/bin/supervisord -c "$var/supervisor/supervisord.conf"
	wait_until 15 supervisor_answers || die "supervisord does not answer after 15 s
$(last_lines "$log/supervisord.out")
$(last_lines "$log/supervisord.log")"
}

# outdated STATES - programs that run a binary which has been built anew since
outdated() {
	local program state _ pid
	while read -r program state _ pid _; do
		if [ "$state" != RUNNING ]; then continue; fi
		case $(readlink "/proc/${pid%,}/exe") in *' (deleted)') say "$program" ;; esac
	done <<<"$1"
}

fleet_up() {
	local now old
	if ! runs supervisor; then
		supervisor_start
	else
		signal CONT supervisor
		signal CONT fleet
		fleet_sync
		now=$(states)
		old=$(outdated "$now")
		if [ -n "$old" ]; then say "rebuilt since, restarting:" $old; fi
		each restart $old
		each start $(awk '$2 ~ /STOPPED|EXITED|FATAL/ { print $1 }' <<<"$now")
	fi
	fleet_settled
}

# each ACTION PROGRAM... - side by side: a stop takes as long as the slowest program's work in hand
each() {
	local action=$1
	shift
	if [ $# = 0 ]; then return; fi
	printf '%s\n' "$@" | xargs -P 8 -n 1 /usr/bin/supervisorctl -c "$var/supervisor/supervisord.conf" "$action" 9>&- |
		grep -vE 'ERROR \((already started|not running)\)' || true
}

# fleet_settled - wait until every program runs or it is clear which do not
fleet_settled() {
	local now bad program
	settled() { now=$(states); case $now in *' STARTING '*) return 1 ;; esac; }
	wait_until 20 settled || true
	bad=$(awk '$2 ~ /BACKOFF|FATAL|EXITED|UNKNOWN/ { print $1 }' <<<"$now")
	if [ -z "$bad" ]; then return; fi
	for program in $bad; do
		say "$program does not stay up"
		last_lines "$log/$program.log"
	done >&2
	die "the servers run, but a part of the fleet does not (above)"
}

fleet_down() {
	if runs supervisor; then
		signal CONT fleet
		ends TERM 45 supervisor
	fi
	if runs fleet; then ends TERM 30 fleet; fi
}
