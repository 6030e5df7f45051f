#!/bin/bash
# What a trading partner is told: of three orders in one file two are taken and one is refused, and the 997 or CONTRL says
# exactly that; each file is answered by numbers of its own, and nobody but the partner reads the answers.
. "$(dirname "$0")/../support/fleet.sh"
fleet_up
acme=topology/parties/edi-acme/samples globex=topology/parties/edi-globex/samples
dir=$var/acknowledge
rm -rf "$dir" && mkdir -p "$dir"

take() { # take PARTY - the answers, a line each; everything leaves the queue
	management POST "queues/tributary/outbound.$1/get" '{"count": 50, "ackmode": "ack_requeue_false", "encoding": "auto"}' |
		jq -r '.[] | select(.properties.type == "document.answered") | .properties.content_type + " " + .payload'
}
taken=''
has_taken() { # has_taken PARTY COUNT - until so many have come; all of them in $taken
	local more
	more=$(take "$1")
	if [ -n "$more" ]; then taken+=$more$'\n'; fi
	[ "$(grep -c . <<<"$taken")" -ge "$2" ]
}
answered() { # answered PARTY COUNT
	taken=''
	wait_for 20 has_taken "$1" "$2"
}
submit() { tributary submit --party "$@" >/dev/null || not_ok "$1 is sent"; }
segment() { grep -oE "$1[^~']*" <<<"$taken" | tr '\n' ' '; }
take edi-acme >/dev/null
take edi-globex >/dev/null

submit edi-acme "$acme/three-orders-one-bad.edi"
answered edi-acme 1
is "997, it is X12" "${taken%% *}" application/EDI-X12
is "997, two are accepted and one is refused" "$(segment 'AK5\*')" "AK5*A AK5*R*5 AK5*A "
is "997, the group is partly accepted: three sent, three received, two accepted" "$(segment 'AK9\*')" "AK9*P*3*3*2 "
is "997, names segment and element at fault: PO102, the eleventh segment" "$(segment 'AK[34]\*')" "AK3*PO1*11**8 AK4*2**7 "
first=$(segment 'ISA\*' | cut -d'*' -f14)
submit edi-acme "$acme/three-orders-one-bad.edi"
answered edi-acme 1
is "997, the same file again is answered again" "$(segment 'AK9\*')" "AK9*P*3*3*2 "
[ "$(segment 'ISA\*' | cut -d'*' -f14)" -gt "$first" ] && ok "997, by a number of its own" || not_ok "997, by a number of its own"
accepted() { sql "SELECT count(*) FROM report.orders WHERE party = 'edi-acme' AND number = 'AC-9000'"; }
is "997, the orders are there once" "$(accepted)" 2

submit edi-acme "$acme/AC-10002-cancelled.edi"
answered edi-acme 1
is "997, an interchange of one is answered, too" "$(segment 'AK9\*')" "AK9*A*1*1*1 "
submit edi-acme "$acme/not-ours.edi"
answered edi-acme 1
is "997, a set that is not taken is refused as that, an acknowledgement is not answered" \
	"$(segment 'AK1\*')$(segment 'AK5\*')" "AK1*RA*109 AK5*R*1 "

submit edi-globex "$globex/two-messages-one-without-bgm.edi"
answered edi-globex 1
is "CONTRL, it is EDIFACT" "${taken%% *}" application/EDIFACT
is "CONTRL, one is taken and the one without BGM is refused: 13, missing" "$(segment 'UC[IMSD]\+')" \
	"UCI+10005+4012345000016:14+4012345000092:14+7 UCM+1+ORDERS:D:96A:UN:EAN008+7 UCM+2+ORDERS:D:96A:UN:EAN008+4+13 "
submit edi-globex "$globex/other-messages.edi"
answered edi-globex 1
is "CONTRL, a type that is not taken is refused as that: 17, no agreement" "$(segment 'UCM\+2')" "UCM+2+ORDRSP:D:96A:UN+4+17 "
grep -q 'UCM+1+' <<<"$taken" && not_ok "CONTRL, is not answered with a CONTRL" || ok "CONTRL, is not answered with a CONTRL"

submit edi-globex "$globex/PO-4733-unb-without-reference.edi"
unanswered="SELECT outcome || ' ' || code FROM tributary.documents WHERE party = 'edi-globex' AND code = 'edifact-ack'"
wait_for 20 sql_is "$unanswered" "split edifact-ack"
is "CONTRL, what cannot be answered says so with its document" "$(sql "$unanswered")" "split edifact-ack"

reads() { management GET permissions | jq -r ".[] | select(.user == \"$1\") | .read"; }
is "outbound, the partner may read its own queue and no other" "$(reads party-edi-acme)" '^outbound\.edi-acme$'
is "outbound, a party without answers may read nothing" "$(reads party-shopify)" '^$'
is "outbound, there is no queue for it" "$(management GET queues/tributary/outbound.shopify | jq -r .error)" "Object Not Found"
is "the books balance" "$(books_wrong)" ""
