#!/usr/bin/env bash
# Faults of a cluster of three to five real nodes on loopback, and a table of what they did: nodes killed and frozen,
# links cut, slow and broken, nodes that join, leave and lose their disk. Everything ends by itself.
#
#   tests/cluster/run.sh                     all rows in long: about two hours
#   tests/cluster/run.sh --short             all rows in short: about a quarter of an hour
#   tests/cluster/run.sh --selection --short the rows that ./test runs
#   tests/cluster/run.sh --only kill-home,partition [--rounds N] [--seed N]
#   tests/cluster/run.sh --list              what rows there are
#   tests/cluster/run.sh --results docs/reliability.md   writes the table into the page; rows not run stay
#   tests/cluster/run.sh --durability shared  the rows of nodes that share a database, and those in which it fails
#   tests/cluster/run.sh --nodes 1 --only rolling        without a cluster, for trying out
#
# TROUPE_BINARY is the server, KILL_AT_LIBRARY the library of tests/faults/kill_at.cpp (for the full disk, where nothing
# can be mounted); by default those of the release build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export TROUPE_BINARY=${TROUPE_BINARY:-$root/build/release/troupe}
export KILL_AT_LIBRARY=${KILL_AT_LIBRARY:-$root/build/release/tests/libtroupe_kill_at.so}
# The packages of the interop tests; runs none of them.
[ -e "$root/tests/interop/node_modules/.package-lock.json" ] || (cd "$root/tests/interop" && npm ci --loglevel=error)

# What the runs rely on: the checker sees damage, the proxies disturb what they should.
node --test --test-reporter=dot "$here"/*.test.mjs >&2
exec node "$here/run.mjs" "$@"
