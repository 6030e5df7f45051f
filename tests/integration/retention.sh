#!/bin/bash
# Old days of the timeline go, and nothing else: orders under way hold theirs back, the fleet feels no lock, and what was
# dropped is still told from what somebody deleted. On a stack of its own, for the auditor is to find nothing else.
. "$(dirname "$0")/../support/fleet.sh"
fleet_own retention
fleet stop auditor # nothing is sealed, or read, before it is old
run=$RANDOM
dir=$var/retention
rm -rf "$dir" && mkdir -p "$dir"

seal_once() {
	admin_sql "SELECT tributary.timeline_seal(10000)" >/dev/null
	[ "$(sql "SELECT count(*) FROM tributary.seal_rows WHERE place > (SELECT coalesce(max(last_place), 0) FROM tributary.timeline_seals)")" = 0 ]
}
seal_all() { wait_for 60 seal_once || not_ok "retention, all is sealed"; }
day_name() { sql "SELECT 'timeline_' || to_char((now() AT TIME ZONE 'UTC')::date - $1, 'YYYYMMDD')"; } # DAYS_AGO
part_of() { sql "SELECT part_no FROM tributary.timeline_days WHERE part_name = '$(day_name "$1")'"; }
is_there() { sql "SELECT to_regclass('tributary.$(day_name "$1")') IS NOT NULL"; }
audit_finds() { tributary audit --full --json --grace 1 >"$dir/certificate.json" 2>"$dir/error.txt" && echo nothing || jq -r '.findings[] | .check + " " + .key' "$dir/certificate.json"; }
proof_says() { tributary proof check | grep -vE '^(head|verified|NOT|[0-9]+ rows are hashes)'; }
superuser() { psql "$(<"$var/secrets/postgres.database-url")" -X -q -At -c "$1"; }

# --- orders of long ago: of 60, 50 and 48 days, one of which has rows of today, too; and one that is held for 45 days --------
for range in 1,13 14,6 20,1 21,10; do # one after the other: what was said of each is in rows of its own
	load "T$run-" "${range#*,}" --first "${range%,*}"
	wait_for 60 all_invoiced "T$run-" $((${range%,*} + ${range#*,} - 1)) || not_ok "retention, orders are invoiced"
	sleep 1
done
jq '.id = 78'$run' | .name = "#T'$run'" | .customer.id = 987654 | .email = "nobody@example.org" | .customer.email = .email' \
	topology/parties/shopify/samples/1001-paid.json >"$dir/held.json"
tributary submit --party shopify "$dir/held.json" >/dev/null
wait_for 15 sql_is "SELECT state FROM report.orders WHERE number = '#T$run'" held || not_ok "retention, an order is held"
sleep 1
said() { sql "SELECT count(nullif(outputs, '')) FROM tributary.journal_known WHERE settled_at < now() - interval '$1 days' AND settled_at > now() - interval '$(($1 + 2)) days'"; } # DAYS
age() { # age DAYS WHICH-ORDERS [WHICH-ROWS]
	[ "$(admin_sql "SELECT tributary.timeline_day_make((now() AT TIME ZONE 'UTC')::date - $1, 10000)")" = t ] || not_ok "retention, a day is made"
	admin_sql "CREATE TEMP TABLE o AS SELECT order_id FROM tributary.orders WHERE number $2;
		UPDATE tributary.documents SET received_at = received_at - $1 * interval '1 day' WHERE order_id IN (SELECT order_id FROM o);
		UPDATE tributary.journal SET settled_at = settled_at - $1 * interval '1 day' WHERE message_id IN
			(SELECT message_id FROM tributary.timeline WHERE order_id IN (SELECT order_id FROM o));
		UPDATE tributary.journal_outputs SET said_at = said_at - $1 * interval '1 day' WHERE outputs_id IN (SELECT outputs_id FROM tributary.journal
			WHERE message_id IN (SELECT message_id FROM tributary.timeline WHERE order_id IN (SELECT order_id FROM o)));
		UPDATE tributary.timeline SET at = at - $1 * interval '1 day' WHERE order_id IN (SELECT order_id FROM o) AND ${3:-true}"
}
age 60 "~ '^T$run-([0-9]|1[0-3])\$'" "(event <> 'invoice.issued' OR order_id <> (SELECT order_id FROM tributary.orders WHERE number = 'T$run-1'))"
age 50 "~ '^T$run-1[4-9]\$'"
age 48 "= 'T$run-20'"
age 45 "= '#T$run'"
seal_all
both=$(sql "SELECT order_id FROM tributary.orders WHERE number = 'T$run-1'")
is "retention, the books of old orders balance" "$(audit_finds)" nothing
is "retention, and their proof" "$(proof_says)" ""

# --- what would go ----------------------------------------------------------------------------------------------------------
everything() { sql "SELECT (SELECT count(*) FROM tributary.timeline), (SELECT sum(octet_length(outputs)) FROM tributary.journal_known),
	(SELECT count(*) FROM tributary.timeline_dropped), (SELECT count(*) FROM tributary.audit_log), (SELECT count(decided_at) FROM tributary.timeline_days)"; }
before=$(everything)
tributary retention apply --keep 40d --dry-run --json >"$dir/dry.json"
is "retention, a dry run says what would go" "$? $(jq -r 'map(.state) | join(",")' "$dir/dry.json")" "0 would go,would go,would go,stays,would go,would go"
is "retention, and who holds a day back" "$(jq -r '.[3].because' "$dir/dry.json" | grep -o "^1 under way: shopify:#T$run ")" "1 under way: shopify:#T$run "
is "retention, and changes nothing" "$(everything)" "$before"
is "retention, what is older than 55 days is one day" "$(tributary retention apply --keep 55d --dry-run --json | jq '[.[] | select(.what | startswith("timeline"))] | length')" 1
is "retention, show counts them" "$(tributary retention show --keep 40d --json | jq -r '.[] | select(.table == "timeline") | .older')" 4
wrong() { # wrong NAME ARGUMENTS…
	tributary retention "${@:2}" >"$dir/wrong.txt" 2>&1 </dev/null
	is "retention, $1 is a wrong command line" $? 2
}
wrong "no --keep" apply
wrong "less than 30 days" apply --keep 29d
wrong "hours" apply --keep 9000h
wrong "another word" apply --keep 40d all

# --- who may --------------------------------------------------------------------------------------------------------------------
says() { sql "$1" 2>&1 | head -n 1; }
is "rights, nothing younger than 30 days goes, whoever asks" "$(says "SELECT tributary.timeline_day_record((SELECT part_no FROM tributary.timeline_days WHERE part_name = '$(day_name 0)'), NULL, 10)" | grep -c 'younger than 30 days')" 1
is "rights, nor does a day of an order under way" "$(says "SELECT tributary.timeline_day_record($(part_of 45), NULL, 10)" | grep -c 'stays: order .* \(is\|has\) ')" 1
is "rights, nor one that was not recorded" "$(says "SELECT tributary.timeline_day_decide($(part_of 60), 'me', '')" | grep -c 'rows, 0 of them recorded')" 1
is "rights, nor one that was not decided" "$(says "SELECT tributary.timeline_day_detach($(part_of 60), 0), tributary.timeline_day_drop($(part_of 60))")" "f|f"
denied=0 tried=0
for role in operator auditor ingest gateway; do
	for try in "DROP TABLE tributary.$(day_name 60)" "DELETE FROM tributary.$(day_name 60)" "DELETE FROM tributary.timeline_dropped" "UPDATE tributary.timeline_days SET rows_count = 0" \
		"INSERT INTO tributary.$(day_name 60) SELECT * FROM tributary.timeline LIMIT 1" "SELECT tributary.timeline_day_make('2000-01-01', 1)"; do
		tried=$((tried + 1))
		said=$(psql "$(<"$var/secrets/$role.database-url")" -X -q -At -c "$try" 2>&1)
		if [[ $said =~ 'permission denied'|'must be owner' ]]; then denied=$((denied + 1)); fi
	done
done
is "rights, no role but the owner does it by hand" "$denied" "$tried"

# --- the fleet goes on meanwhile -----------------------------------------------------------------------------------------------
fleet start auditor
superuser "ALTER SYSTEM SET deadlock_timeout = '20ms'" && superuser "ALTER SYSTEM SET log_lock_waits = on" && superuser "SELECT pg_reload_conf()" >/dev/null
log=$(ls "$var"/log/postgres*.log | head -n 1)
log_began=$(wc -l <"$log")
load "M$run-" 1500 --rate 150 &
loader=$!
wait_for 20 sql_is "SELECT count(*) > 100 FROM tributary.orders WHERE number LIKE 'M$run-%'" t
: >"$dir/waits.txt"
(while :; do sql "SELECT application_name || ' ' || round(1000 * extract(epoch FROM clock_timestamp() - query_start)) FROM pg_stat_activity
	WHERE wait_event_type = 'Lock' AND wait_event = 'relation'" >>"$dir/waits.txt"; done) &
sampler=$!
rows=$(sql "SELECT count(*) FROM tributary.timeline WHERE at < now() - interval '55 days'")
is "retention, what messages of before said is there" "$(awk -v a="$(said 60)" -v b="$(said 50)" 'BEGIN { print (a >= 13 * 5), (b >= 6 * 5) }')" "1 1"
journal=$(sql "SELECT count(*) FROM tributary.journal WHERE settled_at < now() - interval '55 days'")
tributary retention apply --keep 40d --days-max 1 --reason "as the rule says" --json >"$dir/apply.json" 2>"$dir/error.txt"
is "retention, a day is dropped while orders run" "$? $(jq -r '.[0] | .state, .rows' "$dir/apply.json" | xargs)" "0 dropped $rows"
kill $sampler
wait $sampler 2>/dev/null
wait $loader
wait_for 90 all_invoiced "M$run-" 1500 && ok "retention, and the orders come to their invoices" || not_ok "retention, and the orders come to their invoices"
longest() { tail -n +"$log_began" "$log" | grep -oE '(acquired|still waiting for) [A-Za-z]+ on relation [0-9]+ of database [0-9]+ after [0-9.]+' | grep -oE '[0-9.]+$' | sort -n | tail -n 1; }
longest=$(longest)
awk -v l="${longest:-0}" 'BEGIN { exit !(l < 100) }' && ok "retention, no statement waited 100 ms for the lock of a table (longest over 20: ${longest:-none}, samples $(wc -l <"$dir/waits.txt"))" \
	|| not_ok "retention, no statement waited 100 ms for the lock of a table" "$longest ms"
admin_sql "BEGIN; LOCK TABLE ONLY tributary.timeline IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1)" >/dev/null &
holder=$!
wait_for 10 sql_is "SELECT count(*) FROM pg_locks WHERE relation = 'tributary.timeline'::regclass AND mode = 'AccessExclusiveLock' AND granted" 1
sql "SELECT FROM tributary.timeline LIMIT 1" >/dev/null
wait "$holder"
awk -v l="$(longest)" 'BEGIN { exit !(l > 100) }' && ok "retention, which would have been seen" || not_ok "retention, which would have been seen"
superuser "ALTER SYSTEM RESET deadlock_timeout" && superuser "ALTER SYSTEM RESET log_lock_waits" && superuser "SELECT pg_reload_conf()" >/dev/null
wait_for 60 sql_is "SELECT count(*) FROM tributary.audit_trails" 0
fleet stop auditor
seal_all
is "retention, its rows are gone, the partition with them" "$(is_there 60) $(sql "SELECT count(*) FROM tributary.timeline WHERE at < now() - interval '55 days'")" "f 0"
is "retention, the journal still knows its messages, and says nothing" "$(sql "SELECT count(*), count(nullif(outputs, '')) FROM tributary.journal_known WHERE settled_at < now() - interval '55 days'")" "$journal|0"
is "retention, what younger days said is there" "$(awk -v b="$(said 50)" 'BEGIN { print (b >= 6 * 5) }')" 1
is "retention, the audit log says who, and why" "$(sql "SELECT target_id, reason, after->>'rows' FROM tributary.audit_log WHERE act = 'retention.drop'")" "$(day_name 60)|as the rule says|$rows"

# --- a document of no order that is under way --------------------------------------------------------------------------------------
admin_sql "INSERT INTO tributary.documents (document_id, party, kind, content_type, idempotency_key, body, sha256, received_at, outcome)
	SELECT gen_random_uuid(), party, 'inventory', content_type, idempotency_key, body, sha256, received_at, 'inventory' FROM tributary.documents
	WHERE received_at < now() - interval '49 days' ORDER BY received_at DESC LIMIT 1"
admin_sql "INSERT INTO tributary.audit_trails SELECT document_id, now() + interval '1 day' FROM tributary.documents WHERE kind = 'inventory'"
tributary retention apply --keep 49d --json >"$dir/apply.json"
is "retention, a document under way holds its day" "$? $(jq -r '.[0] | .state + " " + .because' "$dir/apply.json" | grep -c '^stays 1 under way: .*has messages under way')" "0 1"
is "rights, whoever asks" "$(says "SELECT tributary.timeline_day_record($(part_of 50), NULL, 10)" | grep -c 'stays: document .*has messages under way')" 1
admin_sql "DELETE FROM tributary.audit_trails; DELETE FROM tributary.documents WHERE kind = 'inventory'"

# --- and one of an order that has no rows in a later day ----------------------------------------------------------------------------
admin_sql "INSERT INTO tributary.audit_trails SELECT document_id, now() + interval '1 day' FROM tributary.orders WHERE number = 'T$run-14'"
of_48() { jq -r --arg day "$(day_name 48)" '.[] | select(.what == $day) | .state + " " + .because' "$1" | sed 's/^would go.*/goes/; s/shopify:T[0-9]*-14/ORDER/'; }
tributary retention apply --keep 47d --dry-run --json >"$dir/dry.json"
is "retention, a document under way of another day's order holds a day back, and a dry run says so" "$(of_48 "$dir/dry.json")" "stays 1 under way: ORDER has messages under way"
is "rights, and so it is" "$(says "SELECT tributary.timeline_day_record($(part_of 48), NULL, 10)" | grep -c 'stays: document .*has messages under way')" 1
admin_sql "DELETE FROM tributary.audit_trails"

# --- killed after each step, twice in a row ---------------------------------------------------------------------------------------
part=$(part_of 50)
sql "SELECT tributary.timeline_day_record($part, NULL, 2)" >/dev/null
is "killed while it records, the day is there" "$(is_there 50) $(audit_finds) $(proof_says)" "t nothing "
for _ in 1 2 3 4; do sql "SELECT tributary.timeline_day_record($part, (SELECT max(subject_id::text)::uuid FROM tributary.timeline_dropped WHERE part_no = $part), 2)" >/dev/null; done
sql "SELECT tributary.timeline_day_decide($part, 'ada', '')" >/dev/null
seal_all
is "killed after it decided, the day is there" "$(is_there 50) $(audit_finds) $(proof_says)" "t nothing "
sql "SELECT tributary.timeline_day_detach($part, 0)" >/dev/null
is "killed after it detached, the day is gone from the timeline" "$(is_there 50) $(sql "SELECT count(*) FROM tributary.timeline WHERE at < now() - interval '49 days'") $(audit_finds) $(proof_says)" "t 0 nothing "
tributary retention apply --keep 49d --json >"$dir/apply.json"
is "the next run drops it" "$? $(jq -r '.[0].state' "$dir/apply.json") $(is_there 50) $(said 50)" "0 dropped f 0"
tributary retention apply --keep 49d --json >"$dir/apply.json"
is "and the one after it nothing" "$? $(jq -r 'map(.what + " " + .state) | join(", ")' "$dir/apply.json")" "0 api_usage deleted, audit_findings deleted"
is "acts, one for each day" "$(sql "SELECT count(*) FROM tributary.audit_log WHERE act = 'retention.drop'")" 2

# --- a lock that is not to be had -----------------------------------------------------------------------------------------------
admin_sql "SELECT tributary.timeline_day_make((now() AT TIME ZONE 'UTC')::date - 70, 10)" >/dev/null
psql "$DATABASE_URL" -X -q -At -c "BEGIN; SELECT count(*) FROM tributary.timeline; SELECT pg_sleep(60)" >/dev/null 2>&1 &
reader=$!
wait_for 10 sql_is "SELECT count(*) FROM pg_locks WHERE relation = 'tributary.timeline'::regclass AND mode = 'AccessShareLock'" 1
timeout 120 "$bin/tributary" retention apply --keep 65d --json >"$dir/apply.json"
is "locks, who reads for long is not disturbed: the day stays for the next run" "$? $(jq -r '.[0].state' "$dir/apply.json") $(is_there 70)" "1 in use t"
superuser "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()" >/dev/null
wait "$reader" 2>/dev/null
tributary retention apply --keep 65d --json >"$dir/apply.json"
is "locks, which drops it, empty as it is" "$? $(jq -r '.[0].state' "$dir/apply.json") $(is_there 70)" "0 dropped f"
seal_all
is "locks, and it verifies" "$(proof_says)" ""

# --- what was dropped, and what was deleted ---------------------------------------------------------------------------------------
is "retention, the auditor finds nothing" "$(audit_finds)" nothing
tributary proof check >"$dir/check.txt"
is "retention, all seals verify" "$? $(grep -c 'rows are hashes alone: their 3 days were dropped by retention' "$dir/check.txt")" "0 1"
tributary order --proof "shopify:T$run-2" >"$dir/proof.txt"
is "proof, an old order is verified, and its day is said to be dropped" "$? $(grep -c "^$(day_name 60) .*as the rule says" "$dir/proof.txt") $(grep -c '^verified: .*only the hashes, their days were dropped by retention' "$dir/proof.txt")" "0 1 1"
is "proof, the same for programs" "$(tributary order --proof --json "shopify:T$run-2" | jq -r '[.verdict.is_verified, .verdict.dropped == .dropped[0].rows, (.rows | map(select(.is_dropped)) | length) == .verdict.dropped] | join(" ")')" "true true true"
tributary order --proof "shopify:T$run-1" >"$dir/proof.txt"
is "proof, an order of which a row is left is verified" "$? $(grep -c 'invoice.issued' "$dir/proof.txt")" "0 1"
tributary order --proof "shopify:M$run-1" >"$dir/proof.txt"
is "proof, a new order is verified, with all its rows" "$? $(grep -c 'dropped by retention' "$dir/proof.txt") $(grep -c hashes "$dir/proof.txt")" "0 1 0"
kept="timeline timeline_days timeline_dropped audit_log"
admin_sql "DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept" 2>/dev/null
for table in $kept; do admin_sql "CREATE TABLE kept.$table AS TABLE tributary.$table"; done
tampered() { # tampered NAME SQL PATTERN-OF-PROOF PATTERN-OF-AUDIT
	admin_sql "$2" >/dev/null || not_ok "$1" "the change itself failed"
	local proof audit
	proof=$(proof_says) audit=$(audit_finds)
	admin_sql "BEGIN; $(for table in $kept; do
		echo "DELETE FROM tributary.$table x WHERE NOT EXISTS (SELECT FROM kept.$table k WHERE md5(k::text) = md5(x::text));
			INSERT INTO tributary.$table OVERRIDING SYSTEM VALUE SELECT k.* FROM kept.$table k WHERE NOT EXISTS (SELECT FROM tributary.$table x WHERE md5(k::text) = md5(x::text));"
	done) COMMIT"
	if grep -qE -- "$3" <<<"$proof" && grep -qE -- "$4" <<<"$audit"; then ok "$1"; else not_ok "$1" "proof: $(head -n 2 <<<"$proof"); audit: $(head -n 2 <<<"$audit")"; fi
}
left=$(sql "SELECT place FROM tributary.timeline WHERE order_id = '$both' AND event = 'invoice.issued'")
tampered "tampering, the row that was left is deleted" "DELETE FROM tributary.timeline WHERE place = $left" "^row $left.* is missing" "^timeline-dropped $both"
tampered "tampering, and its hash put to what was dropped" "UPDATE tributary.timeline_dropped SET rows_count = rows_count + 1, marks = marks || (SELECT int8send(place) || sha256(bytes) FROM tributary.seal_rows
	WHERE place = $left) WHERE subject_id = '$both'; DELETE FROM tributary.timeline WHERE place = $left" "^what is left of $(day_name 60) was changed" .
tampered "tampering, and the day's digest made anew" "UPDATE tributary.timeline_dropped SET rows_count = rows_count + 1, marks = marks || (SELECT int8send(place) || sha256(bytes) FROM tributary.seal_rows
	WHERE place = $left) WHERE subject_id = '$both'; DELETE FROM tributary.timeline WHERE place = $left;
	UPDATE tributary.timeline_days SET rows_count = rows_count + 1, digest = (SELECT tributary.seal_chain(sha256(uuid_send(subject_id) || marks) ORDER BY subject_id)
	FROM tributary.timeline_dropped d WHERE d.part_no = timeline_days.part_no) WHERE part_name = '$(day_name 60)'" "^the audit log does not say that $(day_name 60) was dropped" .
tampered "tampering, and the act with it" "UPDATE tributary.audit_log SET after = '{}' WHERE act = 'retention.drop' AND target_id = '$(day_name 60)'" "^row [0-9]* was changed" nothing
tampered "tampering, what was dropped is taken out" "DELETE FROM tributary.timeline_dropped WHERE subject_id = '$both'" "^row [0-9]*.* is missing" .
tampered "tampering, a row of a new order is deleted" "DELETE FROM tributary.timeline WHERE event = 'invoice.issued' AND order_id = (SELECT order_id FROM tributary.orders WHERE number = 'M$run-1')" \
	"^row [0-9]*.* is missing" "^timeline .*/invoice/invoice.issued"
admin_sql "DROP SCHEMA kept CASCADE" 2>/dev/null
is "tampering, all is well when it is as it was" "$(audit_finds) $(proof_says)" "nothing "
gone=$(sql "SELECT min(place) FROM tributary.timeline t JOIN tributary.orders o USING (order_id) WHERE o.number = 'T$run-20' AND t.event = 'allocated'")
admin_sql "CREATE TABLE IF NOT EXISTS public.taken AS SELECT * FROM tributary.timeline WHERE place = $gone; DELETE FROM tributary.timeline WHERE place = $gone"
tributary retention apply --keep 47d >/dev/null
seal_all
is "tampering, what was deleted before its day was dropped is found after it" "$(is_there 48) $(proof_says | grep -cE "^row $gone.* is missing") $(audit_finds)" \
	"f 1 timeline-dropped $(sql "SELECT order_id FROM tributary.orders WHERE number = 'T$run-20'")"
admin_sql "INSERT INTO tributary.timeline SELECT * FROM public.taken; DROP TABLE public.taken"
is "tampering, and no more when it is put back" "$(audit_finds) $(proof_says)" "nothing "

# --- days ahead ---------------------------------------------------------------------------------------------------------------------
put() { admin_sql "INSERT INTO tributary.timeline (order_id, at, stage, event, message_id) VALUES ('00000000-0000-0000-0000-000000000000', $1, 'test', 'far', '00000000-0000-0000-0000-000000000000')"; }
put "'1970-01-01Z'" && put "'infinity'" && put "now() + interval '40 days'" && put "now() - interval '60 days'" && ok "days, no insert fails for want of one" || not_ok "days, no insert fails for want of one"
far="(now() AT TIME ZONE 'UTC')::date + 40"
is "days, one is made of rows that are there, when they are not too many" "$(admin_sql "SELECT tributary.timeline_day_make($far, 0), tributary.timeline_day_make($far, 1), tributary.timeline_day_make($far, 1)" | tr '|' ' ') $(admin_sql "SELECT count(*) FROM tributary.$(day_name -40)")" "f t f 1"
is "days, one that was dropped is not made again" "$(admin_sql "SELECT tributary.timeline_day_make((now() AT TIME ZONE 'UTC')::date - 60, 10)")" f
for n in -13 -14; do admin_sql "DELETE FROM tributary.timeline_days WHERE part_name = '$(day_name $n)'; DROP TABLE tributary.$(day_name $n)"; done
put "now() + interval '14 days'"
for _ in 1 2 3 4; do psql "$(<"$var/secrets/auditor.database-url")" -X -q -At -c "SELECT tributary.timeline_days_make()" >>"$dir/made.txt" 2>&1 & pids+=($!); done
wait "${pids[@]}"
fleet start auditor
wait_for 30 sql_is "SELECT count(*) FROM tributary.timeline_days WHERE part_name IN ('$(day_name -13)', '$(day_name -14)')" 2 && ok "days, the auditor makes those that are missing" || not_ok "days, the auditor makes those that are missing"
is "days, several at once are no trouble" "$(grep -c -v '^[0-2]$' "$dir/made.txt") $(is_there -13)$(is_there -14)" "0 tt"
is "days, and their rows move" "$(admin_sql "SELECT count(*) FROM tributary.$(day_name -14)")" 1

# --- an order that was dismissed: it stays where it is, for ever -----------------------------------------------------------------------
of_45() { tributary retention apply --keep 40d --reason "the order that was dismissed" --json >"$dir/apply.json"; jq -r --arg day "$(day_name 45)" '[.[] | select(.what == $day)] | .[0] | .state + " " + (.because // "")' "$dir/apply.json"; }
tributary exceptions dismiss --reason "entered by hand" "$(sql "SELECT exception_id FROM report.exceptions WHERE number = '#T$run' AND state = 'open'")" >/dev/null
wait_for 30 sql_is "SELECT count(*) FROM tributary.orders_under_way u JOIN tributary.orders o USING (order_id) WHERE o.number = '#T$run' AND because <> 'is accepted'" 0
is "dismissed, its day stays while it may still be thought of" "$(of_45 | sed 's/shopify.*T[0-9]* /ORDER /')" "stays 1 under way: ORDER is accepted"
admin_sql "UPDATE tributary.order_status SET updated_at = now() - interval '181 days' WHERE order_id = (SELECT order_id FROM tributary.orders WHERE number = '#T$run')"
seal_all
is "dismissed, and goes when it has stood still for half a year" "$(of_45) $(is_there 45)" "dropped  f"
is "dismissed, the books balance afterwards" "$(audit_finds)" nothing
is "dismissed, and what is left verifies" "$(proof_says)" ""

# --- a timeline that was there before it was partitioned ------------------------------------------------------------------------------
old_url=$(sed 's|/tributary$|/tributary_old|' "$var/secrets/owner.database-url")
old() { psql "$old_url" -X -q -At -c "$1"; }
superuser "DROP DATABASE IF EXISTS tributary_old" 2>/dev/null
superuser "CREATE DATABASE tributary_old OWNER tributary_owner"
rm -rf "$dir/migrations" && mkdir "$dir/migrations" && cp migrations/*.sql "$dir/migrations/" && mv "$dir"/migrations/*_retention.sql "$dir/"
find "$dir/migrations" -name "*.sql" | while read -r file; do
	if [[ ${file##*/} > $(basename "$dir"/*_retention.sql) ]]; then rm "$file"; fi
done
DATABASE_URL=$old_url tributary migrate --dir "$dir/migrations" >/dev/null
old "INSERT INTO tributary.timeline (order_id, at, stage, event, message_id) SELECT gen_random_uuid(), t, 'test', 'before', gen_random_uuid()
	FROM unnest(ARRAY[now(), now() - interval '500 days', '-infinity', now() + interval '3 days', 'infinity']) t"
for _ in 1 2 3; do old "SELECT tributary.timeline_seal(100)" >/dev/null; done
places=$(old "SELECT array_agg(place ORDER BY at) FROM tributary.timeline")
cp "$dir"/*_retention.sql "$dir/migrations/"
DATABASE_URL=$old_url tributary migrate --dir "$dir/migrations" >/dev/null && ok "before, the migration takes what was there" || not_ok "before, the migration takes what was there"
is "before, no row is lost, or copied when it is not of a clock that is ahead" "$(old "SELECT array_agg(place ORDER BY at) FROM tributary.timeline") $(old "SELECT string_agg(tableoid::regclass::text, ' ' ORDER BY at) FROM tributary.timeline")" \
	"$places tributary.timeline_before tributary.timeline_before tributary.timeline_before tributary.$(day_name -3) tributary.timeline_default"
DATABASE_URL=$old_url tributary proof check >/dev/null && ok "before, and it verifies" || not_ok "before, and it verifies"
is "before, today's rows go there, tomorrow's do not" "$(old "WITH i AS (INSERT INTO tributary.timeline (order_id, at, stage, event, message_id)
	SELECT gen_random_uuid(), t, 'test', 'after', gen_random_uuid() FROM unnest(ARRAY[now(), now() + interval '1 day']) t RETURNING tableoid::regclass)
	SELECT string_agg(tableoid::text, ' ') FROM i")" "tributary.timeline_before tributary.$(day_name -1)"
superuser "DROP DATABASE tributary_old"
true
