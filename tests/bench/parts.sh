# tests/bench/parts.sh - sourced by tests/bench/run: what is measured beside throughput and latency. Each part prints its
# figures and leaves them as JSON in $var/<part>.json.

# --- duplicates: documents that are orders already, under new message ids -----------------------------------------------
# How many one process of ingest settles per second, from a full queue, and what one costs.
duplicates_part() {
	local n=$1 prefix=$2 place seconds
	fleet stop ingest
	load "$prefix" "$n" --copy 9 >/dev/null
	place=$(super "SELECT last_value FROM tributary.seal_places")
	cpu >"$var/cpu.before"
	fleet start ingest
	# By place the new documents are found without reading the old
	duplicates_are() { [ "$(sql "SELECT count(*) FROM tributary.documents WHERE place > $place AND outcome = 'duplicate'")" -ge "$n" ]; }
	until duplicates_are; do sleep 1; done
	cpu >"$var/cpu.after"
	cpu_per_item "$var/cpu.before" "$var/cpu.after" "$n" | grep -E '^(ingest|postgres|rabbitmq|redis|all) ' >"$var/cpu.duplicates"
	seconds=$(sql "SELECT extract(epoch FROM max(received_at) - min(received_at)) FROM tributary.documents WHERE place > $place AND outcome = 'duplicate'")
	awk -v n="$n" -v s="$seconds" 'BEGIN {printf "duplicates: %d settled by one ingest process, %d per second; CPU each:", n, n / s}
		{printf " %s %.0f us", $1, $2} END {print ""}' "$var/cpu.duplicates"
	jq -n --argjson n "$n" --argjson s "$seconds" --argjson cpu "$(json "$var/cpu.duplicates")" \
		'{count: $n, per_second: ($n / $s | round), cpu_us: $cpu}' >"$var/duplicates.json"
}

# --- burst: many at once on one channel, while another trickles -----------------------------------------------------------
trickle() { # trickle PREFIX COUNT FIRST
	$bin/bench load --party woocommerce --template tests/bench/order-woocommerce.json --prefix "$1" --first "$3" --count "$2" --rate 2 \
		--times "$var/times.$1" 2>>"$var/load.log"
}
of_trickle="FROM tributary.orders o JOIN tributary.order_status s USING (order_id) WHERE o.party = 'woocommerce' AND o.number >= 'during-' AND o.number < 'during-~'"
burst_part() {
	local n=$1 start seconds said pid until before
	before=$(issued)
	trickle alone- 60 1000001 >/dev/null
	wait_issued $((before + 60))
	latencies woocommerce alone- "$var/times.alone-" >"$var/trickle.alone"
	# It goes on for longer than the burst will take, and is ended with it
	before=$(issued)
	trickle during- 100000 2000001 >/dev/null &
	pid=$!
	sleep 2
	start=$(date +%s.%N)
	said=$(load burst- "$n") # ends with an error when a document was returned, or has no confirm after a minute
	until [ $(($(issued) - $(sql "SELECT count(*) FILTER (WHERE s.rank >= 70) $of_trickle") - before)) -ge "$n" ]; do sleep 0.5; done
	seconds=$(since "$start")
	kill "$pid" && wait "$pid" 2>/dev/null || true
	sleep 3
	until [ "$(sql "SELECT count(*) FILTER (WHERE s.rank < 70) $of_trickle")" = 0 ]; do sleep 0.5; done
	awk -v from="$start" -v s="$seconds" '$2 >= from * 1000000 && $2 <= (from + s) * 1000000' "$var/times.during-" >"$var/times.meanwhile"
	latencies woocommerce during- "$var/times.meanwhile" >"$var/trickle.during"
	jq -n --argjson n "$n" --argjson s "$seconds" --argjson again "$(sed 's/.* again=//' <<<"$said")" \
		--argjson published "$(sed -E 's/.*per_second=([0-9]+).*/\1/' <<<"$said")" \
		--argjson a50 "$(percentile 0.5 "$var/trickle.alone")" --argjson a99 "$(percentile 0.99 "$var/trickle.alone")" \
		--argjson d50 "$(percentile 0.5 "$var/trickle.during")" --argjson d99 "$(percentile 0.99 "$var/trickle.during")" \
		--argjson dn "$(wc -l <"$var/trickle.during")" \
		'{orders: $n, published_per_second: $published, published_again: $again, drained_per_second: ($n / $s | round),
		  trickle: {alone: {count: 60, p50_ms: $a50, p99_ms: $a99}, during: {count: $dn, p50_ms: $d50, p99_ms: $d99}}}' >"$var/burst.json"
	jq -r '"burst: \(.orders) orders at once, taken in at \(.published_per_second)/s (none returned, \(.published_again) refused and published again), drained at \(.drained_per_second)/s",
		"  2/s on another channel: alone p50 \(.trickle.alone.p50_ms) ms, p99 \(.trickle.alone.p99_ms) ms; meanwhile p50 \(.trickle.during.p50_ms) ms, p99 \(.trickle.during.p99_ms) ms (\(.trickle.during.count) orders)"' "$var/burst.json"
}

# --- processes: one stage alone in front of a full queue, with one process and with two ------------------------------------
stage_drain() { # stage_drain STAGE PROCESSES COUNT - prints how many per second it settles
	local began settled="SELECT count(*) FROM tributary.journal WHERE stage = '$1' AND settled_at > "
	began=$(sql 'SELECT clock_timestamp()')
	ops/stack/fleet --var "$var" scale "$1" "$2" >/dev/null
	until [ "$(sql "$settled '$began'")" -ge "$3" ]; do sleep 1; done
	sql "SELECT round($3 / extract(epoch FROM max(settled_at) - min(settled_at))) FROM tributary.journal WHERE stage = '$1' AND settled_at > '$began'"
	ops/stack/fleet --var "$var" scale "$1" 0 >/dev/null
}
processes_part() {
	local n=$1 p stage
	: >"$var/processes"
	# Nobody takes what ingest says here, and it is not to wait for that
	echo BACKLOG_MAX=0 >"$var/fleet.ingest.env"
	fleet reload
	for stage in ingest enrich allocate ship-sync invoice auditor; do ops/stack/fleet --var "$var" scale $stage 0 >/dev/null; done
	for p in 1 2; do
		load "stage$p-" "$n" >/dev/null
		for stage in ingest enrich allocate ship-sync; do echo "$stage.$p $(stage_drain $stage "$p" "$n")" >>"$var/processes"; done
		sleep 2
		stage_drain ingest "$p" "$n" >/dev/null # the warehouse's confirmations
		echo "invoice.$p $(stage_drain invoice "$p" "$n")" >>"$var/processes"
		stage_drain allocate "$p" "$n" >/dev/null
	done
	rm -f "$var/fleet.ingest.env"
	fleet reload
	for stage in ingest enrich allocate ship-sync invoice auditor; do ops/stack/fleet --var "$var" scale $stage 1 >/dev/null; done
	echo "one stage alone in front of a full queue of $n, messages settled per second:"
	sed 's/\./ /' "$var/processes" | awk '{v[$1, $2] = $3; if (!seen[$1]++) name[++n] = $1}
		END {for (i = 1; i <= n; i++) printf "  %-12s one process %6d   two %6d   %.2f\n", name[i], v[name[i], 1], v[name[i], 2], v[name[i], 2] / v[name[i], 1]}'
	jq -Rn '[inputs | split(" ") | (.[0] | split(".")) as $k | {stage: $k[0], processes: ($k[1] | tonumber), per_second: (.[1] | tonumber)}]' "$var/processes" >"$var/processes.json"
}
