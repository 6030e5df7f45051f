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
