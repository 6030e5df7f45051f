# tests/support/fleet.sh - sourced by tests that need the whole fleet on the tests' stack (TRIBUTARY_VAR and the rest of
# tributary.env are set by tests/run).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH=/usr/bin:$PATH
bin=${TRIBUTARY_BIN:-build/bin}
var=$TRIBUTARY_VAR

ok() { echo "ok $1"; }
not_ok() { echo "not ok $1${2:+: $2}"; }
is() { # is NAME HAS WANTS - equal? Of what has many lines, only those that differ are shown
	if [ "$2" = "$3" ]; then
		ok "$1"
	elif [[ $2$3 == *$'\n'* ]]; then
		not_ok "$1" "$(diff <(echo "$3") <(echo "$2") | grep -c '^>') lines differ"
		diff -U 0 <(echo "$3") <(echo "$2") | grep '^[-+][^-+]' | sort -k 1.2 | head -n 10 # each - wanted, + had
	else
		not_ok "$1" "has '$2', wants '$3'"
	fi
}
sql() { psql "$DATABASE_URL" -X -q -At -c "$1"; }
# as the owner of the schema, for what no operator may do
admin_sql() { psql "$(cat "$var/secrets/owner.database-url")" -X -q -At -c "$1"; }
fleet() { ops/stack/fleet --var "$var" "$@" >/dev/null; }
server() { ops/stack/server --var "$var" "$@" >/dev/null; }
tributary() { "$bin/tributary" "$@"; }

wait_for() { # wait_for SECONDS COMMAND… - until the command succeeds
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		if [ "$SECONDS" -ge "$deadline" ]; then return 1; fi
		sleep 0.2
	done
}

sql_is() { [ "$(sql "$1")" = "$2" ]; } # sql_is QUERY WANTS

samples() { find "topology/parties/$1/samples" -type f ! -name '*.expected.json' | sort; } # samples PARTY - its documents

fleet_up() { # the whole fleet, one process each, with the mirror loaded
	ops/stack/up --var "$var" >/dev/null || exit 1
	tributary mirror load ops/sandbox/mirror >/dev/null || exit 1
}

# The same on a stack of this test's own, gone at its end: for what spoils, or is spoiled by, what other tests leave behind
fleet_own() { # fleet_own NAME [OPTION OF ops/stack/up…]
	local port_base
	port_base=$(. "$var/stack.conf" && echo "$port_base")
	var=$var-$1
	ops/stack/down --var "$var" --wipe >/dev/null 2>&1
	rm -rf "$var"
	trap 'ops/stack/down --var "$var" --wipe >/dev/null 2>&1; rm -rf "$var"' EXIT
	ops/stack/up --var "$var" --port-base $((port_base + 300)) "${@:2}" >/dev/null || exit 1
	set -a
	. "$var/tributary.env"
	set +a
	tributary mirror load ops/sandbox/mirror >/dev/null || exit 1
}

load() { # load PREFIX COUNT [OPTION…] - publish so many orders of the template of the bench
	"$bin/bench" load --party shopify --template tests/bench/order.json --prefix "$1" --count "$2" "${@:3}" >/dev/null 2>&1
}

# How many orders of the prefix have come to their invoice, and to the stock booked out of the warehouse: the two follow
# from the same event, and nobody says which is first
invoiced() {
	sql "SELECT count(*) FROM report.orders o WHERE number LIKE '$1%' AND state = 'invoiced' AND NOT EXISTS
	       (SELECT FROM tributary.reservations r WHERE r.order_id = o.order_id AND r.state = 'open')"
}
all_invoiced() { [ "$(invoiced "$1")" = "$2" ]; }

# What became of the orders, with the prefix taken off, so that two runs can be compared line by line
end_state() { # end_state PREFIX
	sql "SELECT substr(o.number, length('$1') + 1)::int, o.state, o.total_minor, o.invoiced_minor, o.shipments_count,
	            o.invoices_count, (SELECT count(*) FROM tributary.order_lines l WHERE l.order_id = o.order_id),
	            (SELECT sum(r.shipped_micro) FROM tributary.reservations r WHERE r.order_id = o.order_id),
	            (SELECT count(*) FROM tributary.effects f WHERE f.order_id = o.order_id AND f.state = 'confirmed')
	     FROM report.orders o WHERE o.number LIKE '$1%' ORDER BY 1"
}

# The books must balance, whatever happened: prints what does not
books_wrong() {
	sql "SELECT 'stock ' || s.item_no || ' ' || s.warehouse FROM tributary.stock s WHERE s.reserved_micro <>
	       coalesce((SELECT sum(r.quantity_micro - r.shipped_micro) FROM tributary.reservations r WHERE r.item_no = s.item_no
	                 AND r.warehouse = s.warehouse AND r.state = 'open'), 0)
	     UNION ALL SELECT 'invoiced ' || order_id FROM report.orders WHERE state = 'invoiced' AND invoiced_minor <> total_minor
	     UNION ALL SELECT 'numbers' FROM tributary.invoice_numbers n
	       WHERE n.last_number <> (SELECT count(*) FROM tributary.invoices)
	     UNION ALL SELECT 'documents ' || document_id FROM tributary.documents d WHERE d.outcome = 'order'
	       AND NOT EXISTS (SELECT FROM tributary.orders o WHERE o.document_id = d.document_id)
	       AND NOT EXISTS (SELECT FROM tributary.order_revisions r WHERE r.document_id = d.document_id)"
}

management() { # management METHOD PATH [BODY] - RabbitMQ's own API, as its admin
	curl -s ${AMQP_CA_FILE:+--cacert "$AMQP_CA_FILE"} -u "admin:$(<"$var/secrets/admin.amqp-password")" -H 'content-type: application/json' -X "$1" \
		"$(sed 's/:\/\/[^@]*@/:\/\//' "$var/secrets/admin.management-url")/api/$2" ${3:+-d "$3"}
}

wms() { # wms METHOD PATH [BODY]
	curl -s ${PARTNER_CA_FILE:+--cacert "$PARTNER_CA_FILE"} -X "$1" -H "Authorization: Bearer $(cat "$SANDBOX_WMS_TOKEN_FILE")" ${3:+-d "$3"} "$SANDBOX_WMS_URL$2"
}
