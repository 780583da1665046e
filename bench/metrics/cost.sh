#!/usr/bin/env bash
# What metrics cost: deliveries per second with the exporter and without, in turns, at fan-out load. With it the node takes
# times, CAF keeps the metrics of its actors, and a scraper asks once a second. Prints a table, and the ratio of the medians.
#
#   bench/metrics/cost.sh                          100 clients of which all write, five turns of five seconds
#   bench/metrics/cost.sh --clients 20 --writers 3 --outstanding 1 --turns 3 --seconds 3
#
# TROUPE_BINARY and LOAD_BINARY name the programs (build/release/troupe and build/release/load). It takes two cores: with
# other programs beside it, the figures are theirs as well.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
troupe=${TROUPE_BINARY:-$root/build/release/troupe}
generator=${LOAD_BINARY:-$root/build/release/load}
clients=100
writers=100
outstanding=8
turns=5
seconds=5

script=cost
source "$root/bench/load/server.sh"

while [ $# -gt 0 ]; do
  case $1 in
    --clients) clients=${2:?--clients needs a number}; shift 2 ;;
    --writers) writers=${2:?--writers needs a number}; shift 2 ;;
    --outstanding) outstanding=${2:?--outstanding needs a number}; shift 2 ;;
    --turns) turns=${2:?--turns needs a number}; shift 2 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --help) usage; exit ;;
    *) refuse_option "$1" ;;
  esac
done
require_programs "$troupe" "$generator"

start_troupe() { # start_troupe KIND
  local metrics=()
  # Any free port; the node says which.
  [ "$1" = without ] || metrics=(--set caf.middleman.prometheus-http.port=0)
  start_server "$troupe" serve --set storage.engine=memory --set server.port=0 --set admin.enabled=false --set limits.messages_per_second=0 \
    --set log.level=warning "${metrics[@]}"
}

scraper=
stop_scraper() {
  [ -z "$scraper" ] || { kill "$scraper" && wait "$scraper"; } 2>/dev/null || true
  scraper=
}
trap 'stop_scraper; stop_server; rm -rf "$work"' EXIT
start_scraper() {
  local url
  url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+/metrics' "$work/out")
  while sleep 1; do curl --silent --output "$work/metrics" "$url" || true; done &
  scraper=$!
}

printf '| turn | metrics | deliveries/s | server CPU, µs a delivery |\n|--:|---|--:|--:|\n'
with=()
without=()
for ((turn = 1; turn <= turns; turn++)); do
  order='without with'
  [ $((turn % 2)) -eq 1 ] || order='with without'
  for kind in $order; do
    start_troupe "$kind"
    [ "$kind" = without ] || start_scraper
    "$generator" fanout --address "${address#ws://}" --server-pid "$server" --clients "$clients" --writers "$writers" \
      --outstanding "$outstanding" --seconds "$seconds" --json >"$work/report" 2>"$work/why" || { cat "$work/why" >&2; exit 1; }
    stop_scraper
    rate=$(figure deliveries_per_second)
    printf '| %s | %s | %s | %s |\n' "$turn" "$kind" "$rate" "$(figure server_cpu_us_per_delivery)"
    if [ "$kind" = with ]; then with+=("$rate"); else without+=("$rate"); fi
  done
done
awk -v a="$(median "${without[@]}")" -v b="$(median "${with[@]}")" \
  'BEGIN { printf "deliveries/s, medians: %s without, %s with metrics: %.3f x (0.97 wanted)\n", a, b, b / a }'
