# postgres.sh - the stack's own Postgres: loopback TCP with passwords only. Sourced after lib.sh.
#
# Postgres refuses to run as root. Root's stack runs it as user postgres; when that user cannot reach DIR (a checkout
# under /root), it gets the one capability to search folders on the way, and nothing else.
#
# A cluster has two: the primary, and a standby without which it says no COMMIT (synchronous_standby_names).
#
#   DIR/postgres.primary   the name of the primary, once the standby has been promoted
#   DIR/postgres.alone     is there while the primary commits without a standby: nobody may be promoted then
pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1) || true
standby_role=tributary_standby

primary() { cat "$var/postgres.primary" 2>/dev/null || say postgres; }
is_primary() { [ "$1" = "$(primary)" ]; }
peer_of() { if [ "$1" = postgres ]; then say postgres-standby; else say postgres; fi; }

# postgres_as NAME - set pg_as, the prefix that runs a command as the right user
postgres_as() {
	local dir=$var/$1
	pg_as=()
	if [ "$(id -u)" != 0 ]; then return; fi
	pg_as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
	reachable() { "${pg_as[@]}" stat "$dir/." >/dev/null 2>&1; } # access(2), as in `test -x`, ignores capabilities
	if ! reachable; then
		pg_as+=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
		reachable || die "user postgres cannot reach $dir: take another --var"
	fi
}

# handed FILE - write stdin to a file that only Postgres's user reads
handed() {
	cat >"$1"
	if [ "$(id -u)" = 0 ]; then chown postgres "$1"; fi
}

postgres_prepare() {
	local dir=$var/$1
	mkdir -p "$dir"
	if [ "$(id -u)" = 0 ]; then chown postgres:postgres "$dir"; fi
	postgres_as "$1"
	if ! is_primary "$1"; then postgres_copy "$1"; return; fi
	if [ -d "$dir/data" ]; then return; fi
	rm -rf "$dir/data.new"
	handed "$dir/password" <"$secrets/postgres.pg-password"
	# Made aside and renamed when complete, so that a run that was killed half way leaves nothing behind.
	( cd "$dir" && "${pg_as[@]}" "$pg_bin/initdb" -D "$dir/data.new" -U postgres -A scram-sha-256 --pwfile="$dir/password" \
		--data-checksums --encoding=UTF8 --locale=C.UTF-8 </dev/null >"$log/initdb.log" 2>&1 ) ||
		die "Postgres: initdb failed
$(last_lines "$log/initdb.log")"
	rm -f "$dir/password"
	if [ "$cluster" = yes ]; then touch "$var/postgres.alone"; fi
	mv "$dir/data.new" "$dir/data"
}

# postgres_copy NAME - make the data of a standby from the primary's, unless it has them. A primary of old may hold what
# its successor never got: it begins again.
postgres_copy() {
	local dir=$var/$1
	grep ":$standby_role:" "$secrets/pgpass" | handed "$dir/pgpass"
	if [ -f "$dir/data/standby.signal" ]; then return; fi
	rm -rf "$dir/data.new" "$dir/data"
	( cd "$dir" && PGPASSFILE="$dir/pgpass" "${pg_as[@]}" "$pg_bin/pg_basebackup" -D "$dir/data.new" -X stream -c fast -w \
		-h 127.0.0.1 -p "$(port_of "$(primary)")" -U $standby_role </dev/null >"$log/basebackup.log" 2>&1 ) ||
		die "Postgres: pg_basebackup failed
$(last_lines "$log/basebackup.log")"
	"${pg_as[@]}" touch "$dir/data.new/standby.signal"
	mv "$dir/data.new" "$dir/data"
}

# A standby without data needs the primary to copy from.
postgres_ready() {
	accepted() { PGPASSFILE=$secrets/pgpass "$pg_bin/psql" -X -q -w -o /dev/null -c IDENTIFY_SYSTEM \
		"host=127.0.0.1 port=$(port_of "$(primary)") user=$standby_role replication=true" 2>/dev/null; }
	if is_primary "$1" || [ -f "$var/$1/data/standby.signal" ]; then return; fi
	wait_until $start_seconds accepted || die "$1 is made from a copy of $(primary), which does not answer"
}

postgres_start() {
	local data=$var/$1/data environment file
	postgres_prepare "$1"
	need_port "$(port_of "$1")" Postgres
	postgres_forget_dead "$1"
	# Written in place: the files stay user postgres's own.
	sed "s/@PORT@/$(port_of "$1")/" "$here/postgresql.conf.in" >"$data/postgresql.conf"
	echo "$([ "$tls" = yes ] && say hostssl || say host) all all 127.0.0.1/32 scram-sha-256" >"$data/pg_hba.conf"
	if [ "$tls" = yes ]; then
		say 'ssl = on' >>"$data/postgresql.conf"
		for file in server.pem server.key; do handed "$data/$file" <"$var/tls/$file"; done
		say "ssl_cert_file = 'server.pem'" >>"$data/postgresql.conf"
	fi
	if [ "$cluster" = yes ]; then
		postgres_cluster_conf "$1" >>"$data/postgresql.conf"
		echo "host replication $standby_role 127.0.0.1/32 scram-sha-256" >>"$data/pg_hba.conf"
	fi
	# DIR/NAME.env: KEY=VALUE lines for the server's environment (the drill's full disk)
	mapfile -t environment < <(cat "$var/$1.env" 2>/dev/null)
	spawn "$1" "$log/$1.log" "${pg_as[@]}" env "${environment[@]}" "$pg_bin/postgres" -D "$data"
}

# A primary ignores primary_conninfo. It keeps a gigabyte of its log for a standby that was away.
postgres_cluster_conf() {
	say "primary_conninfo = 'host=127.0.0.1 port=$(port_of "$(peer_of "$1")") user=$standby_role passfile=$var/$1/pgpass application_name=standby'"
	say 'wal_retrieve_retry_interval = 500ms'
	say 'wal_keep_size = 1GB'
}

# After a SIGKILL of the postmaster its children need a moment to notice; after a crash of the machine the pid in its
# lock file may be somebody else's by now, which Postgres would take for a running server.
postgres_forget_dead() {
	local data=$var/$1/data pid
	children_gone() { [ -z "$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$data" 2>/dev/null)" ]; }
	wait_until 10 children_gone || die "Postgres: processes of a dead server still work in $data:
$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$data" 2>/dev/null)"
	if [ -f "$data/postmaster.pid" ]; then
		read -r pid <"$data/postmaster.pid" || true
		if [ -d "/proc/${pid:-none}" ]; then rm -f "$data/postmaster.pid"; fi
	fi
}

postgres_answers() { "$pg_bin/pg_isready" -q -t 2 -h 127.0.0.1 -p "$(port_of "$1")"; }
postgres_started() { :; }

# SIGINT is Postgres's fast shutdown, and only the postmaster may get it.
postgres_stop() {
	local pid
	pid=$(pids_of "$1" | head -n 1)
	if [ -z "$pid" ]; then return; fi
	signal CONT "$1"
	kill -s INT "$pid"
	wait_until 60 gone "$1" || ends QUIT 10 "$1"
}

# ---- a primary and its standby

postgres_alone() { # the primary commits without a standby from now on
	touch "$var/postgres.alone"
	say "ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();" | psql_admin "$1"
}

# postgres_follow - the primary says COMMIT only for what the standby has as well; both must run
postgres_follow() {
	followed() { [ "$(say "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming';" |
		psql_admin "$(primary)" -o /dev/stdout)" = 1 ]; }
	say "ALTER SYSTEM SET synchronous_standby_names = 'standby'; SELECT pg_reload_conf();" | psql_admin "$(primary)"
	wait_until 30 followed || die "$(peer_of "$(primary)") does not follow $(primary)
$(last_lines "$log/$(peer_of "$(primary)").log")"
	rm -f "$var/postgres.alone"
}

# postgres_promote NAME - the standby becomes the primary, alone until the other one has been made its standby
postgres_promote() {
	local peer
	peer=$(peer_of "$1")
	postgres_answers "$1" || die "$1 does not answer"
	recovers() { [ "$(say 'SELECT pg_is_in_recovery();' | psql_admin "$1" -o /dev/stdout)" = t ]; }
	recovers "$1" || die "$1 is the primary already"
	gone "$peer" || die "$peer still runs, and two primaries must never be: ops/stack/server kill $peer"
	[ ! -f "$var/postgres.alone" ] || is_primary "$1" || die "$peer committed without $1, which lacks that: start $peer, then $1"
	# Once decided it holds: from now on a start of the other one makes it a standby.
	say "$1" | replace "$var/postgres.primary"
	postgres_alone "$1"
	say 'SELECT pg_promote();' | psql_admin "$1"
	if recovers "$1"; then die "$1 is not promoted
$(last_lines "$log/$1.log")"; fi
}

# psql_admin NAME [OPTION...] - run the SQL on stdin as superuser; secrets in it must not reach the log when a statement fails
psql_admin() {
	{ echo 'SET log_statement = none; SET log_min_error_statement = panic;'; cat; } |
		env -u PGSERVICE PGPASSFILE="$secrets/pgpass" PGCONNECT_TIMEOUT=10 "$pg_bin/psql" -X -q -At -o /dev/null "${@:2}" \
			-v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(port_of "$1")" -U postgres -d postgres
}

role_sql() { # role_sql ROLE [ATTRIBUTE] - create it or set its password; it may connect, migrations grant the rest, to the
	# role itself or to the group tributary_worker
	say "SELECT 'CREATE ROLE $1' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$1') \\gexec"
	say "ALTER ROLE $1 LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE ${2:-NOREPLICATION} PASSWORD '$(<"$secrets/$1.pg-password")';"
}

postgres_roles() {
	local name roles='tributary_owner tributary_operator'
	for name in $(workers); do roles+=" $(role_of "$name")"; done
	{
		say 'SET client_min_messages = warning;'
		for name in $roles; do role_sql "$name"; done
		if [ "$cluster" = yes ]; then role_sql $standby_role REPLICATION; fi
		say "SELECT 'CREATE ROLE tributary_worker NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tributary_worker') \\gexec"
		for name in $(consumers); do say "GRANT tributary_worker TO $(role_of "$name");"; done
		say "SELECT 'CREATE DATABASE tributary OWNER tributary_owner'
		     WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tributary') \\gexec"
		say 'REVOKE ALL ON DATABASE tributary, postgres, template1 FROM PUBLIC;'
		say "GRANT CONNECT ON DATABASE tributary TO ${roles// /, };"
	} | psql_admin "$(primary)" || die "Postgres: the roles could not be made (message above)
$(last_lines "$log/$(primary).log")"
}
