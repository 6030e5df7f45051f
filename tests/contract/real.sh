#!/bin/bash
# Real documents that nobody here wrote (../shared/samples beside the checkout, when it is there): what each comes to.
# real-*.tsv: file, party, and per unit RESULT:CODE, or RESULT:NUMBER:LINES:STATED-GRAND-MINOR where there is a document.
cd "$(dirname "$0")/../.." || exit 1
bin=${TRIBUTARY_BIN:-build/bin}
samples=${SAMPLES_DIR:-../shared/samples}
if [ ! -d "$samples" ]; then
	echo "ok real documents, none are here"
	exit 0
fi
cat tests/contract/real-*.tsv | while IFS=$'\t' read -r file party wants; do
	has=$("$bin/tributary" party try "$party" "$samples/$file" 2>/dev/null | jq -r '[.[] | if .document.source_number
		then "\(.result):\(.document.source_number):\(.document.lines // [] | length):\(.document.stated.grand_minor // 0)"
		else .result + (if .code then ":" + .code else "" end) end] | join(" ")')
	if [ "$has" = "$wants" ]; then
		echo "ok real document, $file by $party"
	else
		echo "not ok real document, $file by $party: has '$has', wants '$wants'"
	fi
done
