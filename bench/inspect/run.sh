#!/usr/bin/env bash
# People who type in a node with 10,000 sessions, with `troupe inspect watch` beside it and without, in turns. Prints a
# table; fails if a client is closed or an edit is lost, or if the p99 of typing with it is 10 % above that without.
#
#   bench/inspect/run.sh                                      10,000 sessions, 50 people at 3 keystrokes a second
#   bench/inspect/run.sh --sessions 500 --people 10 --seconds 3 --turns 1
#
# TROUPE_BINARY and LOAD_BINARY name the programs (build/release/troupe and build/release/load). It takes two cores and
# 25,000 open files; with other programs beside it, the figures are theirs as well.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
troupe=${TROUPE_BINARY:-$root/build/release/troupe}
generator=${LOAD_BINARY:-$root/build/release/load}
sessions=10000
people=50
keystrokes=3
seconds=20
turns=5
interval=1

script=inspect
source "$root/bench/load/server.sh"

while [ $# -gt 0 ]; do
  case $1 in
    --sessions) sessions=${2:?--sessions needs a number}; shift 2 ;;
    --people) people=${2:?--people needs a number}; shift 2 ;;
    --keystrokes) keystrokes=${2:?--keystrokes needs a number}; shift 2 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --turns) turns=${2:?--turns needs a number}; shift 2 ;;
    --interval) interval=${2:?--interval needs a number}; shift 2 ;;
    --help) usage; exit ;;
    *) refuse_option "$1" ;;
  esac
done
require_programs "$troupe" "$generator"
ulimit -n "$(ulimit -Hn)"

start_troupe() { # sets `at`, where to look into it, too
  start_server "$troupe" serve --set storage.engine=memory --set server.port=0 --set admin.enabled=false \
    --set inspect.port=0 --set limits.max_connections=$((sessions + people + 100)) \
    --set limits.max_connections_per_address=0 --set limits.accepts_per_second=0 --set log.level=warning
  at=
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    at=$(sed -nE 's/^troupe inspect --at (\S+) looks into it$/\1/p' "$work/out")
    [ -n "$at" ] && return
    sleep 0.1
  done
  echo "$script: the node cannot be inspected" >&2
  exit 1
}

crowd=
watching=
end_others() {
  local pid
  for pid in $watching $crowd; do { kill "$pid" && wait "$pid"; } 2>/dev/null || true; done
  crowd=
  watching=
}
trap 'end_others; stop_server; rm -rf "$work"' EXIT

connections() { # how many the node has
  "$troupe" inspect nodes --at "$at" --json 2>/dev/null | grep -oE '"connections": ?[0-9]+' | grep -oE '[0-9]+' || echo 0
}

gather_crowd() { # as many idle sessions as are asked for, in 100 documents
  "$generator" idle --address "${address#ws://}" --documents-prefix crowd- --documents 100 --clients "$sessions" \
    --seconds 600 >"$work/crowd" 2>&1 &
  crowd=$!
  local tries
  for ((tries = 0; tries < 240; tries++)); do
    [ "$(connections)" -ge "$sessions" ] && return
    sleep 0.5
  done
  echo "$script: the node has $(connections) sessions instead of $sessions" >&2
  exit 1
}

failures=0
without=()
with=()
printf '| looks | sessions | typing p50, ms | typing p99, ms | server CPU, %% | failures |\n'
printf '|---|--:|--:|--:|--:|---|\n'
measure() { # measure watch|nobody
  local outcome=0 looks=nobody
  start_troupe
  gather_crowd
  if [ "$1" = watch ]; then
    "$troupe" inspect watch --at "$at" --json --interval "$interval" >"$work/looks" &
    watching=$!
  fi
  "$generator" fanout --address "${address#ws://}" --server-pid "$server" --documents-prefix typing- --clients "$people" \
    --writers "$people" --rate "$keystrokes" --seconds "$seconds" --json >"$work/report" 2>"$work/why" || outcome=1
  if [ "$1" = watch ]; then
    looks="$(wc -l <"$work/looks") times"
    [ "$(wc -l <"$work/looks")" -gt 0 ] || outcome=1
  fi
  printf '| %s | %s | %s | %s | %s | %s |\n' "$looks" "$(connections)" "$(milliseconds latency_p50_us 2)" \
    "$(milliseconds latency_p99_us 2)" "$(figure server_cpu_percent)" "$([ "$outcome" -eq 0 ] || tr '\n' ' ' <"$work/why")"
  failures=$((failures + outcome))
  p99=$(milliseconds latency_p99_us 3)
  end_others
  stop_server
}
for ((turn = 0; turn < turns; turn++)); do
  measure nobody
  without+=("$p99")
  measure watch
  with+=("$p99")
done
awk -v a="$(median "${without[@]}")" -v b="$(median "${with[@]}")" \
  'BEGIN { printf "typing p99, medians: %s ms without, %s ms with: %.2f x (1.10 allowed)\n", a, b, (a > 0 ? b / a : 0); exit (a > 0 && b > 1.1 * a) }' || failures=$((failures + 1))
[ "$failures" -eq 0 ]
