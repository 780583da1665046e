#!/usr/bin/env bash
# Runs the interop tests: real Yjs clients in Node against the built server.
#
#   tests/interop/run.sh                       all of them
#   tests/interop/run.sh sync.test.mjs         one file
#   TROUPE_BINARY=build/asan/troupe ...        another build of the server
#   TROUPE_SKIP_SLOW=1 ...                     without the tests that have to wait long
#   TROUPE_SHORT=1 ...                         those that have to wait long, and a selection of the others
#   TROUPE_LONG=1 ... storm.test.mjs           with those that take minutes, which nothing else runs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

command -v node >/dev/null && command -v npm >/dev/null || {
  echo "interop: node and npm are missing. Install Node 18 or newer." >&2
  exit 1
}
# npm writes node_modules/.package-lock.json at the end of an installation that went well.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --loglevel=error || {
    echo "interop: npm could not install the packages of tests/interop/package-lock.json." >&2
    echo "interop: see its message above; check the connection to the package registry (npm ping) and run again." >&2
    exit 1
  }
fi
# Each dialect, tokens, storage and the cluster, with every test that waits long.
selection=(access client_versions cluster document_limits hocuspocus json keep_alive limits slow_reader storage sync y_sweet)
if [ $# -eq 0 ]; then
  if [ "${TROUPE_SHORT:-}" = 1 ]; then set -- "${selection[@]/%/.test.mjs}"; else set -- *.test.mjs; fi
fi
exec node --test --test-concurrency=2 --test-reporter=spec "$@"
