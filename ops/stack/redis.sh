# redis.sh - the stack's own Redis. Sourced after lib.sh.

redis_start() {
	local port
	port=$(port_of redis)
	need_port "$port" Redis
	mkdir -p "$var/redis"
	{
		sed -e "s/@PORT@/$([ "$tls" = yes ] && say 0 || say "$port")/" -e "s|@DIR@|$var/redis|" "$here/redis.conf.in"
		if [ "$tls" = yes ]; then redis_tls_conf "$port"; fi
	} | replace "$var/redis/redis.conf"
	redis_acl | replace "$var/redis/users.acl"
	spawn redis "$log/redis.log" /usr/bin/redis-server "$var/redis/redis.conf"
}

redis_tls_conf() {
	say "tls-port $1"
	say "tls-cert-file $var/tls/server.pem"
	say "tls-key-file $var/tls/server.key"
	say "tls-ca-cert-file $var/tls/ca.pem"
	say 'tls-auth-clients no'
}

# Passwords as hashes. A worker sees its own keys and cannot flush, configure or list; admin is for tests and repairs.
redis_acl() {
	hash_of() { sha256sum <"$secrets/$1" | cut -d' ' -f1; }
	say 'user default off nopass resetkeys resetchannels -@all'
	say "user tributary on #$(hash_of redis-password) ~tributary:* &tributary:* +@all -@dangerous -@admin"
	say "user admin on #$(hash_of redis-admin-password) ~* &* +@all"
}

redis_answers() {
	local answer
	local tls_options=()
	if [ "$tls" = yes ]; then tls_options=(--tls --cacert "$var/tls/ca.pem"); fi
	answer=$(REDISCLI_AUTH=$(<"$secrets/redis-password") timeout 3 redis-cli -h 127.0.0.1 -p "$(port_of redis)" "${tls_options[@]}" \
		--user tributary --no-auth-warning ping 2>/dev/null) || return 1
	[ "$answer" = PONG ]
}

redis_ready() { :; }
redis_started() { :; }
redis_stop() { ends TERM 30 redis; }
