#!/usr/bin/env bash
# Presence never delays edits: people who move their cursors all the time, with clients that send back what they hear as
# y-websocket does, while one of them types. The server runs with its default limits. Prints a table; fails if an edit or
# the last presence of anybody is lost, or if the latency of edits is above the bound.
#
#   tests/load/presence.sh                             60 s each, p99 of edits at most 20 ms
#   tests/load/presence.sh --seconds 5 --p99-max 500
#
# TROUPE_BINARY and LOAD_BINARY name the programs (build/release/troupe and build/release/load). It takes two cores: with
# other programs beside it, the figures are theirs as well.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
troupe=${TROUPE_BINARY:-$root/build/release/troupe}
generator=${LOAD_BINARY:-$root/build/release/load}
seconds=60
p99_max_ms=20

usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --p99-max) p99_max_ms=${2:?--p99-max needs milliseconds}; shift 2 ;;
    --help) usage; exit ;;
    *) echo "presence: there is no option $1; --help names those that there are" >&2; exit 2 ;;
  esac
done
for program in "$troupe" "$generator"; do
  [ -x "$program" ] || { echo "presence: $program is missing; bench/compare/run.sh --quick builds both" >&2; exit 2; }
done

work=$(mktemp -d)
server=
stop_server() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  server=
}
trap 'stop_server; rm -rf "$work"' EXIT

start_server() { # sets `server` and `address`
  stop_server
  : >"$work/out"
  "$troupe" serve --set storage.engine=memory --set server.port=0 --set admin.port=0 --set log.level=warning >"$work/out" 2>"$work/err" &
  server=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    address=$(grep -oE -m1 'ws://127\.0\.0\.1:[0-9]+' "$work/out" || true)
    [ -n "$address" ] && return
    sleep 0.1
  done
  cat "$work/err" >&2
  echo "presence: $troupe does not start" >&2
  exit 1
}

figure() { # figure KEY: of the last report; nothing if it is not there
  grep -oE "\"$1\": *[0-9.e+-]+" "$work/report" | sed 's/.*: *//' || true
}
milliseconds() { # milliseconds KEY: of a figure in microseconds
  awk -v us="$(figure "$1")" 'BEGIN { printf us == "" ? "-" : "%.1f", us / 1000 }'
}

failures=0
printf '| people | Hz | seconds | echoes | edits | edit p50, ms | edit p99, ms | lost edits | lost presence | server CPU, %% |\n'
printf '|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n'
for scene in '40 20' '2 60'; do
  read -r people hertz <<<"$scene"
  start_server
  outcome=0
  "$generator" awareness --address "${address#ws://}" --server-pid "$server" --clients "$people" --rate "$hertz" --echo --edit-rate 10 \
    --seconds "$seconds" --warm-up 1 --json >"$work/report" 2>"$work/said" || outcome=$?
  p99=$(milliseconds edit_latency_p99_us)
  printf '| %s | %s | %s | %.0f | %.0f | %s | %s | %.0f | %.0f | %.0f |\n' "$people" "$hertz" "$seconds" "$(figure echoes)" "$(figure edits)" \
    "$(milliseconds edit_latency_p50_us)" "$p99" "$(figure lost_edits)" "$(figure lost)" "$(figure server_cpu_percent)"
  if [ "$outcome" -ne 0 ]; then
    cat "$work/report" "$work/said" >&2
    failures=$((failures + 1))
  elif ! awk -v got="$p99" -v most="$p99_max_ms" 'BEGIN { exit !(got != "-" && got <= most) }'; then
    echo "presence: with $people people at $hertz Hz the p99 of edits is $p99 ms; at most $p99_max_ms are allowed" >&2
    failures=$((failures + 1))
  fi
done
exit "$((failures > 0))"
