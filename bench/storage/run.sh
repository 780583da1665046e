#!/usr/bin/env bash
# Measures what durable documents cost: the store alone beside its disk, the server with it, and two other
# servers that store, on this machine, in one run. Everything is made below a directory that is removed at the end.
#
#   bench/storage/run.sh                     all, three repetitions: about a quarter of an hour
#   bench/storage/run.sh --quick             small and once: about a minute, for a look
#   bench/storage/run.sh --only cold,return  some of it (scenarios.mjs has them all)
#   bench/storage/run.sh --without-peers
#   bench/storage/run.sh --directory DIR     where the stores are made (build/bench-storage); a disk, not memory
#   bench/storage/run.sh --built             takes what is in build/release as it is
#   bench/storage/run.sh --repetitions N --json FILE --label TEXT
#   bench/storage/run.sh --results bench/storage/RESULTS.md    writes the tables into that page; with --tables
#                                            from the JSON of an earlier run, without measuring
#   bench/storage/run.sh --only append,database,confirmed_in_database --results bench/storage/RESULTS.md \
#     --place 'figures of a database'        the same for what is stored in PostgreSQL
source "$(dirname "${BASH_SOURCE[0]}")/../../cmake/setup.sh"

storage_dir=$root_dir/bench/storage
called_from=$PWD
command -v node >/dev/null || install_packages nodejs
if [[ " $* " != *" --without-peers "* ]]; then
  command -v npm >/dev/null || install_packages npm
  for peer in y-websocket hocuspocus hocuspocus-database; do
    peer_dir=$storage_dir/$peer
    [ -e "$peer_dir/node_modules/.package-lock.json" ] && [ ! "$peer_dir/package-lock.json" -nt "$peer_dir/node_modules/.package-lock.json" ] && continue
    say "Installing $peer with its storage" >&2
    npm ci --prefix "$peer_dir" --loglevel=error >&2 || fail "npm ci failed for $peer" "The registry cannot be reached, or the lock file does not fit; its message is above."
  done
fi
if [[ " $* " != *" --built "* ]]; then
  setup_build
  for target in troupe load store_bench; do build_target=$target build_preset release -DTROUPE_BUILD_BENCH=ON >&2; done
fi
# Thousands of connections, on both sides.
ulimit -n "$(ulimit -Hn)"
cd "$called_from"
exec node "$storage_dir/run.mjs" "$@"
