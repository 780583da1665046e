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

usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }
while [ $# -gt 0 ]; do
  case $1 in
    --people) people=${2:?--people needs a number}; shift 2 ;;
    --keystrokes) keystrokes=${2:?--keystrokes needs a number}; shift 2 ;;
    --rate) rate=${2:?--rate needs a number}; shift 2 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --turns) turns=${2:?--turns needs a number}; shift 2 ;;
    --help) usage; exit ;;
    *) echo "edits: there is no option $1; --help names those that there are" >&2; exit 2 ;;
  esac
done
for program in "$troupe" "$generator"; do
  [ -x "$program" ] || { echo "edits: $program is missing; bench/compare/run.sh --quick builds both" >&2; exit 2; }
done

work=$(mktemp -d)
server=
stop_server() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  server=
}
trap 'stop_server; rm -rf "$work"' EXIT

start_server() { # sets `server`, `address` and `admin`
  stop_server
  rm -rf "$work/data"
  : >"$work/out"
  "$troupe" serve --set storage.path="$work/data" --set server.port=0 --set admin.port=0 --set admin.token=the-token-of-the-bench \
    --set log.level=warning >"$work/out" 2>"$work/err" &
  server=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    address=$(grep -oE -m1 'ws://127\.0\.0\.1:[0-9]+' "$work/out" || true)
    admin=$(grep -oE -m1 'admin pages on http://127\.0\.0\.1:[0-9]+' "$work/out" | grep -oE '[0-9]+$' || true)
    [ -n "$address" ] && [ -n "$admin" ] && return
    sleep 0.1
  done
  cat "$work/err" >&2
  echo "edits: $troupe does not start" >&2
  exit 1
}

figure() { # figure KEY FILE: nothing if it is not there
  grep -oE "\"$1\": *[0-9.e+-]+" "$2" | head -n 1 | sed 's/.*: *//' || true
}
milliseconds() { # milliseconds KEY: of a figure in microseconds of the last report
  awk -v us="$(figure "$1" "$work/report")" 'BEGIN { printf us == "" ? "-" : "%.2f", us / 1000 }'
}

failures=0
without=()
with=()
printf '| backend edits/s | edits made/s | edit p50, ms | edit p99, ms | typing p50, ms | typing p99, ms | server CPU, %% | failures |\n'
printf '|--:|--:|--:|--:|--:|--:|--:|---|\n'
measure() { # measure RATE
  local outcome=0 editing=
  start_server
  : >"$work/edits"
  if [ "$1" -gt 0 ]; then
    node "$root/bench/edits/editor.mjs" "$admin" the-token-of-the-bench edits-0 "$1" "$((seconds + 1))" >"$work/edits" &
    editing=$!
  fi
  "$generator" fanout --address "${address#ws://}" --server-pid "$server" --documents-prefix edits- --clients "$people" \
    --writers "$people" --rate "$keystrokes" --seconds "$seconds" --with-others --json >"$work/report" 2>"$work/why" || outcome=1
  if [ -n "$editing" ]; then wait "$editing" || outcome=1; fi
  printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$1" "$(figure per_second "$work/edits")" "$(figure p50_ms "$work/edits")" \
    "$(figure p99_ms "$work/edits")" "$(milliseconds latency_p50_us)" "$(milliseconds latency_p99_us)" \
    "$(figure server_cpu_percent "$work/report")" "$([ "$outcome" -eq 0 ] || { cat "$work/why"; grep -o '"others":.*' "$work/edits"; } | tr '\n' ' ')"
  failures=$((failures + outcome))
  p99=$(milliseconds latency_p99_us)
}
for ((turn = 0; turn < turns; turn++)); do
  measure 0
  without+=("$p99")
  measure "$rate"
  with+=("$p99")
done
median() { printf '%s\n' "$@" | sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
awk -v a="$(median "${without[@]}")" -v b="$(median "${with[@]}")" \
  'BEGIN { printf "typing p99, medians: %s ms without, %s ms with: %.2f x (2 allowed)\n", a, b, a > 0 ? b / a : 0; exit a > 0 && b > 2 * a }' || failures=$((failures + 1))
[ "$failures" -eq 0 ]
