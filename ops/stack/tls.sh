# tls.sh - certificates of a stack whose servers are spoken to over TLS only (`up --tls`). Sourced by lib.sh.
#
#   DIR/tls/ca.pem       what a client checks the servers against; its key is thrown away once the servers have theirs
#   DIR/tls/server.pem   of all three servers and the sandbox warehouse, for the name localhost and no other, and no address
#   DIR/tls/server.key

# host - how the servers are named in URLs: a certificate is for a name (an address rabbitmq-c 0.11 cannot check)
host() { if [ "$tls" = yes ]; then say localhost; else say 127.0.0.1; fi; }
# over SCHEME - of the URLs: redis, or rediss over TLS
over() { if [ "$tls" = yes ]; then say "$1s"; else say "$1"; fi; }

tls_prepare() {
	local dir=$var/tls
	if [ "$tls" != yes ] || [ -s "$dir/server.pem" ]; then return; fi
	rm -rf "$dir" "$dir.new"
	mkdir -p "$dir.new"
	{
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=a stack of Tributary" \
			-keyout "$dir.new/ca.key" -out "$dir.new/ca.pem" &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
			-keyout "$dir.new/server.key" -out "$dir.new/server.csr" &&
		openssl x509 -req -in "$dir.new/server.csr" -CA "$dir.new/ca.pem" -CAkey "$dir.new/ca.key" -CAcreateserial -days 3650 \
			-extfile <(say 'subjectAltName=DNS:localhost') -out "$dir.new/server.pem"
	} >"$log/tls.log" 2>&1 || die "no certificate could be made
$(last_lines "$log/tls.log")"
	rm -f "$dir.new"/ca.key "$dir.new"/ca.srl "$dir.new"/server.csr
	mv "$dir.new" "$dir"
}

# What the clients check with, as KEY=VALUE lines; Postgres' stands in its URL
tls_environment() {
	if [ "$tls" != yes ]; then return; fi
	say "AMQP_CA_FILE=$var/tls/ca.pem"
	say "REDIS_CA_FILE=$var/tls/ca.pem"
	say "PARTNER_CA_FILE=$var/tls/ca.pem"
}
