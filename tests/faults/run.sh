#!/usr/bin/env bash
# Fault tests of what is stored, and a table of what they did: the server killed at random times and in
# front of each operation on its files, a small disk that is full, one that stalls, power cuts, errors of
# the disk, bits that change. Everything runs on loopback and ends by itself.
#
#   tests/faults/run.sh            all of it, about a quarter of an hour
#   tests/faults/run.sh --short    the selection that ./test runs: what the unit tests do not do, in short
#
# TROUPE_BINARY is the server, TROUPE_TESTS the unit tests, KILL_AT_LIBRARY the library of kill_at.cpp;
# by default those of the release build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export TROUPE_BINARY=${TROUPE_BINARY:-$root/build/release/troupe}
export KILL_AT_LIBRARY=${KILL_AT_LIBRARY:-$root/build/release/tests/libtroupe_kill_at.so}
tests=${TROUPE_TESTS:-$root/build/release/tests/troupe_tests}
# The packages of the interop tests; runs none of them.
[ -e "$root/tests/interop/node_modules/.package-lock.json" ] || (cd "$root/tests/interop" && npm ci --loglevel=error)

code=0
run() { "$@" || code=1; }

if [ "${1:-}" = --short ]; then
  run node "$here/kill_rounds.mjs" --rounds 4
  # A sanitizer's library must come first, so nothing else can be loaded before it.
  [ -n "${TROUPE_SANITIZE:-}" ] || run node "$here/kill_steps.mjs" --kills 5
  [ -n "${TROUPE_SANITIZE:-}" ] || run node "$here/stalled_disk.mjs"
  run node "$here/full_disk.mjs"
  run node "$here/database_rounds.mjs" --rounds 3
  exit $code
fi

run node "$here/kill_rounds.mjs" --rounds 50
run node "$here/kill_steps.mjs"
run node "$here/full_disk.mjs"
run node "$here/stalled_disk.mjs"
run node "$here/database_rounds.mjs" --rounds 30
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if TROUPE_FAULTS=all "$tests" "[faults]" >"$log" 2>&1; then verdict='ok  '; else verdict=FAIL; code=1; fi
grep -E '^(bit flips|[0-9]+ (power cuts|runs|kills))' "$log" | sed "s/^/$verdict /"
[ $code = 0 ] || tail -40 "$log"
exit $code
