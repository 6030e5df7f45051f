#!/bin/bash
# The private stack: twice is fine, down ends exactly it, an ordinary user will do, and nobody may do more than his work.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
url() { cat "$var/secrets/$1.amqp-url"; }

# --- one writer per table ---------------------------------------------------------------------------------------------
writers() { # tables, but the skeleton's own, that more than one worker may write
	admin_sql "SELECT c.relname || ': ' || string_agg(r.rolname, ' ' ORDER BY r.rolname) FROM pg_class c
	  JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN pg_roles r
	  WHERE n.nspname = 'tributary' AND c.relkind IN ('r', 'p') AND r.rolname LIKE 'tributary\_%'
	  AND r.rolname NOT IN ('tributary_owner', 'tributary_operator', 'tributary_worker')
	  AND c.relname NOT IN ('journal', 'journal_outputs', 'gates', 'parked', 'exceptions', 'order_status', 'timeline', 'attempts',
	    'replay_items') -- the answers to previews
	  AND (has_any_column_privilege(r.oid, c.oid, 'INSERT') OR has_table_privilege(r.oid, c.oid, 'DELETE')
	       OR has_table_privilege(r.oid, c.oid, 'TRUNCATE') OR has_any_column_privilege(r.oid, c.oid, 'UPDATE'))
	  GROUP BY c.relname HAVING count(*) > 1"
}
is "rights, every table has one writer" "$(writers)" ""
as() { psql "$(cat "$var/secrets/$1.database-url")" -X -q -At -c "$2" 2>&1 >/dev/null | grep -c 'permission denied'; } # as ROLE SQL
is "rights, enrich writes no invoice" "$(as enrich "INSERT INTO tributary.invoice_numbers VALUES ('X', 1)")" 1
is "rights, invoice changes no stock" "$(as invoice "UPDATE tributary.stock SET on_hand_micro = 0")" 1
is "rights, allocate makes no table" "$(as allocate "CREATE TABLE tributary.mine (id int)")" 1
is "rights, ingest deletes no document" "$(as ingest "DELETE FROM tributary.documents")" 1
is "rights, the auditor changes no order" "$(as auditor "UPDATE tributary.orders SET total_minor = 0")" 1
is "rights, the auditor settles no message" "$(as auditor "INSERT INTO tributary.journal SELECT * FROM tributary.journal LIMIT 1")" 1
is "rights, only the auditor and the operator read all that was said" "$(as gateway "SELECT body FROM tributary.journal_outputs") $(as ingest "SELECT body FROM tributary.journal_outputs")" "1 1"
is "rights, no worker forgets the journal" "$(as dead-letter "DELETE FROM tributary.journal")" 1

# --- a user per worker and party ----------------------------------------------------------------------------------------
try() { # try USER EXCHANGE KEY - may he publish there?
	if AMQP_URL=$(url "$1") timeout 20 "$bin/bench" load --exchange "$2" --key "$3" --template tests/bench/order.json --count 1 --patience 0 \
		>"$var/try.txt" 2>&1; then echo yes; else grep -q 'ACCESS_REFUSED\|amqp-refused' "$var/try.txt" && echo no; fi
}
is "rights, a party writes its own key" "$(try party-woocommerce intake woocommerce.ignored)" yes
is "rights, a party writes no other party's key" "$(try party-shopify intake woocommerce.order)" no
is "rights, a party says no event" "$(try party-shopify events order.accepted.shopify)" no
is "rights, a party sends nothing home" "$(try party-shopify home now.enrich)" no
is "rights, a worker says no other worker's event" "$(try enrich events shipment.confirmed.sandbox-wms)" no
is "rights, the auditor says no event" "$(try auditor events order.accepted.shopify)" no
is "rights, the auditor writes no document" "$(try auditor intake shopify.order)" no
is "rights, a worker writes no document" "$(try enrich intake shopify.order)" no
is "rights, a worker retries to its own queue only" "$(try enrich retry 5s.invoice)" no
AMQP_URL=$(url enrich) timeout 4 "$bin/bench" echo --queue invoice >"$var/try.txt" 2>&1
is "rights, a worker reads no other worker's queue" "$(grep -o "ACCESS_REFUSED.*queue 'invoice'" "$var/try.txt" | sort -u | wc -l)" 1

# --- a second stack beside it, as an ordinary user ------------------------------------------------------------------------
base=$(($(. "$var/stack.conf" && echo "$port_base") + 600))
tree=$(mktemp -d /tmp/tributary-stack.XXXXXX)
trap 'rm -rf "$tree"' EXIT
tar -c ops migrations topology | tar -x -C "$tree"
mkdir -p "$tree/build/bin" "$tree/home"
cp "$bin"/* "$tree/build/bin/"
as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$tree/home" "$@"
	else
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$tree/home" "$@"
	fi
}
if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 "$tree"; fi
stack() { as_user "$tree/ops/stack/$1" --var "$tree/var" "${@:2}" >"$var/stack.txt" 2>&1; }
pids() { for s in postgres redis rabbitmq; do ops/stack/server --var "$1" pids $s | head -n 1; done | xargs; }
theirs() { as_user bash -c 'for s in postgres redis rabbitmq; do "$0/ops/stack/server" --var "$0/var" pids $s | head -n 1; done | xargs' "$tree"; }
ours=$(pids "$var")
stack up --port-base "$base" && ok "stack, an ordinary user starts one" || { not_ok "stack, an ordinary user starts one"; cat "$var/stack.txt"; }
first=$(theirs)
is "stack, it has three servers" "$(wc -w <<<"$first")" 3
stack up && ok "stack, up again is fine" || not_ok "stack, up again is fine"
is "stack, up again restarts nothing" "$(theirs)" "$first"
is "stack, the fleet runs there too" "$(as_user "$tree/ops/stack/fleet" --var "$tree/var" status | grep -c RUNNING)" 11
is "stack, its secrets are its own" "$(find "$tree/var/secrets" -type f -perm /077 | wc -l)" 0
stack down && ok "stack, down" || not_ok "stack, down"
is "stack, down ends all of it" "$(theirs)" ""
is "stack, and nothing else" "$(pids "$var")" "$ours"
stack down && ok "stack, down again is fine" || not_ok "stack, down again is fine"
stack down --wipe
