#!/usr/bin/env bash
# Measures clusters of troupe beside Hocuspocus with its Redis extension, on this machine, in one run: latency between
# clients of different nodes, how much one document and many take, what is written behind a cut, idle links, and what
# being in a cluster costs clients of one node.
#
#   bench/cluster/run.sh                     all, three repetitions: about an hour
#   bench/cluster/run.sh --quick             short and once, for a look
#   bench/cluster/run.sh --only latency-100,hot   some of it (scenarios.mjs has them all)
#   bench/cluster/run.sh --without-peers     troupe only
#   bench/cluster/run.sh --built             takes what is in build/release as it is
#   bench/cluster/run.sh --troupe PATH --load PATH    other builds, with --built
#   bench/cluster/run.sh --set KEY=VALUE     further settings of troupe
#   bench/cluster/run.sh --repetitions N --json FILE --label TEXT
#   bench/cluster/run.sh --results bench/cluster/RESULTS.md    writes the tables into that page; with --tables
#                                            from the JSON of an earlier run, without measuring
source "$(dirname "${BASH_SOURCE[0]}")/../../cmake/setup.sh"

cluster_dir=$root_dir/bench/cluster
called_from=$PWD
command -v node >/dev/null || install_packages nodejs
command -v npm >/dev/null || install_packages npm
[ -e "$root_dir/tests/interop/node_modules/.package-lock.json" ] || npm ci --prefix "$root_dir/tests/interop" --loglevel=error >&2
if [[ " $* " != *" --without-peers "* ]]; then
  # Runlevel 1: the package must not start a server of its own on the usual port.
  command -v redis-server >/dev/null || RUNLEVEL=1 install_packages redis-server >&2
  peer_dir=$cluster_dir/hocuspocus
  if [ ! -e "$peer_dir/node_modules/.package-lock.json" ] || [ "$peer_dir/package-lock.json" -nt "$peer_dir/node_modules/.package-lock.json" ]; then
    say "Installing Hocuspocus with its Redis extension" >&2
    npm ci --prefix "$peer_dir" --loglevel=error >&2 || fail "npm ci failed for $peer_dir" "The registry cannot be reached, or the lock file does not fit; its message is above."
  fi
fi
if [[ " $* " != *" --built "* ]]; then
  setup_build
  for target in troupe load; do build_target=$target build_preset release -DTROUPE_BUILD_BENCH=ON >&2; done
fi
ulimit -n "$(ulimit -Hn)"
cd "$called_from"
exec node "$cluster_dir/run.mjs" "$@"
