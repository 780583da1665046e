#!/usr/bin/env bash
# Runs the clients of all versions under other runtimes too: Bun, Deno, and a Node with a WebSocket of its own. Their npm
# packages are large (400 MB), so ./test leaves this out; it installs them at first.
#
#   tests/interop/runtimes.sh                        against build/release/troupe
#   TROUPE_BINARY=build/asan/troupe ...              another build of the server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if [ ! -e runtimes/node_modules/.package-lock.json ] || [ runtimes/package-lock.json -nt runtimes/node_modules/.package-lock.json ]; then
  npm --prefix runtimes ci --loglevel=error
fi
export TROUPE_RUNTIMES=$PWD/runtimes/node_modules
exec ./run.sh client_versions.test.mjs
