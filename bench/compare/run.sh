#!/usr/bin/env bash
# Compares troupe with other servers of Yjs documents and with a relay that knows nothing of them, on this
# machine, in one run.
#
#   bench/compare/run.sh                          all scenarios, three repetitions: about a quarter of an hour
#   bench/compare/run.sh --quick                  one short repetition
#   bench/compare/run.sh --only f100w,typing      some scenarios (scenarios.mjs has them all)
#   bench/compare/run.sh --servers 'troupe;y-websocket'    some servers
#   bench/compare/run.sh --troupe before=PATH --troupe after=PATH    other builds, also several
#   bench/compare/run.sh --set io.threads=2       further settings of troupe
#   bench/compare/run.sh --cores 0/1              keeps the server to the first core, the generator to the second
#   bench/compare/run.sh --repetitions N --seconds S
#   bench/compare/run.sh --json FILE              the figures as JSON; --keep: FILE's other scenarios stay in it
#   bench/compare/run.sh --results bench/compare/RESULTS.md    writes the tables into that page; with --tables
#                                                 from the JSON of earlier runs, without measuring
#   bench/compare/run.sh --label TEXT             what the page says of this build, instead of the commit
source "$(dirname "${BASH_SOURCE[0]}")/../../cmake/setup.sh"

compare_dir=$root_dir/bench/compare
called_from=$PWD
command -v node >/dev/null || install_packages nodejs
command -v npm >/dev/null || install_packages npm
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || fail "node is version $node_major; the peers need 20 or newer" "Install a newer node."

setup_build
# A build that is named is taken as it is.
[[ " $* " == *" --troupe"* ]] || build_target=troupe build_preset release -DTROUPE_BUILD_BENCH=ON >&2
build_target=compare_tools build_preset release -DTROUPE_BUILD_BENCH=ON >&2
for peer in y-websocket hocuspocus; do
  peer_dir=$compare_dir/$peer
  [ -e "$peer_dir/node_modules/.package-lock.json" ] && [ ! "$peer_dir/package-lock.json" -nt "$peer_dir/node_modules/.package-lock.json" ] && continue
  say "Installing $peer" >&2
  npm ci --prefix "$peer_dir" --loglevel=error >&2 || fail "npm ci failed for $peer" "The registry cannot be reached, or the lock file does not fit; its message is above."
done
# Thousands of connections, on both sides.
ulimit -n "$(ulimit -Hn)"
cd "$called_from"
exec node "$compare_dir/run.mjs" "$@"
