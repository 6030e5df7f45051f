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

url() { # url FILE SCHEME USER SECRET PORT [PATH]
	secret "$4"
	printf '%s://%s:%s@127.0.0.1:%s%s\n' "$2" "$3" "$(<"$secrets/$4")" "$5" "${6:-}" | replace "$secrets/$1"
}

amqp_url() { # amqp_url USER - password and URL of a RabbitMQ user
	url "$1.amqp-url" amqp "$1" "$1.amqp-password" "$amqp_port" /tributary
}

database_url() { # database_url NAME ROLE - password and URL of a Postgres role
	url "$1.database-url" postgresql "$2" "$2.pg-password" "$postgres_port" "/${3:-tributary}"
}

write_secrets() {
	local name
	for name in $(workers); do
		amqp_url "$name"
		database_url "$name" "$(role_of "$name")"
	done
	for name in $(parties); do amqp_url "party-$name"; done
	amqp_url operator
	amqp_url admin
	url admin.management-url http admin admin.amqp-password "$management_port"
	database_url operator tributary_operator
	database_url owner tributary_owner
	database_url postgres postgres postgres
	printf '*:*:*:postgres:%s\n' "$(<"$secrets/postgres.pg-password")" | replace "$secrets/pgpass"
	url redis-url redis tributary redis-password "$redis_port" /0
	url redis-admin-url redis admin redis-admin-password "$redis_port" /0
	secret sandbox-wms.token
	secret erlang-cookie
}

# DIR/tributary.env - to be sourced by a person or a test
write_env() {
	{
		say "export AMQP_URL='$(<"$secrets/operator.amqp-url")'"
		say "export REDIS_URL='$(<"$secrets/redis-url")'"
		say "export DATABASE_URL='$(<"$secrets/operator.database-url")'"
		say "export RABBITMQ_MANAGEMENT_URL='$(<"$secrets/admin.management-url")'"
		say "export SANDBOX_WMS_URL='http://127.0.0.1:$sandbox_port'"
		say "export SANDBOX_WMS_TOKEN_FILE='$secrets/sandbox-wms.token'"
		say "export TRIBUTARY_VAR='$var'"
		say "export TRIBUTARY_PORT_BASE='$port_base'"
		say "export TRIBUTARY_SECRETS='$secrets'"
		say "export PARTIES_DIR='$parties'"
	} | replace "$var/tributary.env"
}
