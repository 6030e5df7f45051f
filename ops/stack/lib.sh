# lib.sh - what the commands of this folder share: options, the stack's folder and ports, its processes, waiting.
#
# Whose is a process? Each one of a stack is started with TRIBUTARY_STACK=<DIR>:<name> in its environment and is found
# again by that entry in /proc. So there are no pid files that could be stale, lost or point at a recycled pid.
# Postgres, which on a machine may run as another user, is found by its command line.
set -euo pipefail
umask 077
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(cd "$here/../.." && pwd -P)
command_name=${0##*/}
all_servers='postgres redis rabbitmq postgres-standby rabbitmq-2 rabbitmq-3' # the last three: of a cluster only

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$command_name" "$*" >&2; exit 1; }
usage() { sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"; exit "$1"; }

# stack_at DIR [PORT_BASE [CLUSTER [TLS]]] - set the globals that say where the stack lives and what it has
stack_at() {
	var=$(realpath -m -- "$1")
	case $var in *[!A-Za-z0-9_./+,@-]*) die "--var $var: only letters, digits and _ . / + , @ - please" ;; esac
	if [ -e "$var" ] && [ ! -O "$var" ]; then
		die "$var belongs to $(stat -c %U "$var"), you are $(id -un): run this as that user, or take another --var"
	fi
	secrets=$var/secrets log=$var/log
	port_base='' bin='' parties='' cluster='' tls=''
	if [ -f "$var/stack.conf" ]; then . "$var/stack.conf"; fi
	saved_port_base=$port_base saved_cluster=${cluster:-no} saved_tls=${tls:-no}
	port_base=${2:-${port_base:-27600}}
	bin=${TRIBUTARY_BIN:-${bin:-$repo/build/bin}}
	parties=${parties:-$repo/topology/parties}
	case $port_base in *[!0-9]* | '') die "--port-base $port_base: a number please" ;; esac
	if [ "$port_base" -lt 1024 ] || [ "$port_base" -gt 65000 ]; then die "--port-base: 1024 to 65000"; fi
	cluster=${3:-$saved_cluster} tls=${4:-$saved_tls}
	servers='postgres redis rabbitmq' start_seconds=60
	if [ "$cluster" = yes ]; then servers=$all_servers start_seconds=300; fi
	epmd_port=$((port_base + 75)) sandbox_port=$((port_base + 90)) gateway_port=$((port_base + 80))
}

# port_of SERVER - where it is spoken to; a RabbitMQ's management is one above, then its Erlang's, and at 4 its Prometheus
port_of() {
	case $1 in
		postgres) say $((port_base + 32)) ;;
		postgres-standby) say $((port_base + 33)) ;;
		redis) say $((port_base + 79)) ;;
		rabbitmq) say $((port_base + 72)) ;;
		rabbitmq-2) say $((port_base + 62)) ;;
		rabbitmq-3) say $((port_base + 52)) ;;
	esac
}

# servers_of KIND - of all its servers those of one kind, "rabbitmq", the first one first
servers_of() { printf '%s\n' $servers | grep -E "^$1(-|\$)"; }

# parse "$@" - the option every command has; the rest goes to `args`
parse() {
	local dir=${TRIBUTARY_VAR:-$repo/var}
	args=()
	while [ $# -gt 0 ]; do
		case $1 in
			--var) [ $# -ge 2 ] || usage 2; dir=$2; shift 2 ;;
			--var=*) dir=${1#*=}; shift ;;
			-h | --help) usage 0 ;;
			*) args+=("$1"); shift ;;
		esac
	done
	stack_at "$dir"
}

need_stack() { # the commands that work on an existing stack
	[ -f "$var/stack.conf" ] || die "no stack in $var: start one with ops/stack/up --var $var"
}

# One command at a time changes a stack. spawn() closes the lock in what it starts.
lock() {
	exec 9>"$var/.lock"
	flock -w 300 9 || die "another command has been working on $var for 300 s (lock file $var/.lock)"
}

# ---- the topology: the one place that names workers and parties

workers() {
	awk '/^workers:/ { on = 1; next } /^[^ #]/ { on = 0 }
	     on && match($0, /name: *[a-z0-9-]+/) { name = substr($0, RSTART, RLENGTH); sub(/name: */, "", name); print name }' \
		"$repo/topology/topology.yaml"
}

# consumers - the workers that read a queue: the skeleton's tables are written by these
consumers() {
	local idle
	idle=$(sed -n 's/^ *- {name: *\([a-z0-9-]*\), *reads: *\[\],.*/\1/p' "$repo/topology/topology.yaml")
	workers | grep -vxF -- "${idle:-none}"
}

parties() {
	local file
	for file in "$parties"/*/party.yaml; do
		if [ -f "$file" ]; then basename "${file%/party.yaml}"; fi
	done
}

# hooks - "party variable scheme" of the parties that send webhooks
hooks() {
	local party
	for party in $(parties); do
		awk -v party="$party" '
			/^hook:/ { on = 1; next } /^[^ #]/ { on = 0 }
			on && $1 == "scheme:" { scheme = $2 } on && $1 == "secret_env:" { variable = $2 }
			END { if (variable != "") print party, variable, scheme }' "$parties/$party/party.yaml"
	done
}

role_of() { printf 'tributary_%s' "${1//-/_}"; }

# tributary ARG... - the CLI, as this stack's owner, whatever addresses the shell has sourced
tributary() {
	( cd "$repo" && exec 9>&- && env -u DATABASE_URL -u RABBITMQ_MANAGEMENT_URL no_proxy=127.0.0.1 PARTIES_DIR="$parties" \
		DATABASE_URL_FILE="$secrets/owner.database-url" \
		RABBITMQ_MANAGEMENT_URL_FILE="$secrets/admin.management-url" $(tls_environment) "$bin/tributary" "$@" )
}

# ---- processes

mark() { printf 'TRIBUTARY_STACK=%s:%s' "$var" "$1"; }

# pids_of NAME - the live processes of one of this stack's servers (of a postgres only the postmaster), epmd, supervisor, fleet
pids_of() {
	local file pid comm
	if [[ $1 == postgres* ]]; then
		for file in $(grep -lzsxF -- "$var/$1/data" /proc/[0-9]*/cmdline || true); do
			pid=${file#/proc/} pid=${pid%/*}
			{ read -r comm </proc/"$pid"/comm; } 2>/dev/null || continue
			if [ "$comm" = postgres ]; then say "$pid"; fi
		done
	else
		grep -lzsxF -- "$(mark "$1")" /proc/[0-9]*/environ | cut -d/ -f3 || true
	fi
}

# all_pids_of NAME - with their children
all_pids_of() {
	local pids
	pids=$(pids_of "$1")
	say $pids
	if [[ $1 == postgres* ]] && [ -n "$pids" ]; then ps -o pid= --ppid "$(echo $pids | tr ' ' ,)" || true; fi
}

runs() { [ -n "$(pids_of "$1")" ]; }
gone() { ! runs "$1"; }

signal() { # signal SIGNAL NAME
	local pids
	pids=$(all_pids_of "$2" | xargs)
	if [ -n "$pids" ]; then kill -s "$1" $pids 2>/dev/null || true; fi
}

# spawn NAME LOGFILE COMMAND... - start a process that outlives this shell, in a clean environment, marked as NAME
spawn() {
	local name=$1 file=$2 fd
	shift 2
	if [ -f "$file" ] && [ "$(stat -c %s "$file")" -gt 20000000 ]; then mv -f "$file" "$file.old"; fi
	(
		cd "$var"
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
		done
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$var" LANG=C.UTF-8 LC_ALL=C.UTF-8 "$(mark "$name")" \
			setsid "$@" </dev/null >>"$file" 2>&1
	) &
	disown
}

# wait_until SECONDS COMMAND... - poll; false when the time is up
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		if [ $SECONDS -ge $end ]; then return 1; fi
		sleep 0.1
	done
}

# ends SIGNAL SECONDS NAME - ask NAME to end, insist after SECONDS
ends() {
	signal "$1" "$3"
	signal CONT "$3" # a frozen process would never hear it
	if ! wait_until "$2" gone "$3"; then
		say "$3 did not end within $2 s of SIG$1: killing it"
		signal KILL "$3"
		wait_until 10 gone "$3" || die "$3 does not even end on SIGKILL: pids $(pids_of "$3" | xargs)"
	fi
}

# ---- ports and failures

# need_port PORT WHAT - refuse a port that somebody listens on
need_port() {
	local holder
	holder=$(ss -ltnpH "sport = :$1" 2>/dev/null | head -n 1)
	[ -z "$holder" ] || die "port $1 ($2) is taken: ${holder##* }
  choose other ports: ops/stack/up --port-base N (this stack uses $port_base to $((port_base + 299)))"
}

last_lines() { # last_lines LOGFILE
	printf '  log: %s\n' "$1"
	if [ -f "$1" ]; then tail -n 15 "$1" | sed 's/^/  | /'; fi
}

# replace FILE - write stdin to FILE in one step; leave it alone if nothing changes
replace() {
	cat >"$1.new"
	if cmp -s "$1.new" "$1"; then rm -f "$1.new"; else mv -f "$1.new" "$1"; fi
}

. "$here/tls.sh"
