#!/bin/bash
# What once broke a fuzz target, or might, breaks none any more; and neither does any document that they begin with.
cd "$(dirname "$0")/../.." || exit 1
build=${TRIBUTARY_BIN:-build/bin}/..
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tests/fuzz/seeds "$dir" || exit
for source in tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c) target=${target#fuzz_}
	promise="crashers, $target takes its $(ls "$dir/$target" | wc -l) documents"
	if timeout 120 "$build/tests/fuzz/fuzz_$target" "$dir/$target"/* >"$dir/log" 2>&1; then
		echo "ok $promise"
	else
		echo "not ok $promise: $(tail -n 1 "$dir/log")"
	fi
done
