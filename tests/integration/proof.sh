#!/bin/bash
# What was written down cannot be changed unseen: rows are sealed in batches, and each change is found and named.
. "$(dirname "$0")/../support/fleet.sh"
fleet_own proof
ops/stack/fleet --var "$var" stop auditor >/dev/null 2>&1 # here the test seals, when it wants to

unsealed() { sql "SELECT count(*) FROM tributary.seal_rows WHERE place > (SELECT coalesce(max(last_place), 0) FROM tributary.timeline_seals)"; }
seal() { admin_sql "SELECT tributary.timeline_seal($1)"; }
seal_once() {
	seal "$1" >/dev/null
	[ "$(unsealed)" = 0 ]
}
seal_all() { wait_for 60 seal_once "$1"; } # seal_all ROWS - until nothing is left, in batches of so many rows
head_of() { tributary proof check --json | jq -r .head; }

# --- nobody but the owner --------------------------------------------------------------------------------------------
tables="'timeline', 'audit_log', 'timeline_seals', 'timeline_heads', 'seal_fence'"
is "proof, no role but the owner may change or delete a row" "$(admin_sql "
	SELECT r.rolname || ' ' || c.relname FROM pg_roles r CROSS JOIN pg_class c WHERE r.rolname LIKE 'tributary\_%'
	AND r.rolname <> 'tributary_owner' AND c.relnamespace = 'tributary'::regnamespace AND c.relname IN ($tables)
	AND (has_any_column_privilege(r.oid, c.oid, 'UPDATE') OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER'))")" ""
is "proof, no role but the owner gives a place or makes a seal" "$(admin_sql "
	SELECT r.rolname || ' ' || c.relname FROM pg_roles r CROSS JOIN pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE r.rolname LIKE 'tributary\_%' AND r.rolname <> 'tributary_owner' AND c.relnamespace = 'tributary'::regnamespace
	AND c.relname IN ($tables, 'documents') AND (a.attname IN ('place', 'batch_no', 'fence_place')
	OR (c.relname = 'audit_log' AND a.attname IN ('at', 'role'))) AND has_column_privilege(r.oid, c.oid, a.attnum, 'INSERT')
	UNION ALL SELECT rolname || ' sequence' FROM pg_roles WHERE rolname LIKE 'tributary\_%' AND rolname <> 'tributary_owner'
	AND has_sequence_privilege(oid, 'tributary.seal_places', 'UPDATE')
	UNION ALL SELECT rolname || ' seals' FROM pg_roles WHERE rolname LIKE 'tributary\_%'
	AND rolname NOT IN ('tributary_owner', 'tributary_auditor')
	AND has_function_privilege(oid, 'tributary.timeline_seal(bigint)', 'EXECUTE')")" ""
denied=0 tried=0
for role in operator ingest enrich allocate ship-sync invoice notify dead-letter; do
	for try in "UPDATE tributary.timeline SET detail = ''" "DELETE FROM tributary.timeline" "TRUNCATE tributary.timeline" \
		"UPDATE tributary.audit_log SET who = ''" "DELETE FROM tributary.audit_log" "UPDATE tributary.timeline_seals SET hash = ''" \
		"DELETE FROM tributary.timeline_seals" "DELETE FROM tributary.timeline_heads" "SELECT setval('tributary.seal_places', 1)" \
		"SELECT tributary.timeline_seal(1)" "DELETE FROM tributary.documents" "UPDATE tributary.documents SET body = ''"; do
		tried=$((tried + 1))
		said=$(psql "$(cat "$var/secrets/$role.database-url")" -X -q -At -c "$try" 2>&1)
		[[ $said == *'permission denied'* ]] && denied=$((denied + 1))
	done
done
is "proof, every role that tries is denied" "$denied" "$tried"

# --- orders to their invoices, an act of a person, and bytes of every kind ------------------------------------------------
seal_all 10000
load proof- 20
wait_for 60 all_invoiced proof- 20 || not_ok "orders are invoiced"
id=$(sql "SELECT order_id FROM tributary.orders WHERE number = 'proof-1'")
other=$(sql "SELECT order_id FROM tributary.orders WHERE number = 'proof-2'")
sql "INSERT INTO tributary.audit_log (who, act, target_id, order_id, reason, before, after)
	VALUES ('ada', 'exception.release', 'x', '$id', 'she called', '{\"a\" :  1}', NULL)" && ok "proof, the operator writes his act down"
admin_sql "INSERT INTO tributary.timeline (order_id, at, stage, event, code, detail, message_id) VALUES
	('$other', 'infinity', 'test', '', NULL, '', '$other'), ('$other', '-infinity', 'test', E'\t\n', '', NULL, '$other'),
	('$other', '1969-12-31 23:59:59.999999Z', 'Größe', '漢字 🙂', 'x', repeat('long ', 20000), '$id'),
	('00000000-0000-0000-0000-000000000000', '2000-01-01Z', 'a', 'b', 'c', 'd', '$id')"
sql "INSERT INTO tributary.audit_log (who, act, target_id, reason) VALUES ('ada', 'drift.accept', 'shopify', 'of no order')"
is "proof, what is not sealed is counted" "$(tributary order --proof shopify:proof-1 | tail -n 1 | grep -c '^verified: 0 rows in 0 seals, [0-9]* not sealed yet$')" 1
seal_all 40
tributary proof check >"$var/check.txt" && ok "proof, C and SQL agree on the bytes of every row" || not_ok "proof, C and SQL agree on the bytes of every row" "$(head -n 3 "$var/check.txt")"
is "proof, every row is sealed" "$(sql "SELECT sum(rows_count) FROM tributary.timeline_seals")" "$(sql "SELECT count(*) FROM tributary.seal_rows")"
tributary order --proof shopify:proof-1 >"$var/proof.txt" && ok "proof, an order is verified" || not_ok "proof, an order is verified" "$(tail -n 3 "$var/proof.txt")"
raw=$(sql "SELECT encode(sha256(body), 'hex') FROM tributary.documents JOIN tributary.orders USING (document_id) WHERE number = 'proof-1'")
missing=
for word in "$raw" partner-asked invoice.issued 'ada .*exception.release' 'ship-sync .*confirmed .*WMS-' 'INV-' '^verified: [0-9]* rows in [0-9]* seals, 0 not sealed yet'; do
	grep -q -- "$word" "$var/proof.txt" || missing+=" $word"
done
is "proof, it shows raw hash, decisions, acts, effects, invoice and verdict" "$missing" ""
is "proof, the same for programs" "$(tributary order --proof --json shopify:proof-1 | jq -r '[.verdict.is_verified, .documents[0].sha256_of_body == .documents[0].sha256_on_receipt,
	(.rows | map(select(.source == "audit_log")) | length), .effects[0].state, .order.number] | join(" ")')" "true true 1 confirmed proof-1"

# --- the owner changes what is sealed ---------------------------------------------------------------------------------
kept="timeline audit_log documents timeline_seals timeline_heads effects invoices"
admin_sql "DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept" 2>/dev/null
for table in $kept; do admin_sql "CREATE TABLE kept.$table AS TABLE tributary.$table"; done
restore() { # only what differs
	admin_sql "BEGIN; $(for table in $kept; do
		echo "DELETE FROM tributary.$table x WHERE NOT EXISTS (SELECT FROM kept.$table k WHERE md5(k::text) = md5(x::text));
			INSERT INTO tributary.$table OVERRIDING SYSTEM VALUE SELECT k.* FROM kept.$table k
			WHERE NOT EXISTS (SELECT FROM tributary.$table x WHERE md5(k::text) = md5(x::text));"
	done) COMMIT"
}
head_was=$(head_of)
by_order() { tributary order --proof shopify:proof-1; }
by_check() { tributary proof check --head "$head_was"; }
# tampered NAME SQL PATTERN [by_order|by_check] - is it found, and named so, by both or the one?
tampered() {
	local how found bad=
	admin_sql "$2" >/dev/null || bad="the change itself failed"
	for how in ${4:-by_order by_check}; do
		if found=$($how); then bad+=" $how verifies"; fi
		grep -qE -- "$3" <<<"$found" || bad+=" $how says: $(grep -vE '^(head|NOT)' <<<"$found" | tail -n 2)"
	done
	restore
	if [ -z "$bad" ]; then ok "proof, $1"; else not_ok "proof, $1" "$bad"; fi
}
mapfile -t places < <(sql "SELECT place FROM tributary.timeline WHERE order_id = '$id' ORDER BY place")
first=${places[0]} middle=${places[5]} last=${places[-1]}
theirs=$(sql "SELECT min(place) FROM tributary.timeline WHERE order_id = '$other'")
batch=$(sql "SELECT batch_no FROM tributary.timeline_heads WHERE subject_id = '$id' ORDER BY batch_no LIMIT 1")
document=$(sql "SELECT document_id FROM tributary.orders WHERE order_id = '$id'")
tampered "a changed detail" "UPDATE tributary.timeline SET detail = 'nothing' WHERE place = $middle" "^row $middle was changed"
tampered "a NULL made empty" "UPDATE tributary.timeline SET detail = '' WHERE place = (SELECT place FROM tributary.timeline WHERE order_id = '$id' AND detail IS NULL LIMIT 1)" "^row [0-9]* was changed"
tampered "a moved instant" "UPDATE tributary.timeline SET at = at + interval '1 microsecond' WHERE place = $middle" "^row $middle was changed"
tampered "a deleted row in the middle" "DELETE FROM tributary.timeline WHERE place = $middle" "^row $middle(, (between|after) .*)? is missing"
tampered "the last rows deleted" "DELETE FROM tributary.timeline WHERE place IN ($last, ${places[-2]})" "^row $last(, after .*)? is missing"
tampered "a row added" "INSERT INTO tributary.timeline SELECT order_id, at, stage, event, code, 'again', message_id, place FROM tributary.timeline WHERE place = $middle" "^row $middle was added"
tampered "rows of two orders swapped" "UPDATE tributary.timeline SET order_id = CASE WHEN place = $first THEN '$other'::uuid ELSE '$id' END WHERE place IN ($first, $theirs)" "^row $theirs was added"
tampered "rows of two orders swapped, the other side" "UPDATE tributary.timeline SET order_id = CASE WHEN place = $first THEN '$other'::uuid ELSE '$id' END WHERE place IN ($first, $theirs)" "^row $first .*is missing"
tampered "two places of one order swapped" "UPDATE tributary.timeline SET place = CASE WHEN place = $first THEN $middle ELSE $first END WHERE place IN ($first, $middle)" "^row $middle was changed"
tampered "an act changed" "UPDATE tributary.audit_log SET who = 'bob' WHERE order_id = '$id'" "^row [0-9]* was changed"
tampered "an act that concerns no order deleted" "DELETE FROM tributary.audit_log WHERE reason = 'of no order'" "^row [0-9]*.* is missing" by_check
tampered "the raw document changed" "UPDATE tributary.documents SET body = body || ' '::bytea WHERE document_id = '$document'" "^the raw document was changed"
tampered "the raw document and its hash changed" "UPDATE tributary.documents SET body = 'x', sha256 = sha256('x') WHERE document_id = '$document'" "^row [0-9]* was changed"
tampered "the raw document deleted" "DELETE FROM tributary.documents WHERE document_id = '$document'" "^row [0-9]* is missing"
tampered "a seal changed" "UPDATE tributary.timeline_seals SET sealed_at = sealed_at - interval '1 day' WHERE batch_no = $batch" "^seal $batch was changed"
tampered "a seal deleted" "DELETE FROM tributary.timeline_seals WHERE batch_no = $batch" "^seal $batch is missing"
tampered "a head changed" "UPDATE tributary.timeline_heads SET head = sha256('') WHERE batch_no = $batch AND subject_id = '$id'" "^seal $batch .*was changed"
tampered "a row changed and its mark with it" "UPDATE tributary.timeline SET detail = 'x' WHERE place = $last;
	UPDATE tributary.timeline_heads h SET marks = (SELECT string_agg(int8send(place) || substr(sha256(bytes), 1, 8), ''::bytea ORDER BY place)
	FROM tributary.seal_rows r JOIN tributary.timeline_seals s ON r.place BETWEEN s.first_place AND s.last_place
	WHERE s.batch_no = h.batch_no AND r.subject_id = h.subject_id) WHERE subject_id = '$id'" "^seal [0-9]* .*was changed"
tampered "a whole order taken out, with its heads" "DELETE FROM tributary.timeline WHERE order_id = '$other'; DELETE FROM tributary.timeline_heads WHERE subject_id = '$other'" "^seal [0-9]* was changed, or a subject was taken out" by_check
tampered "an order's heads taken out" "DELETE FROM tributary.timeline_heads WHERE subject_id = '$id'" "^row [0-9]* was added, or its seal was taken out"
tampered "the newest seal deleted, by the head that was written down" "DELETE FROM tributary.timeline_seals WHERE batch_no = (SELECT max(batch_no) FROM tributary.timeline_seals)" "^the head that was written down is not part of the chain" by_check
tampered "all seals made anew, by the head that was written down" "DELETE FROM tributary.timeline_seals; DELETE FROM tributary.timeline_heads" "^the head that was written down is not part of the chain" by_check
tampered "another number of the partner in the ledger" "UPDATE tributary.effects SET partner_ref = 'WMS-666' WHERE order_id = '$id'" "^row [0-9]* says that the partner took it" by_order
tampered "an invoice deleted" "DELETE FROM tributary.invoices WHERE order_id = '$id'" "^row [0-9]* says invoice INV-.* not there" by_order
is "proof, programs are told what differs" "$(admin_sql "UPDATE tributary.timeline SET detail = 'nothing' WHERE place = $middle" && tributary order --proof --json shopify:proof-1 | jq -r '.verdict | "\(.is_verified) \(.findings[0])"'; restore)" "false row $middle was changed (seal $(sql "SELECT min(batch_no) FROM tributary.timeline_seals WHERE last_place >= $middle"))"
by_order >"$var/proof.txt" && by_check >/dev/null && ok "proof, all is well when it is as it was" || not_ok "proof, all is well when it is as it was"
tributary proof check --since 1m --head "$head_was" >/dev/null && ok "proof, the newest alone" || not_ok "proof, the newest alone"
tributary proof check --head 12 >/dev/null 2>&1
is "proof, a head that is none is a wrong command line" $? 2
admin_sql "DROP SCHEMA kept CASCADE" 2>/dev/null

# --- nothing is skipped: a transaction that took its place early and commits late ---------------------------------------------
coproc psql "$(cat "$var/secrets/owner.database-url")" -X -q -At
late=$COPROC_PID
say() { echo "$1" >&"${COPROC[1]}" && read -r -t 10 answer <&"${COPROC[0]}"; }
say "BEGIN; INSERT INTO tributary.timeline (order_id, at, stage, event, message_id) VALUES ('$id', now(), 'test', 'late', '$id') RETURNING place;"
late_place=$answer
admin_sql "INSERT INTO tributary.timeline (order_id, at, stage, event, message_id) VALUES ('$id', now(), 'test', 'early', '$id')"
for _ in 1 2 3 4 5; do seal 100 >/dev/null; done
is "proof, the sealer waits for a place that is not committed" "$(sql "SELECT max(last_place) < $late_place FROM tributary.timeline_seals")" t
say "COMMIT; SELECT 'committed';"
seal_all 100
is "proof, and takes it when it is" "$(sql "SELECT count(*) FROM tributary.timeline_heads h JOIN tributary.timeline_seals s USING (batch_no) WHERE h.subject_id = '$id' AND s.last_place >= $late_place")" 1
admin_sql "UPDATE tributary.seal_fence SET fence_xid = '9000000000000'"
admin_sql "INSERT INTO tributary.timeline (order_id, at, stage, event, message_id) VALUES ('$id', now(), 'test', 'restored', '$id')"
seal_all 100 && ok "proof, a database that was restored into another server is sealed further" || not_ok "proof, a database that was restored into another server is sealed further"
echo '\q' >&"${COPROC[1]}"
wait "$late" 2>/dev/null

before=$(sql "SELECT count(*) FROM tributary.timeline_seals")
# The same under load, with long transactions that commit and some that do not, and two sealers at once
for _ in 1 2; do
	yes 'SELECT tributary.timeline_seal(23);' | psql "$(cat "$var/secrets/owner.database-url")" -X -q -At >/dev/null 2>&1 &
	sealers+=($!)
done
load during- 1500 &
loader=$!
for n in $(seq 1 40); do
	admin_sql "BEGIN; INSERT INTO tributary.timeline (order_id, at, stage, event, message_id) SELECT '$id', now(), 'test', 'slow', '$id'
		FROM generate_series(1, 3); SELECT pg_sleep(random() / 2); $([ $((n % 4)) = 0 ] && echo ROLLBACK || echo COMMIT)" >/dev/null &
	[ $((n % 4)) = 0 ] && wait $!
done
wait "$loader"
wait_for 120 all_invoiced during- 1500 || not_ok "orders are invoiced while rows are sealed"
meanwhile=$(($(sql "SELECT count(*) FROM tributary.timeline_seals") - before))
[ "$meanwhile" -ge 50 ] && ok "proof, rows were sealed meanwhile" || not_ok "proof, rows were sealed meanwhile" "$meanwhile seals"
kill "${sealers[@]}"
wait "${sealers[@]}" 2>/dev/null
seal_all 10000
is "proof, under load every row is sealed" "$(sql "SELECT sum(rows_count) FROM tributary.timeline_seals")" "$(sql "SELECT count(*) FROM tributary.seal_rows")"
tributary proof check --head "$head_was" >"$var/check.txt" && ok "proof, and all of it verifies" || not_ok "proof, and all of it verifies" "$(head -n 3 "$var/check.txt")"
tributary order --proof shopify:proof-1 >/dev/null && ok "proof, an order that grew is verified" || not_ok "proof, an order that grew is verified"
ops/stack/fleet --var "$var" start auditor >/dev/null 2>&1
true
