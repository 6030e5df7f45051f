#!/bin/bash
# Every party's samples come to what stands beside them, field by field.
cd "$(dirname "$0")/../.." || exit 1
bin=${TRIBUTARY_BIN:-build/bin}
said=$("$bin/tributary" party check)
while read -r word file _; do
	case $word in
	ok) echo "ok party $(basename "$(dirname "$(dirname "$file")")"), $(basename "$file") comes to what is expected" ;;
	differs) echo "not ok party $(basename "$(dirname "$(dirname "$file")")"), $(basename "$file") comes to what is expected" ;;
	esac
done <<<"$said"
grep '^  ' <<<"$said" | head -n 30
# The check itself must notice a field that is not as expected
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r topology/parties "$copy/"
expected=$(find "$copy/parties/shopify/samples" -name '1001*.expected.json')
sed -i 's/"quantity": "10"/"quantity": "11"/' "$expected"
got=$(PARTIES_DIR=$copy/parties "$bin/tributary" party check shopify) && echo "not ok party check, a changed field is a difference"
if grep -qF '[0].document.lines[0].quantity: expected "11", got "10"' <<<"$got"; then
	echo "ok party check, names path, expected and got"
else
	echo "not ok party check, names path, expected and got"
fi
# ... and a line of what a party is sent, and a function that is not there
says() { # says NAME PARTY TEXT
	got=$(PARTIES_DIR=$copy/parties "$bin/tributary" party check "$2" 2>&1) && echo "not ok $1, the check says no"
	if grep -qF "$3" <<<"$got"; then echo "ok $1"; else echo "not ok $1: $(tail -n 3 <<<"$got")"; fi
}
sed -i 's/^TDS\*91170/TDS*91171/' "$copy/parties/edi-acme/sends/AC-10001.invoice.expected.txt"
says "party check, names the line of what is sent, expected and got" edi-acme 'expected "TDS*91171~", got "TDS*91170~"'
sed -i 's/ship_notice = out.ship_notice, //' "$copy/parties/edi-globex/mapping.lua"
says "party check, a function for what party.yaml says is missing" edi-globex "party.yaml says sends: ship-notice, and the mapping has no function ship_notice"
sed -i 's/^sends: .*/sends: order-response, invoise/' "$copy/parties/edi-globex/party.yaml"
says "party.yaml, sends something that is not known" edi-globex '"invoise" is none of order-response, ship-notice and invoice'
sed -i.bak 's/^  concurrency:.*/&\n  rate_per_second: 0.0001/' "$copy/parties/sandbox-wms/party.yaml"
says "party.yaml, a rate that is none" sandbox-wms 'connection.rate_per_second: "0.0001" is no decimal from 0.001 to 100000'
mv "$copy/parties/sandbox-wms/party.yaml.bak" "$copy/parties/sandbox-wms/party.yaml"
sed -i 's/^format: json/&\nsends: invoice/; s/^kind: wms/&/' "$copy/parties/sandbox-wms/party.yaml"
says "party.yaml, a warehouse is sent nothing about orders" sandbox-wms "only a channel is sent documents about its orders"
