#!/bin/bash
# The gateway over TLS: its certificate is renewed in place, a broken one is not taken, and nothing older than TLS 1.2.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/tls
rm -rf "$dir" && mkdir -p "$dir"
trap 'rm -f "$var/fleet.gateway.env"; fleet reload' EXIT
url=https://localhost:${GATEWAY_URL##*:}

certificate() { # certificate NAME - one of its own, for localhost
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
		-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$dir/$1.key" -out "$dir/$1.pem" 2>/dev/null
}
put() { # put NAME - its files in place of those in use, the key first
	cp "$dir/$1.key" "$dir/key.new" && mv "$dir/key.new" "$dir/key.pem"
	cp "$dir/$1.pem" "$dir/pem.new" && mv "$dir/pem.new" "$dir/certificate.pem"
}
answers() { curl -s -o /dev/null -w '%{http_code}' --cacert "$dir/$1.pem" "${@:2}" "$url/v1/openapi.yaml"; }
is_served() { [ "$(answers "$1")" = 200 ]; }
shown() { openssl s_client -connect "${url#https://}" </dev/null 2>/dev/null | sed -n 's/^subject=CN *= *//p'; }
gateway_log() { cat "$var"/log/gateway-*.log; }
pids() { ops/stack/fleet --var "$var" pids gateway; }

certificate first
certificate second
certificate third
put first
printf 'TLS_CERTIFICATE_FILE=%s\nTLS_KEY_FILE=%s\n' "$dir/certificate.pem" "$dir/key.pem" >"$var/fleet.gateway.env"
fleet reload
wait_for 20 is_served first && ok "tls, answers with the certificate" || not_ok "tls, answers with the certificate"
before=$(pids)
is "tls, another certificate's client refuses it" "$(answers second)" 000
is "tls, plain HTTP on its port gets no answer" "$(curl -s -o /dev/null -w '%{http_code}' -m 5 "$GATEWAY_URL/v1/openapi.yaml")" 000
is_served first && ok "tls, answers after plain HTTP" || not_ok "tls, answers after plain HTTP"

for version in 1 1_1; # openssl's names of 1.0 and 1.1
do
	text=$(openssl s_client -connect "${url#https://}" -tls$version -cipher 'ALL:@SECLEVEL=0' </dev/null 2>&1)
	grep -q 'Cipher is (NONE)' <<<"$text" && ok "tls, TLS ${version/_/.} is refused" || not_ok "tls, TLS ${version/_/.} is refused" "$text"
done
for version in 1.2 1.3; do
	is "tls, TLS $version is spoken" "$(answers first "--tlsv$version" --tls-max "$version")" 200
done

# A connection that is open while the certificate changes goes on: two requests on one, with the change between them.
mkfifo "$dir/in"
openssl s_client -quiet -connect "${url#https://}" <"$dir/in" >"$dir/out" 2>/dev/null &
client=$!
exec 8>"$dir/in"
request='GET /v1/openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n'
answered() { [ "$(grep -ac '^HTTP/1.1 200' "$dir/out")" = "$1" ]; }
printf "$request" >&8
wait_for 5 answered 1 || not_ok "tls, a connection of openssl's is answered"
put second
wait_for 10 is_served second && ok "rotation, a new certificate is taken without a restart" || not_ok "rotation, a new certificate is taken without a restart" "$(shown)"
printf "$request" >&8
wait_for 5 answered 2 && ok "rotation, a connection that was open goes on" || not_ok "rotation, a connection that was open goes on" "$(cat "$dir/out" | head -c 300)"
exec 8>&-
wait "$client"

# Broken: half a file; the key of another
kept() { [ "$(gateway_log | grep -c 'event=certificate-kept')" -ge "$1" ]; }
count=$(gateway_log | grep -c 'event=certificate-kept')
head -c 100 "$dir/third.pem" >"$dir/certificate.pem"
wait_for 10 kept $((count + 1)) && ok "rotation, a broken certificate is told" || not_ok "rotation, a broken certificate is told"
is_served second && ok "rotation, the old one goes on beside a broken one" || not_ok "rotation, the old one goes on beside a broken one"
cp "$dir/third.pem" "$dir/certificate.pem"
wait_for 10 kept $((count + 2)) && ok "rotation, a certificate without its key is told" || not_ok "rotation, a certificate without its key is told"
rm "$dir/key.pem"
wait_for 10 kept $((count + 3)) && ok "rotation, a key that is gone is told" || not_ok "rotation, a key that is gone is told"
is_served second && ok "rotation, the old one goes on without its file" || not_ok "rotation, the old one goes on without its file"
sleep 3
is "rotation, each trouble is told once" "$(gateway_log | grep -c 'event=certificate-kept')" $((count + 3))
put third
wait_for 10 is_served third && ok "rotation, a mended one is taken" || not_ok "rotation, a mended one is taken"
is "rotation, no process was started anew" "$(pids)" "$before"

# At the start: the parameter is named
start() { # start NAME=VALUE… - a gateway on a port of its own; prints what it says
	env -i "${environment[@]}" GATEWAY_PORT=1 HTTP_PORT=0 "$@" timeout 10 "$bin/gateway" 2>&1
	echo "exit $?"
}
mapfile -t environment < <(tr '\0' '\n' <"/proc/${before%%$'\n'*}/environ" | grep -E '^(AMQP|DATABASE|REDIS|PARTIES)_')
says() { # says NAME PATTERN WHAT…
	local text
	text=$(start "${@:3}")
	grep -q "$2" <<<"$text" && grep -q '^exit 78$' <<<"$text" && ok "start, $1" || not_ok "start, $1" "$text"
}
says "a certificate that is not there" '^TLS_CERTIFICATE_FILE: config: cannot be read' TLS_CERTIFICATE_FILE="$dir/none" TLS_KEY_FILE="$dir/key.pem"
says "a certificate that is none" '^TLS_CERTIFICATE_FILE: config' TLS_CERTIFICATE_FILE="$dir/key.pem" TLS_KEY_FILE="$dir/key.pem"
says "a key that is none" '^TLS_KEY_FILE: config' TLS_CERTIFICATE_FILE="$dir/certificate.pem" TLS_KEY_FILE="$dir/certificate.pem"
says "another's key" '^TLS_KEY_FILE: config: the key is not' TLS_CERTIFICATE_FILE="$dir/certificate.pem" TLS_KEY_FILE="$dir/first.key"
says "a certificate without a key" '^TLS_KEY_FILE: config' TLS_CERTIFICATE_FILE="$dir/certificate.pem"
says "a key without a certificate" '^TLS_CERTIFICATE_FILE: config' TLS_KEY_FILE="$dir/key.pem"
