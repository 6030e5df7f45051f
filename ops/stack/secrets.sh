# secrets.sh - passwords and the files that hand them on. Sourced after lib.sh.
#
# Each secret lives in one 0600 file in DIR/secrets and is made once. It travels by file or pipe only: never in an
# argument list, never in a log. `printf` is the shell's own, so no process sees what it prints.

# secret NAME - make DIR/secrets/NAME unless it is there
secret() {
	if [ ! -s "$secrets/$1" ]; then
		od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$secrets/$1.new"
		mv -f "$secrets/$1.new" "$secrets/$1"
	fi
}

url() { # url FILE SCHEME USER SECRET HOSTS [PATH]
	secret "$4"
	printf '%s://%s:%s@%s%s\n' "$2" "$3" "$(<"$secrets/$4")" "$5" "${6:-}" | replace "$secrets/$1"
}

hosts_of() { # hosts_of KIND - "127.0.0.1:27632", of a cluster one after the other with commas
	local name hosts=''
	for name in $(servers_of "$1"); do hosts+=",$(host):$(port_of "$name")"; done
	say "${hosts#,}"
}

amqp_url() { # amqp_url USER - password of a RabbitMQ user, and a URL for each node, with commas
	local host urls=''
	secret "$1.amqp-password"
	for host in ${amqp_hosts//,/ }; do urls+=",$(over amqp)://$1:$(<"$secrets/$1.amqp-password")@$host/tributary"; done
	say "${urls#,}" | replace "$secrets/$1.amqp-url"
}

database_url() { # database_url NAME ROLE - password and URL of a Postgres role; of two servers it wants the primary
	local path=/${3:-tributary}
	if [ "$cluster" = yes ]; then path+='?target_session_attrs=read-write'; fi
	if [ "$tls" = yes ]; then path+="?sslmode=verify-full&sslrootcert=$var/tls/ca.pem"; fi
	url "$1.database-url" postgresql "$2" "$2.pg-password" "$postgres_hosts" "$path"
}

# hook_secret PARTY SCHEME - what its webhooks are signed with here: a sender of one's own, for trying it, until the channel's own
# secret is put into the file
hook_secret() {
	if [ -s "$secrets/hook-$1" ]; then return; fi
	secret "hook-$1.random"
	case $2 in
		basic) printf 'tributary:%s\n' "$(<"$secrets/hook-$1.random")" ;;
		standard-webhooks) printf 'whsec_%s\n' "$(base64 -w 0 <"$secrets/hook-$1.random")" ;;
		*) cat "$secrets/hook-$1.random" ;;
	esac | replace "$secrets/hook-$1"
}

write_secrets() {
	local name scheme amqp_hosts postgres_hosts redis_host
	amqp_hosts=$(hosts_of rabbitmq) postgres_hosts=$(hosts_of postgres) redis_host=$(hosts_of redis)
	for name in $(workers); do
		amqp_url "$name"
		database_url "$name" "$(role_of "$name")"
	done
	for name in $(parties); do amqp_url "party-$name"; done
	while read -r name _ scheme; do hook_secret "$name" "$scheme"; done < <(hooks)
	amqp_url operator
	amqp_url admin
	url admin.management-url "$(over http)" admin admin.amqp-password "$(host):$(management_port rabbitmq)"
	database_url operator tributary_operator
	database_url owner tributary_owner
	database_url postgres postgres postgres
	if [ "$cluster" = yes ]; then secret tributary_standby.pg-password; fi
	for name in postgres tributary_standby; do
		if [ -s "$secrets/$name.pg-password" ]; then printf '*:*:*:%s:%s\n' $name "$(<"$secrets/$name.pg-password")"; fi
	done | replace "$secrets/pgpass"
	url redis-url "$(over redis)" tributary redis-password "$redis_host" /0
	url redis-admin-url "$(over redis)" admin redis-admin-password "$redis_host" /0
	secret sandbox-wms.token
	secret erlang-cookie
}

# DIR/tributary.env - to be sourced by a person or a test
write_env() {
	local party variable
	{
		say "export AMQP_URL='$(<"$secrets/operator.amqp-url")'"
		say "export REDIS_URL='$(<"$secrets/redis-url")'"
		say "export DATABASE_URL='$(<"$secrets/operator.database-url")'"
		say "export RABBITMQ_MANAGEMENT_URL='$(<"$secrets/admin.management-url")'"
		say "export GATEWAY_URL='$(over http)://$(host):$gateway_port'"
		say "export SANDBOX_WMS_URL='$(over http)://$(host):$sandbox_port'"
		say "export SANDBOX_WMS_TOKEN_FILE='$secrets/sandbox-wms.token'"
		say "export TRIBUTARY_VAR='$var'"
		say "export TRIBUTARY_PORT_BASE='$port_base'"
		say "export TRIBUTARY_SECRETS='$secrets'"
		say "export PARTIES_DIR='$parties'"
		tls_environment | sed "s/=\(.*\)/='\1'/; s/^/export /"
		while read -r party variable _; do say "export ${variable}_FILE='$secrets/hook-$party'"; done < <(hooks)
	} | replace "$var/tributary.env"
}
