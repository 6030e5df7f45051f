# tests/bench/lib.sh - sourced by the parts of the benchmark: a stack of their own, what it costs, and how long things take.
# var, port_base and bin are set by whoever sources it.
# Debian's psql in /usr/bin is a script in Perl, which costs more CPU than what it is asked for.
PATH=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):/usr/bin:$PATH
export PATH

stack_begin() { # a new stack, gone at the end of the script; the mirror is loaded
	trap 'ops/stack/down --var "$var" --wipe >/dev/null 2>&1' EXIT
	ops/stack/down --var "$var" --wipe >/dev/null 2>&1 || true
	ops/stack/up --var "$var" --port-base "$port_base" >/dev/null
	set -a
	. "$var/tributary.env"
	set +a
	$bin/tributary mirror load ops/sandbox/mirror >/dev/null
}
sql() { psql "$DATABASE_URL" -X -q -At -c "$1"; }
admin() { psql "$(<"$var/secrets/postgres.database-url")" -X -q -At -c "$1"; }
# as the superuser, in the fleet's database
super_url() { sed 's/\/postgres$/\/tributary/' "$var/secrets/postgres.database-url"; }
super() { psql "$(super_url)" -X -q -At -c "$1"; }
fleet() { ops/stack/fleet --var "$var" "$@" >/dev/null; }
load() { # load PREFIX COUNT [OPTION…] - of the template of the bench
	$bin/bench load --party shopify --template tests/bench/order.json --prefix "$1" --count "$2" "${@:3}" 2>>"$var/load.log"
}
# Invoices so far; the number of the last one says it, however many orders there are
issued() { sql "SELECT last_number FROM tributary.invoice_numbers WHERE series = 'INV'"; }
wait_issued() { # wait_issued NUMBER [SECONDS] - until so many invoices are there
	local deadline=$((SECONDS + ${2:-1200}))
	until [ "$(issued)" -ge "$1" ]; do
		if [ "$SECONDS" -ge "$deadline" ]; then echo "bench: $(issued) invoices instead of $1" >&2 && return 1; fi
		sleep 0.5
	done
}
load_invoiced() { # load_invoiced PREFIX COUNT [OPTION…] - and wait for the invoices
	local until=$(($(issued) + $2))
	load "$@" >/dev/null
	wait_issued "$until"
}

# Processes of this stack, by group: name of the worker or server, a tab, pid
processes() {
	local pid name postmaster
	postmaster=$(head -n 1 "$var/postgres/data/postmaster.pid")
	for pid in $(grep -lsz "^TRIBUTARY_STACK=$var:" /proc/[0-9]*/environ | cut -d/ -f3) "$postmaster" $(pgrep -P "$postmaster"); do
		name=$({ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | cut -c1-200) || continue
		case $name in
		*postgres*) name=postgres ;; *beam*) name=rabbitmq ;; *redis*) name=redis ;; *supervisord*) name=supervisor ;;
		*/bin/*) name=$(basename "${name%% *}") ;; *) name=other ;;
		esac
		printf '%s\t%s\n' "$name" "$pid"
	done | sort -u
}
# CPU of each group so far, in ticks of 10 ms
cpu() {
	local name pid ticks
	processes | while IFS=$'\t' read -r name pid; do
		ticks=$(awk '{print $14 + $15 + $16 + $17}' "/proc/$pid/stat" 2>/dev/null) || continue
		echo "$name $ticks"
	done | awk '{t[$1] += $2} END {for (n in t) print n, t[n]}' | sort
}
per_item() { # per_item BEFORE AFTER COUNT FACTOR - what names and numbers grew by, each; one that is new from 0
	join -a 2 -e 0 -o 0,1.2,2.2 "$1" "$2" | awk -v n="$3" -v f="$4" '{printf "%s %.3f\n", $1, ($3 - $2) * f / n}'
}
cpu_per_item() { per_item "$1" "$2" "$3" 10000 | awk '$2 >= 1 {print; sum += $2} END {print "all", sum}'; } # microseconds
median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
medians() { # of lines with a name and a number
	local name
	for name in $(cut -d ' ' -f 1 "$1" | sort -u); do echo "$name $(awk -v n="$name" '$1 == n {print $2}' "$1" | median)"; done
}
json() { jq -Rn '[inputs | split(" ") | {(.[0]): (.[1] | tonumber)}] | add // {}' "$1"; } # names and numbers as an object
management() {
	curl -sf -u "admin:$(<"$var/secrets/admin.amqp-password")" -H 'content-type: application/json' -X "$1" \
		"$(sed 's/:\/\/[^@]*@/:\/\//' "$var/secrets/admin.management-url")/api/$2" ${3:+-d "$3"}
}
since() { awk "BEGIN {print $(date +%s.%N) - $1}"; } # since START - seconds

# From publish to invoice without the warehouse's own 200 ms, of the orders of a party whose numbers begin so. received_at
# of an order is when ingest took it, so that the time in ingest's queue is not in it: the publisher wrote down when it was said.
latencies() { # latencies PARTY PREFIX TIMES - milliseconds, one a line
	sql "SELECT o.number || ' ' || (extract(epoch FROM i.issued_at) * 1000000)::bigint
	     FROM tributary.orders o CROSS JOIN LATERAL (SELECT issued_at FROM tributary.invoices x WHERE x.order_id = o.order_id OFFSET 0) i
	     WHERE o.party = '$1' AND o.number >= '$2' AND o.number < '$2~'" |
		awk 'NR == FNR {said[$1] = $2; next} $1 in said {printf "%.1f\n", ($2 - said[$1]) / 1000 - 200}' "$3" -
}
percentile() { # percentile Q FILE - of the numbers in it; nearest rank
	sort -g "$2" | awk -v q="$1" '{v[NR] = $1} END {i = int(q * NR); if (i < q * NR) i++; printf "%.0f", v[i < 1 ? 1 : i]}'
}
