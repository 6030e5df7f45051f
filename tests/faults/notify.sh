#!/bin/bash
# kill -9 of notify after each of its steps: the partner gets each document once. What is published again has the message
# id and the control number of the first. Promises P1 and P2.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
trap 'rm -f "$var"/fleet.notify.env "$var/fault.notify"; fleet reload' EXIT
echo "FAULT_FILE=$var/fault.notify" >"$var/fleet.notify.env"
fleet reload
run=$RANDOM
sample=topology/parties/edi-acme/samples/AC-10001.edi
take() { # the documents in the queue, a line each: message id, control number, set
	management POST queues/tributary/outbound.edi-acme/get '{"count": 100, "ackmode": "ack_requeue_false", "encoding": "auto"}' |
		jq -r '.[] | select(.properties.type == "document.issued") | .properties.message_id + " " + (.payload |
			capture("IEA\\*1\\*(?<n>[0-9]+)").n + " " + capture("ST\\*(?<s>[0-9]+)").s)'
}
earlier='none yet'
has_three() { # adds what has come to $taken, but for what was published again late; three different ones?
	taken+=$(take | grep -vF "$earlier")$'\n'
	[ "$(grep . <<<"$taken" | cut -d' ' -f1 | sort -u | wc -l)" -ge 3 ]
}
take >/dev/null
all=''
for step in take decode handle commit publish mark ack; do
	echo "$step 2" >"$var/fault.notify"
	fleet restart notify
	sed "s/AC-10001/AC-$run-$step/g" "$sample" >"$var/notify.edi"
	tributary submit --party edi-acme "$var/notify.edi" >/dev/null || not_ok "the order is sent"
	taken=''
	wait_for 60 has_three
	sleep 2
	has_three
	[ ! -e "$var/fault.notify" ] && ok "notify was killed after $step" || not_ok "notify was killed after $step"
	different=$(grep . <<<"$taken" | sort -u)
	is "notify killed after $step, 855, 856 and 810 are there, each by one message and one number" "$(cut -d' ' -f3 <<<"$different" | sort | tr '\n' ' ')" "810 855 856 "
	all+=$(cut -d' ' -f2 <<<"$different")$'\n'
	earlier+=$'\n'$(cut -d' ' -f1 <<<"$different")
done
# Four of them, and many orders at once: each partner reads in the order in which things happened
rm -f "$var/fault.notify"
fleet scale notify 4
for i in $(seq 30); do
	sed "s/AC-10001/AC-$run-many$i/g" "$sample" >"$var/notify.edi"
	tributary submit --party edi-acme "$var/notify.edi" >/dev/null
done
told() { sql_is "SELECT count(*) FROM report.outbound_documents WHERE order_number LIKE 'AC-$run-many%'" 90; }
wait_for 90 told
is "four processes, the answer to an order comes before its ship notice, and that before its invoice" \
	"$(sql "SELECT says, count(*) FROM (SELECT string_agg(what, ' ' ORDER BY control) AS says FROM report.outbound_documents WHERE order_number LIKE 'AC-$run-many%' GROUP BY order_id) t GROUP BY says")" "order-response ship-notice invoice|30"
fleet scale notify 1
is "no control number comes twice" "$(grep . <<<"$all" | sort | uniq -d)" ""
is "the ledger has three documents of each order" "$(sql "SELECT count(*) FROM report.outbound_documents WHERE order_number LIKE 'AC-$run-%' AND order_number NOT LIKE '%many%'")" 21
is "books balance" "$(books_wrong)" ""
