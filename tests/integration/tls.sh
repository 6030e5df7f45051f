#!/bin/bash
# A stack whose servers, and the warehouse, speak TLS only: orders flow, no connection is in plain text, and a server that
# cannot prove who it is gets nothing: neither one that another CA vouches for, nor one of another name. Promise P6: a Redis
# that is not trusted is a Redis that is away.
. "$(dirname "$0")/../support/fleet.sh"
COUNT=30
fleet_own tls --tls
super() { psql "$(<"$var/secrets/postgres.database-url")" -X -q -At -c "$1"; }
redis() { REDISCLI_AUTH=$(<"$var/secrets/redis-admin-password") redis-cli --no-auth-warning --user admin -h localhost -p "$(sed 's/.*:\([0-9]*\)\/0$/\1/' "$var/secrets/redis-url")" "$@" 2>&1; }
log_has() { grep -qE "$2" "$var/log/$1-0.log"; } # log_has WORKER PATTERN
strangers=/etc/ssl/certs/ca-certificates.crt # who do not know the stack's CA

load tls- $COUNT
wait_for 60 all_invoiced tls- $COUNT
is "over TLS, every order comes to its invoice" "$(invoiced tls-)" $COUNT

# --- no connection is in plain text ---------------------------------------------------------------------------------------
rabbit_connections() { management GET connections | jq -r "[.[] | select(.ssl $1)] | length"; } # RabbitMQ tells of them every 5 s
wait_for 20 eval '[ "$(rabbit_connections "== true")" -ge 15 ]'
is "RabbitMQ, of all connections in plain text" "$(rabbit_connections '!= true')" 0
is "RabbitMQ, its workers are connected" "$(management GET connections | jq -r '[.[] | select(.ssl) | .user] | unique | map(select(startswith("party-") | not)) | length')" 10
is "Postgres, of all connections in plain text" "$(super "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity a USING (pid) WHERE a.backend_type = 'client backend' AND NOT ssl")" 0
is "Postgres, every worker is connected" "$(super "SELECT count(DISTINCT usename) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND version >= 'TLSv1.2' AND usename ~ '^tributary_' AND usename <> 'tributary_operator'")" 10
is "Redis, its port for plain text" "$(redis --tls --cacert "$REDIS_CA_FILE" CONFIG GET port | tail -n 1)" 0
is "Redis, it is told what was done" "$(redis --tls --cacert "$REDIS_CA_FILE" --scan --pattern 'tributary:done:invoice:*' | head -n 1 | cut -d: -f 1-3)" tributary:done:invoice

# --- plain text gets nothing -----------------------------------------------------------------------------------------------
said=$(AMQP_URL=${AMQP_URL/amqps:/amqp:} timeout 20 "$bin/bench" load --party shopify --template tests/bench/order.json --count 1 --patience 0 2>&1)
grep -q 'amqp-away' <<<"$said" && ok "RabbitMQ, plain text is not spoken" || not_ok "RabbitMQ, plain text is not spoken" "$said"
said=$(psql "${DATABASE_URL/verify-full/disable}" -c 'SELECT 1' 2>&1)
grep -q 'no pg_hba.conf entry' <<<"$said" && ok "Postgres, plain text is not spoken" || not_ok "Postgres, plain text is not spoken" "$said"
said=$(redis PING)
grep -qE 'reset|closed' <<<"$said" && ok "Redis, plain text is not spoken" || not_ok "Redis, plain text is not spoken" "$said"

curl -s -m 5 "${SANDBOX_WMS_URL/https:/http:}/v1/stats" >/dev/null
said=$? # 52 and 56: it took the connection, and ended it
is "the warehouse, plain text is not spoken" "$((said == 52 || said == 56))" 1

# Who asks for figures, and who calls the gateway
figures=$(sed -n 's/.*HTTP_PORT="\([0-9]*\)".*/\1/p' "$var/supervisor/conf.d/enrich-0.conf")
prometheus=$(($(sed 's/.*:\([0-9]*\)$/\1/' <<<"$RABBITMQ_MANAGEMENT_URL") + 3))
for place in "$figures/metrics tributary_batches_total" "$prometheus/metrics rabbitmq_build_info" "${GATEWAY_URL##*:}/v1/openapi.yaml openapi:"; do
	path=${place% *} pattern=${place##* }
	is "$path, over TLS" "$(curl -s -m 5 --cacert "$AMQP_CA_FILE" "https://localhost:$path" | grep "^$pattern" | head -c 8)" "${pattern:0:8}"
	is "$path, plain text is not spoken" "$(curl -s -m 5 "http://localhost:$path" | grep -c "^$pattern")" 0
	curl -s -m 5 -o /dev/null "https://localhost:$path"
	is "$path, of a CA that nobody knows" "$?" 60
done
# A new certificate is taken in place, and one that does not fit its key is not
served() { openssl s_client -connect "localhost:$figures" </dev/null 2>/dev/null | openssl x509 -noout -subject 2>/dev/null; }
pair=$var/figures
cp "$var/tls/server.pem" "$pair.pem" && cp "$var/tls/server.key" "$pair.key"
printf 'HTTP_TLS_CERTIFICATE_FILE=%s\nHTTP_TLS_KEY_FILE=%s\n' "$pair.pem" "$pair.key" >"$var/fleet.enrich.env"
fleet reload
wait_for 20 eval '[ -n "$(served)" ]'
is "figures, the certificate of now" "$(served)" 'subject=CN = localhost'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=renewed -keyout "$var/renewed.key" -out "$var/renewed.pem" 2>/dev/null
cp "$var/renewed.pem" "$pair.pem"
is "figures, a certificate whose key is another's is not taken" "$(served)" 'subject=CN = localhost'
cp "$var/renewed.key" "$pair.key"
is "figures, a new one is taken in place" "$(served)" 'subject=CN = renewed'
rm "$var/fleet.enrich.env"
fleet reload
said=$(HTTP_PORT=1 HTTP_TLS_KEY_FILE=$var/tls/server.key AMQP_URL_FILE=$var/secrets/enrich.amqp-url DATABASE_URL_FILE=$var/secrets/enrich.database-url \
	REDIS_URL_FILE=$var/secrets/redis-url env -u DATABASE_URL -u AMQP_URL -u REDIS_URL timeout 20 "$bin/enrich" 2>&1)
is "figures, a key without its certificate: the worker does not start" "$?" 78
grep -q 'HTTP_TLS_CERTIFICATE_FILE: config: a certificate and its key' <<<"$said" && ok "figures, and says so" || not_ok "figures, and says so" "$said"

# --- a server that cannot prove who it is -----------------------------------------------------------------------------------
said=$(AMQP_CA_FILE=$strangers timeout 20 "$bin/bench" load --party shopify --template tests/bench/order.json --count 1 --patience 0 2>&1)
grep -q 'cert verification failed' <<<"$said" && ok "RabbitMQ, another CA's: it is said" || not_ok "RabbitMQ, another CA's: it is said" "$said"
said=$(AMQP_URL=${AMQP_URL/localhost/127.0.0.1} timeout 20 "$bin/bench" load --party shopify --template tests/bench/order.json --count 1 --patience 0 2>&1)
grep -q 'amqp-away.*host' <<<"$said" && ok "RabbitMQ, another name: it is said" || not_ok "RabbitMQ, another name: it is said" "$said"
said=$(psql "${DATABASE_URL/localhost/127.0.0.1}" -c 'SELECT 1' 2>&1)
grep -q 'does not match host name' <<<"$said" && ok "Postgres, another name: it is said" || not_ok "Postgres, another name: it is said" "$said"

echo "REDIS_CA_FILE=$strangers" >"$var/fleet.enrich.env"
sed 's/localhost/127.0.0.1/' "$var/secrets/redis-url" >"$var/secrets/redis-other-url"
echo "REDIS_URL_FILE=$var/secrets/redis-other-url" >"$var/fleet.invoice.env"
for worker in enrich invoice; do : >"$var/log/$worker-0.log"; done
fleet reload
load untrusted- $COUNT
wait_for 60 all_invoiced untrusted- $COUNT
is "Redis, one that is not trusted is away: orders flow all the same" "$(invoiced untrusted-)" $COUNT
log_has enrich 'redis-away .*certificate' && ok "Redis, another CA's: it is said" || not_ok "Redis, another CA's: it is said" "$(grep -o "event=redis.*" "$var/log/enrich-0.log")"
log_has invoice 'redis-away .*subject name' && ok "Redis, another name: it is said" || not_ok "Redis, another name: it is said" "$(grep -o "event=redis.*" "$var/log/invoice-0.log")"
is "Redis, and gets no password" "$(cat "$var/log/enrich-0.log" "$var/log/invoice-0.log" | grep -c redis-connected)" 0

# The warehouse's certificate is of a CA that ship-sync does not know, or for another name: it is sent nothing, and the orders wait
effects() { sql "SELECT count(*) FROM tributary.effects e JOIN tributary.orders o USING (order_id) WHERE o.number LIKE '$1%' AND e.state $2"; }
effects_are() { [ "$(effects "$1" "IN ('prepared', 'in_doubt', 'confirmed')")" = "$2" ]; }
taken=$(wms GET /v1/stats | jq .accepted)
echo "PARTNER_CA_FILE=" >"$var/fleet.ship-sync.env" # the system's
: >"$var/log/ship-sync-0.log"
fleet reload
load partner- 5
wait_for 30 effects_are partner- 5 && wait_for 30 log_has ship-sync 'outcome=retry code=partner-away'
is "the warehouse, of another CA's: of five orders none is taken for sent" "$(effects partner- "= 'prepared'") $(effects partner- "IN ('confirmed', 'in_doubt')")" "5 0"
is "the warehouse, and got none" "$(wms GET /v1/stats | jq .accepted)" "$taken"
said=$(sql "SELECT DISTINCT t.code || ' ' || t.detail FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number LIKE 'partner-%' AND t.stage = 'ship-sync'")
grep -q 'certificate' <<<"$said" && ok "the warehouse, another CA's: the order's timeline says so" || not_ok "the warehouse, another CA's: the order's timeline says so" "$said"
rm "$var/fleet.ship-sync.env"
fleet reload
wait_for 90 all_invoiced partner- 5
is "the warehouse, once its CA is known the orders go on, each once" "$(invoiced partner-) $(($(wms GET /v1/stats | jq .accepted) - taken))" "5 5"
echo "SANDBOX_WMS_URL=${SANDBOX_WMS_URL/localhost/127.0.0.1}" >"$var/fleet.ship-sync.env"
: >"$var/log/ship-sync-0.log"
fleet reload
load named- 1
wait_for 30 log_has ship-sync 'outcome=retry code=partner-away'
is "the warehouse, of another name: it is asked in vain" "$?" 0
is "the warehouse, of another name: and got none" "$(($(wms GET /v1/stats | jq .accepted) - taken))" 5
rm "$var/fleet.ship-sync.env"
fleet reload
wait_for 90 all_invoiced named- 1
is "the warehouse, by its name it gets the order" "$(invoiced named-)" 1
said=$(PARTNER_CA_FILE=/nowhere.pem timeout 20 "$bin/ship-sync" 2>&1)
is "ship-sync, a CA file that is not there: it does not start" "$?" 78
grep -q 'PARTNER_CA_FILE: config: /nowhere.pem cannot be read' <<<"$said" && ok "ship-sync, and says so" || not_ok "ship-sync, and says so" "$said"
is "the books balance" "$(books_wrong)" ""

# --- what up says ------------------------------------------------------------------------------------------------------------
said=$(ops/stack/up --var "$var" --cluster 2>&1)
is "up, no cluster over TLS" "$said" "up: --cluster and --tls: one of them, please"
# What is new in the topology goes to the RabbitMQ that runs
rabbit=$(ops/stack/server --var "$var" pids rabbitmq | head -n 1)
rm -f "$var/rabbitmq/imported"
ops/stack/up --var "$var" >/dev/null 2>&1 && ok "up again, with a topology that may be new" || not_ok "up again, with a topology that may be new"
is "up again, RabbitMQ was told and runs on" "$(ops/stack/server --var "$var" pids rabbitmq | head -n 1)" "$rabbit"
is "up again, it is still TLS" "$(cut -d: -f1 "$var/secrets/redis-url")" rediss
