#!/usr/bin/env bash
# Connects per second with signed tokens and without, in turns: clients that connect, join a hundred documents and stay.
# Each client has a token of its own, so that no cache helps. Prints a table, and the ratio of the medians.
#
#   bench/tokens/connect.sh                          6,000 clients, three turns
#   bench/tokens/connect.sh --clients 1000 --turns 1
#
# TROUPE_BINARY and LOAD_BINARY name the programs (build/release/troupe and build/release/load). It takes two cores: with
# other programs beside it, the figures are theirs as well.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
troupe=${TROUPE_BINARY:-$root/build/release/troupe}
generator=${LOAD_BINARY:-$root/build/release/load}
clients=6000
turns=3

usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }
while [ $# -gt 0 ]; do
  case $1 in
    --clients) clients=${2:?--clients needs a number}; shift 2 ;;
    --turns) turns=${2:?--turns needs a number}; shift 2 ;;
    --help) usage; exit ;;
    *) echo "connect: there is no option $1; --help names those that there are" >&2; exit 2 ;;
  esac
done
for program in "$troupe" "$generator"; do
  [ -x "$program" ] || { echo "connect: $program is missing; bench/compare/run.sh --quick builds both" >&2; exit 2; }
done

work=$(mktemp -d)
server=
stop_server() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  server=
}
trap 'stop_server; rm -rf "$work"' EXIT

node --input-type=module - "$work" "$clients" <<'MAKE'
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
const [folder, clients] = process.argv.slice(2);
const secret = 'a secret of at least thirty-two bytes';
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'HS256', typ: 'JWT' });
const now = Math.floor(Date.now() / 1000);
const tokens = Array.from({ length: Number(clients) }, (_, i) => {
  const text = `${header}.${encode({ sub: `user-${i}`, jti: `token-${i}`, iat: now, exp: now + 3600, name: 'Somebody', docs: [{ prefix: '', rights: 'write' }] })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
});
writeFileSync(`${folder}/with`, tokens.map((token) => `?token=${token}\n`).join(''));
writeFileSync(`${folder}/with.yaml`, `access:\n  mode: token\n  keys:\n    - algorithm: HS256\n      secret: "${secret}"\n`);
writeFileSync(`${folder}/without.yaml`, 'access:\n  mode: open\n');
MAKE

start_server() { # start_server KIND: sets `server` and `address`
  stop_server
  : >"$work/out"
  "$troupe" serve --config "$work/$1.yaml" --set storage.engine=memory --set server.port=0 --set admin.enabled=false \
    --set limits.max_connections=20000 --set log.level=warning >"$work/out" 2>"$work/err" &
  server=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    address=$(grep -oE -m1 'ws://127\.0\.0\.1:[0-9]+' "$work/out" || true)
    [ -n "$address" ] && return
    sleep 0.1
  done
  cat "$work/err" >&2
  echo "connect: $troupe does not start" >&2
  exit 1
}

figure() { # figure KEY: of the last report
  grep -oE "\"$1\": *[0-9.e+-]+" "$work/report" | head -n 1 | sed 's/.*: *//'
}

printf '| turn | tokens | connects/s | server CPU, µs a client | kB a client |\n|--:|---|--:|--:|--:|\n'
with=()
without=()
for ((turn = 1; turn <= turns; turn++)); do
  order='without with'
  [ $((turn % 2)) -eq 1 ] || order='with without'
  for kind in $order; do
    start_server "$kind"
    queries=()
    [ "$kind" = without ] || queries=(--queries "$work/with")
    "$generator" idle --address "${address#ws://}" --server-pid "$server" --clients "$clients" --documents 100 \
      "${queries[@]}" --json >"$work/report" 2>"$work/why" || { cat "$work/why" >&2; exit 1; }
    rate=$(figure connects_per_second)
    printf '| %s | %s | %s | %s | %s |\n' "$turn" "$kind" "$rate" "$(figure server_cpu_us_per_connection)" \
      "$(figure server_kb_per_connection)"
    if [ "$kind" = with ]; then with+=("$rate"); else without+=("$rate"); fi
  done
done
median() { printf '%s\n' "$@" | sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
awk -v a="$(median "${without[@]}")" -v b="$(median "${with[@]}")" 'BEGIN { printf "connects/s, medians: %s without, %s with tokens: %.2f x (0.9 wanted)\n", a, b, b / a }'
