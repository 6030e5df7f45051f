#!/bin/bash
# kill -9 of ingest around an interchange of three orders: its partner gets the same one answer, whatever happened. What
# is published again has the message id and the control number of the first. Promises P1 and P2.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
trap 'rm -f "$var"/fleet.ingest.env "$var/fault.ingest"; fleet reload' EXIT
echo "FAULT_FILE=$var/fault.ingest" >"$var/fleet.ingest.env"
fleet reload
sample=topology/parties/edi-acme/samples/three-orders-one-bad.edi
take() { # the answers in the queue, a line each: message id, control number, what it says
	management POST queues/tributary/outbound.edi-acme/get '{"count": 50, "ackmode": "ack_requeue_false", "encoding": "auto"}' |
		jq -r '.[] | select(.properties.type == "document.answered") | .properties.message_id + " " + (.payload | capture("IEA\\*1\\*(?<n>[0-9]+)").n + " " + capture("(?<s>AK9[^~]*)").s)'
}
has_taken() { # adds what has come to $taken; has anything?
	taken+=$(take)$'\n'
	grep -q AK9 <<<"$taken"
}
take >/dev/null
before='' earlier='none yet'
for step in take decode handle commit publish mark ack; do
	echo "$step 1" >"$var/fault.ingest"
	fleet restart ingest
	tributary submit --party edi-acme "$sample" >/dev/null || not_ok "answer, the file is sent"
	taken=''
	wait_for 60 has_taken
	sleep 2
	has_taken
	[ ! -e "$var/fault.ingest" ] && ok "ingest was killed after $step" || not_ok "ingest was killed after $step"
	# An answer that was published again may come late: it has the id of an earlier one
	answers=$(grep AK9 <<<"$taken" | sort -u | grep -vF "$earlier")
	earlier+=$'\n'$(cut -d' ' -f1 <<<"$answers")
	is "ingest killed after $step, there is one answer" "$(cut -d' ' -f3 <<<"$answers")" "AK9*P*3*3*2"
	[ "$(cut -d' ' -f2 <<<"$answers")" != "$before" ] && ok "ingest killed after $step, by a number of its own" ||
		not_ok "ingest killed after $step, by a number of its own" "$before"
	before=$(cut -d' ' -f2 <<<"$answers")
done
is "ingest killed again and again, the orders are there once" "$(sql "SELECT count(*) FROM report.orders WHERE party = 'edi-acme' AND number = 'AC-9000'")" 2
is "books balance" "$(books_wrong)" ""
