#!/usr/bin/env bash
# People who type in one document, without and with a backend that edits the same document over REST, in turns. Prints a
# table; fails if a client is closed, an edit is lost or refused, or the p99 of typing is above twice that without.
#
#   bench/edits/run.sh                                      50 people at 3 keystrokes a second, 1,000 edits a second
#   bench/edits/run.sh --people 10 --rate 100 --seconds 5 --turns 1
#
# TROUPE_BINARY and LOAD_BINARY name the programs (build/release/troupe and build/release/load). It takes two cores: with
# other programs beside it, the figures are theirs as well.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
troupe=${TROUPE_BINARY:-$root/build/release/troupe}
generator=${LOAD_BINARY:-$root/build/release/load}
people=50
keystrokes=3
rate=1000
seconds=20
turns=3

script=edits
source "$root/bench/load/server.sh"

while [ $# -gt 0 ]; do
  case $1 in
    --people) people=${2:?--people needs a number}; shift 2 ;;
    --keystrokes) keystrokes=${2:?--keystrokes needs a number}; shift 2 ;;
    --rate) rate=${2:?--rate needs a number}; shift 2 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --turns) turns=${2:?--turns needs a number}; shift 2 ;;
    --help) usage; exit ;;
    *) refuse_option "$1" ;;
  esac
done
require_programs "$troupe" "$generator"

start_troupe() { # sets `admin`, the port of the admin pages, too
  stop_server
  rm -rf "$work/data"
  start_server "$troupe" serve --set storage.path="$work/data" --set server.port=0 --set admin.port=0 \
    --set admin.token=the-token-of-the-bench --set log.level=warning
  admin=
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    admin=$(grep -oE -m1 'admin pages on http://127\.0\.0\.1:[0-9]+' "$work/out" | grep -oE '[0-9]+$' || true)
    [ -n "$admin" ] && return
    sleep 0.1
  done
  echo "$script: the admin pages do not open" >&2
  exit 1
}

failures=0
without=()
with=()
printf '| backend edits/s | edits made/s | edit p50, ms | edit p99, ms | typing p50, ms | typing p99, ms | server CPU, %% | failures |\n'
printf '|--:|--:|--:|--:|--:|--:|--:|---|\n'
measure() { # measure RATE
  local outcome=0 editing=
  start_troupe
  : >"$work/edits"
  if [ "$1" -gt 0 ]; then
    node "$root/bench/edits/editor.mjs" "$admin" the-token-of-the-bench edits-0 "$1" "$((seconds + 1))" >"$work/edits" &
    editing=$!
  fi
  "$generator" fanout --address "${address#ws://}" --server-pid "$server" --documents-prefix edits- --clients "$people" \
    --writers "$people" --rate "$keystrokes" --seconds "$seconds" --with-others --json >"$work/report" 2>"$work/why" || outcome=1
  if [ -n "$editing" ]; then wait "$editing" || outcome=1; fi
  printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$1" "$(figure per_second "$work/edits")" "$(figure p50_ms "$work/edits")" \
    "$(figure p99_ms "$work/edits")" "$(milliseconds latency_p50_us 2)" "$(milliseconds latency_p99_us 2)" \
    "$(figure server_cpu_percent)" "$([ "$outcome" -eq 0 ] || { cat "$work/why"; grep -o '"others":.*' "$work/edits"; } | tr '\n' ' ')"
  failures=$((failures + outcome))
  p99=$(milliseconds latency_p99_us 2)
}
for ((turn = 0; turn < turns; turn++)); do
  measure 0
  without+=("$p99")
  measure "$rate"
  with+=("$p99")
done
awk -v a="$(median "${without[@]}")" -v b="$(median "${with[@]}")" \
  'BEGIN { printf "typing p99, medians: %s ms without, %s ms with: %.2f x (2 allowed)\n", a, b, (a > 0 ? b / a : 0); exit a > 0 && b > 2 * a }' || failures=$((failures + 1))
[ "$failures" -eq 0 ]
