#!/usr/bin/env bash
# Presence never delays edits: people who move their cursors all the time, with clients that send back what they hear as
# y-websocket does, while one of them types. The server runs with its default limits. Prints a table, with what else ran on
# the machine; fails if an edit or the last presence of anybody is lost, or if the latency of edits is above the bound.
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

script=presence
source "$root/bench/load/server.sh"

while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --p99-max) p99_max_ms=${2:?--p99-max needs milliseconds}; shift 2 ;;
    --help) usage; exit ;;
    *) refuse_option "$1" ;;
  esac
done
require_programs "$troupe" "$generator"

failures=0
printf '| people | Hz | seconds | echoes | edits | edit p50, ms | edit p99, ms | edit max, ms | lost edits | lost presence | server CPU, %% | other CPU, %% |\n'
printf '|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n'
for scene in '40 20' '2 60'; do
  read -r people hertz <<<"$scene"
  start_server "$troupe" serve --set storage.engine=memory --set server.port=0 --set admin.port=0 --set log.level=warning
  outcome=0
  "$generator" awareness --address "${address#ws://}" --server-pid "$server" --clients "$people" --rate "$hertz" --echo --edit-rate 10 \
    --seconds "$seconds" --warm-up 1 --json >"$work/report" 2>"$work/said" || outcome=$?
  p99=$(milliseconds edit_latency_p99_us 1)
  printf '| %s | %s | %s | %.0f | %.0f | %s | %s | %s | %.0f | %.0f | %.0f | %.0f |\n' "$people" "$hertz" "$seconds" "$(figure echoes)" "$(figure edits)" \
    "$(milliseconds edit_latency_p50_us 1)" "$p99" "$(milliseconds edit_latency_max_us 1)" "$(figure lost_edits)" "$(figure lost)" \
    "$(figure server_cpu_percent)" "$(figure other_cpu_percent)"
  if [ "$outcome" -ne 0 ]; then
    cat "$work/report" "$work/said" >&2
    failures=$((failures + 1))
  elif ! awk -v got="$p99" -v most="$p99_max_ms" 'BEGIN { exit !(got != "-" && got <= most) }'; then
    echo "presence: with $people people at $hertz Hz the p99 of edits is $p99 ms; at most $p99_max_ms are allowed" >&2
    failures=$((failures + 1))
  fi
done
exit "$((failures > 0))"
