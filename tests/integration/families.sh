#!/bin/bash
# A document of every party that is there ready-made, as it came from its channel, to its invoice. What the demo shows
# as held and refused stays so, with its code.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
dir=$var/families
rm -rf "$dir" && mkdir -p "$dir"
run=89$RANDOM
ended() { # ended NUMBER-OF-DOCUMENT - what became of it
	sql "SELECT state || coalesce(' ' || hold_code, '') FROM report.orders WHERE number ~ '^#?$run-?$1\$'
	     UNION ALL SELECT outcome || ' ' || code FROM tributary.documents
	       WHERE outcome = 'refused' AND encode(sha256, 'hex') = '$(sha256sum "$dir/${file_of[$1]}" | cut -d' ' -f1)'"
}
ended_is() { [ "$(ended "$1")" = "$2" ]; }
n=0
while read -r party file; do
	n=$((n + 1))
	(cd "$dir" && PARTIES_DIR=$OLDPWD/topology/parties "$TRIBUTARY_BIN/tributary" submit --party "$party" "$file" </dev/null >/dev/null) ||
		not_ok "$party, $file is sent"
	wanted[n]=invoiced name[n]=$party file_of[n]=$file
done < <(ops/demo/documents "$dir" "$run")
wanted[6]="held customer-unknown" wanted[7]="refused field-range" wanted[12]="held stock-short"
for i in $(seq "$n"); do
	wait_for 30 ended_is "$i" "${wanted[i]}"
	is "${name[i]}, document $i ends as it should" "$(ended "$i")" "${wanted[i]}"
done
sent=$(cut -f1 ops/demo/orders.tsv | tail -n +2 | sort -u)
channels=$(tributary party list | awk '$2 == "channel" { print $1 }')
is "every ready-made channel is among them" "$sent" "$channels"
is "the books balance" "$(books_wrong)" ""
