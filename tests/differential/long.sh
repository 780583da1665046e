#!/usr/bin/env bash
# A long differential run: yjs 13, yjs 14, both and holes in turn, until the time is over. Every seed that fails is
# reported with the command that repeats it, and the run goes on; the exit code tells whether there was one.
#
#   tests/differential/long.sh [SECONDS] [FIRST_SEED]     600 s from seed 1 if left out
#   TROUPE_ENGINE_PIPE=build/asan/tests/troupe_engine_pipe ...   another build of the engine
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export TROUPE_ENGINE_PIPE=${TROUPE_ENGINE_PIPE:-$root/build/release/tests/troupe_engine_pipe}
[ -x "$TROUPE_ENGINE_PIPE" ] || { echo "differential: $TROUPE_ENGINE_PIPE is not built; run ./test first" >&2; exit 1; }
[ -e "$root/tests/interop/node_modules/.package-lock.json" ] || npm --prefix "$root/tests/interop" ci --loglevel=error
exec node "$root/tests/differential/fuzz.mjs" --seconds "${1:-600}" --seed "${2:-1}" --steps 80 --runs 100000000 --keep-going
