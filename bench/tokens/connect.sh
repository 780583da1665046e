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

script=connect
source "$root/bench/load/server.sh"

while [ $# -gt 0 ]; do
  case $1 in
    --clients) clients=${2:?--clients needs a number}; shift 2 ;;
    --turns) turns=${2:?--turns needs a number}; shift 2 ;;
    --help) usage; exit ;;
    *) refuse_option "$1" ;;
  esac
done
require_programs "$troupe" "$generator"

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

start_troupe() { # start_troupe KIND
  start_server "$troupe" serve --config "$work/$1.yaml" --set storage.engine=memory --set server.port=0 --set admin.enabled=false \
    --set limits.max_connections=20000 --set log.level=warning
}

printf '| turn | tokens | connects/s | server CPU, µs a client | kB a client |\n|--:|---|--:|--:|--:|\n'
with=()
without=()
for ((turn = 1; turn <= turns; turn++)); do
  order='without with'
  [ $((turn % 2)) -eq 1 ] || order='with without'
  for kind in $order; do
    start_troupe "$kind"
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
awk -v a="$(median "${without[@]}")" -v b="$(median "${with[@]}")" 'BEGIN { printf "connects/s, medians: %s without, %s with tokens: %.2f x (0.9 wanted)\n", a, b, b / a }'
