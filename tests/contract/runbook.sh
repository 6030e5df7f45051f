#!/bin/bash
# Whoever is woken up finds a page: each code and each alarm has its section in ops/runbook, and what is to be typed there
# exists. Needs no server.
cd "$(dirname "$0")/../.." || exit 1
bin=${TRIBUTARY_BIN:-build/bin}
codes=ops/error-codes.md alerts=ops/alerts/tributary.yml
pages=$(find ops/runbook -name '*.md' ! -name README.md | sort)

none() { # none NAME PROBLEMS - there are no problems
	if [ -z "$2" ]; then echo "ok runbook, $1"; else echo "not ok runbook, $1: $(head -n 20 <<<"$2" | paste -sd ';')"; fi
}

# What a part of the fleet brings that need not be here: looked at as soon as the part is.
is_awaited() { # is_awaited NAME
	case $1 in
	tributary_auditor_* | audit) [ ! -d workers/auditor ] ;;
	tributary_ship_sync_*) [ ! -f workers/ship-sync/breaker.c ] ;;
	proof | --proof | --head) [ ! -d shared/proof ] ;;
	*) false ;;
	esac
}

# --- codes -------------------------------------------------------------------------------------------------------------
# table TITLE [MEANING] - the codes of a table of error-codes.md, of rows whose meaning fits
table() {
	awk -F' [|] ' -v title="## $1" -v meaning="${2:-.}" '
		/^## / { on = index($0, title) == 1 }
		on && /^[|] `/ && $2 ~ meaning { print $1 }' $codes | grep -oE '`[^`]+`'
}
# each_section WORD - what sections list behind WORD, up to the next empty line: "page#anchor code" lines
each_section() {
	awk -v word="^$1: " '
		FNR == 1 { page = FILENAME; sub(/.*\//, "", page) }
		/^## / { anchor = tolower(substr($0, 4)); gsub(/[^a-z0-9 -]/, "", anchor); gsub(/ /, "-", anchor) }
		/^$/ { on = 0 }
		$0 ~ word { on = 1 }
		on { for (rest = $0; match(rest, /`[^`]+`/); rest = substr(rest, RSTART + RLENGTH))
			print page "#" anchor, substr(rest, RSTART, RLENGTH) }' $pages
}
wanted=$({ table 'Refused or dead'; table Exceptions; table "Of the parties' mappings" '(an exception|refused):'; } | sort -u)
given=$(each_section Codes | cut -d' ' -f2 | sort)
none "each code of a refusal or exception has a section" "$(comm -23 <(echo "$wanted") <(sort -u <<<"$given"))"
none "no code has two sections" "$(uniq -d <<<"$given")"
none "each code of a section is one of ours" "$(sort -u <<<"$given" | while read -r code; do
	grep -qF "$code" $codes || echo "$code"
done)"
none "the index has each code, with its section" "$({ each_section Codes; each_section Checks; } | while read -r section code; do
	grep -F "($section) |" ops/runbook/README.md | grep -qF "$code" || echo "$code $section"
done)"
if grep -q '^## Findings of the auditor' $codes; then
	none "each check of the auditor has a section" \
		"$(comm -3 <(table 'Findings of the auditor' | sort -u) <(each_section Checks | cut -d' ' -f2 | sort))"
fi

# --- alarms ------------------------------------------------------------------------------------------------------------
anchors() { # anchors FILE - of its headings
	grep -E '^#+ ' "$1" | sed -E 's/^#+ //' | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9-]//g'
}
is_there() { # is_there FILE[#ANCHOR], from the top of the tree
	[ -e "${1%%#*}" ] && { [[ $1 != *'#'* ]] || anchors "${1%%#*}" | grep -qxF -- "${1#*#}"; }
}
names=$(sed -n 's/^ *- alert: *//p' $alerts)
none "each alert has its parts and a section that is there" "$(
	awk '/^ *- alert:/ { name = $3; parts[name] = 0 }
		/^ *(expr|for|annotations|summary|runbook):/ || /^ *labels: \{severity: (critical|warning|info)\}$/ { parts[name]++ }
		END { for (name in parts) if (parts[name] != 6) print name " has " parts[name] " of 6 parts" }' $alerts
	sed -n 's/^ *runbook: *//p' $alerts | while read -r at; do is_there "$at" || echo "$at is not there"; done
)"
none "an alert and its section name each other" "$(comm -3 <(each_section Alarms | sort) <(
	awk '/^ *- alert:/ { name = $3 } /^ *runbook:/ { print $2, "`" name "`" }' $alerts | sed 's|^ops/runbook/||' | sort
))"
none "the index has each alarm" "$(for name in $names; do grep -q "^| \`$name\` |" ops/runbook/README.md || echo "$name"; done)"
none "a worker that is gone is missed" "$(
	"$bin/tributary" topology workers | while read -r worker; do # the auditor has an alert of its own
		[ "$worker" = auditor ] || [ ! -d "workers/$worker" ] || grep -qF "absent(tributary_amqp_up{worker=\"$worker\"})" $alerts || echo "$worker"
	done
)"

is_metric() { # is_metric NAME
	local name=${1#tributary_} worker
	if grep -qE "\"(tributary_)?${name}[\"{]" shared/worker/metrics.c; then return; fi
	if [[ $name =~ ^(.*)_(bucket|sum|count)$ ]] && grep -qF "{\"${BASH_REMATCH[1]}\"," shared/worker/metrics.c; then return; fi
	for worker in workers/*; do
		worker=${worker#workers/}
		[[ $name == "${worker//-/_}"_* ]] || continue
		cat workers/"$worker"/*.c | tr -d '\n' | grep -qE "(batch_count|worker_figure)\([^\"]*\"${name#"${worker//-/_}"_}\"" && return
	done
	return 1
}
none "each metric exists" "$(
	{ grep -v '^ *#' $alerts; cat $pages; } | grep -oE 'tributary_[a-z_]+' | sort -u | while read -r name; do
		is_awaited "$name" || is_metric "$name" || echo "$name"
	done
	grep -oE 'outcome="[a-z]+"' $alerts | sort -u | cut -d'"' -f2 | while read -r word; do
		grep -qF "= \"$word\"" shared/base/outcome.c || echo "outcome $word"
	done
)"
if python3 -c 'import yaml' 2>/dev/null; then
	none "the alerts are well-formed YAML" "$(python3 -c 'import sys, yaml
for group in yaml.safe_load(open(sys.argv[1]))["groups"]:
    for rule in group["rules"]: rule["alert"], rule["expr"], rule["annotations"]["runbook"]' $alerts 2>&1 | tail -n 1)"
elif command -v ruby >/dev/null; then
	none "the alerts are well-formed YAML" "$(ruby -ryaml -e '
		YAML.load_file(ARGV[0])["groups"].each { |g| g["rules"].each { |r| r.fetch("expr") } }' $alerts 2>&1 | tail -n 1)"
fi

# --- what is to be typed -------------------------------------------------------------------------------------------------
# Lines of code without what stands behind them, and what stands in backticks; what is in quotes is no word of ours.
typed() {
	{
		sed -n 's/^    //p' $pages ops/runbook/README.md | sed -E 's/ {3,}.*//'
		grep -hv '^    ' $pages ops/runbook/README.md | grep -oE '`[^`]+`' | tr -d '`'
	} | sed -E "s/\"[^\"]*\"//g; s/'[^']*'//g" | tr '|' '\n' | sed -E 's/^ +//'
}
command_problem() { # command_problem WORD... - of `tributary WORD...`
	local help sub=() word
	is_awaited "$1" && return
	[[ ${2:-} =~ ^[a-z][a-z-]*$ ]] && sub=("$2")
	if ! help=$("$bin/tributary" "$1" "${sub[@]}" --help 2>&1); then echo "tributary $1 ${sub[*]}"; return; fi
	if [ -n "${sub[*]}" ] && ! "$bin/tributary" "$1" --help | grep -qw -- "${sub[0]}"; then echo "tributary $1 ${sub[0]}"; fi
	for word; do
		[[ $word == --* ]] || continue
		is_awaited "$word" || grep -qF -- "$word" <<<"$help" || echo "tributary $1 ${sub[*]} $word"
	done
}
none "each command exists, with its options" "$(
	typed | grep -E '^tributary [a-z]' | sort -u | while read -r _ words; do command_problem $words; done
)"
none "each command of ops/stack exists" "$(
	typed | grep -E '^ops/stack/' | sort -u | while read -r file word _; do
		[ -x "$file" ] || echo "$file"
		case $word in '' | -*) ;; *) grep '^#' "$file" | grep -qw -- "$word" || echo "$file $word" ;; esac
	done
)"
none "each view and table exists" "$(
	cat $pages | grep -oE '(report|tributary)\.[a-z_]+[a-z]' | sort -u | while read -r name; do
		case $name in
		tributary.env) ;;
		tributary.audit_log) grep -q 'CREATE TABLE audit_log' migrations/*.sql || echo "$name" ;;
		tributary.audit_*) is_awaited audit || grep -qE "CREATE TABLE ${name#*.} " migrations/*.sql || echo "$name" ;;
		tributary.*) grep -qE "CREATE (TABLE|VIEW|FUNCTION) ${name#*.}[ (]" migrations/*.sql || echo "$name" ;;
		*) grep -qE "(VIEW|FUNCTION) ${name}[ (]" migrations/*.sql || echo "$name" ;;
		esac
	done
)"
none "each link leads somewhere" "$(
	grep -oE '\]\([^)]+\)' ops/runbook/*.md | sed -E 's/\]\(//; s/\)$//' | sort -u | while IFS=: read -r page to; do
		[[ $to == '#'* ]] && to=$(basename "$page")$to
		is_there "ops/runbook/$to" || echo "$page: $to"
	done
)"
