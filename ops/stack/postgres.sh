# postgres.sh - the stack's own Postgres: loopback TCP with passwords only. Sourced after lib.sh.
#
# Postgres refuses to run as root. Root's stack runs it as user postgres; when that user cannot reach DIR (a checkout
# under /root), it gets the one capability to search folders on the way, and nothing else.
pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1) || true

# postgres_as - set pg_as, the prefix that runs a command as the right user
postgres_as() {
	pg_as=()
	if [ "$(id -u)" != 0 ]; then return; fi
	pg_as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
	reachable() { "${pg_as[@]}" stat "$var/postgres/." >/dev/null 2>&1; } # access(2), as in `test -x`, ignores capabilities
	if ! reachable; then
		pg_as+=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
		reachable || die "user postgres cannot reach $var/postgres: take another --var"
	fi
}

postgres_prepare() {
	local dir=$var/postgres
	mkdir -p "$dir"
	if [ "$(id -u)" = 0 ]; then chown postgres:postgres "$dir"; fi
	postgres_as
	if [ -d "$dir/data" ]; then return; fi
	rm -rf "$dir/data.new"
	cat "$secrets/postgres.pg-password" >"$dir/password"
	if [ "$(id -u)" = 0 ]; then chown postgres "$dir/password"; fi
	# Made aside and renamed when complete, so that a run that was killed half way leaves nothing behind.
	( cd "$dir" && "${pg_as[@]}" "$pg_bin/initdb" -D "$dir/data.new" -U postgres -A scram-sha-256 --pwfile="$dir/password" \
		--data-checksums --encoding=UTF8 --locale=C.UTF-8 </dev/null >"$log/initdb.log" 2>&1 ) ||
		die "Postgres: initdb failed
$(last_lines "$log/initdb.log")"
	rm -f "$dir/password"
	mv "$dir/data.new" "$dir/data"
}

postgres_start() {
	local data=$var/postgres/data environment
	postgres_prepare
	need_port "$postgres_port" Postgres
	postgres_forget_dead
	# Written in place: the files stay user postgres's own.
	sed "s/@PORT@/$postgres_port/" "$here/postgresql.conf.in" >"$data/postgresql.conf"
	echo 'host all all 127.0.0.1/32 scram-sha-256' >"$data/pg_hba.conf"
	# DIR/postgres.env: KEY=VALUE lines for the server's environment (the drill's full disk)
	mapfile -t environment < <(cat "$var/postgres.env" 2>/dev/null)
	spawn postgres "$log/postgres.log" "${pg_as[@]}" env "${environment[@]}" "$pg_bin/postgres" -D "$data"
}

# After a SIGKILL of the postmaster its children need a moment to notice; after a crash of the machine the pid in its
# lock file may be somebody else's by now, which Postgres would take for a running server.
postgres_forget_dead() {
	local data=$var/postgres/data pid
	children_gone() { [ -z "$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$data" 2>/dev/null)" ]; }
	wait_until 10 children_gone || die "Postgres: processes of a dead server still work in $data:
$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$data" 2>/dev/null)"
	if [ -f "$data/postmaster.pid" ]; then
		read -r pid <"$data/postmaster.pid" || true
		if [ -d "/proc/${pid:-none}" ]; then rm -f "$data/postmaster.pid"; fi
	fi
}

postgres_answers() { "$pg_bin/pg_isready" -q -t 2 -h 127.0.0.1 -p "$postgres_port"; }
postgres_stop() { ends_postgres INT 60; }

# SIGINT is Postgres's fast shutdown, and only the postmaster may get it.
ends_postgres() {
	local pid
	pid=$(pids_of postgres | head -n 1)
	if [ -z "$pid" ]; then return; fi
	signal CONT postgres
	kill -s "$1" "$pid"
	wait_until "$2" gone postgres || ends QUIT 10 postgres
}

# psql_admin - run the SQL on stdin as superuser; secrets in it must not reach the log when a statement fails
psql_admin() {
	{ echo 'SET log_statement = none; SET log_min_error_statement = panic;'; cat; } |
		env -u PGSERVICE PGPASSFILE="$secrets/pgpass" PGCONNECT_TIMEOUT=10 "$pg_bin/psql" -X -q -At -o /dev/null \
			-v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$postgres_port" -U postgres -d postgres
}

role_sql() { # role_sql ROLE - create it or set its password; it may connect, migrations grant the rest, to the role
	# itself or to the group tributary_worker
	say "SELECT 'CREATE ROLE $1' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$1') \\gexec"
	say "ALTER ROLE $1 LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '$(<"$secrets/$1.pg-password")';"
}

postgres_roles() {
	local name roles='tributary_owner tributary_operator'
	for name in $(workers); do roles+=" $(role_of "$name")"; done
	{
		say 'SET client_min_messages = warning;'
		for name in $roles; do role_sql "$name"; done
		say "SELECT 'CREATE ROLE tributary_worker NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tributary_worker') \\gexec"
		for name in $(consumers); do say "GRANT tributary_worker TO $(role_of "$name");"; done
		say "SELECT 'CREATE DATABASE tributary OWNER tributary_owner'
		     WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tributary') \\gexec"
		say 'REVOKE ALL ON DATABASE tributary, postgres, template1 FROM PUBLIC;'
		say "GRANT CONNECT ON DATABASE tributary TO ${roles// /, };"
	} | psql_admin || die "Postgres: the roles could not be made (message above)
$(last_lines "$log/postgres.log")"
}
