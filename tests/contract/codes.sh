#!/bin/bash
# Every code that the sources give, and every code of a problem that the gateway answers with, stands in ops/error-codes.md.
cd "$(dirname "$0")/../.." || exit 1
missing=$(
	{
		cat shared/*/*.c workers/*/*.c ops/cli/*.c | tr '\n\t' '  ' | grep -oE 'why_(set|at)\([^;"]*OUTCOME_[A-Z]+, *"[a-z][a-z0-9-]+"' |
			grep -oE '"[a-z][a-z0-9-]+"$'
		cat workers/gateway/*.c | tr '\n\t' '  ' | grep -oE 'call_problem\([^;"]*, *[0-9]+, *"[a-z][a-z0-9-]+"|ask_complain\([^;"]*, *"[a-z][a-z0-9-]+"' |
			grep -oE '"[a-z][a-z0-9-]+"$'
		grep -ohE '(refuse|hold|ignore)\("[a-z][a-z0-9-]+"' topology/parties -r | grep -oE '"[a-z][a-z0-9-]+"'
	} | tr -d '"' | sort -u | while read -r code; do grep -qF "\`$code\`" ops/error-codes.md || [[ $code == json-* ]] || echo "$code"; done
)
if [ -z "$missing" ]; then echo "ok codes, each stands in ops/error-codes.md"; else echo "not ok codes, missing in ops/error-codes.md: $(echo $missing)"; fi
