#!/usr/bin/env bash
# Builds engine_bench (release) and compares it with yjs and ywasm on the same bytes.
#
#   bench/engine/run.sh                    the whole table, some minutes
#   bench/engine/run.sh --quick            fewer runs and inputs, about a minute
#   bench/engine/run.sh --json FILE        the figures as JSON too
#   bench/engine/run.sh --minimum          a second table with the quickest runs, for a busy machine
#   bench/engine/run.sh --markdown         tables in Markdown
#   bench/engine/run.sh --minimum --results bench/RESULTS.md     writes them into that page
#   bench/engine/run.sh --only 'board|B4'   inputs whose names match
#   bench/engine/run.sh --no-curves        without the curves; --only-curves them alone
source "$(dirname "${BASH_SOURCE[0]}")/../../cmake/setup.sh"

bench_dir=$root_dir/bench/engine
called_from=$PWD
command -v node >/dev/null || install_packages nodejs
command -v npm >/dev/null || install_packages npm
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 18 ] || fail "node is version $node_major; the comparison needs 18 or newer" "Install Debian's nodejs package or a newer node."

setup_build
build_target=engine_bench build_preset release -DTROUPE_BUILD_BENCH=ON >&2
if [ ! -e "$bench_dir/node_modules/.package-lock.json" ] || [ "$bench_dir/package-lock.json" -nt "$bench_dir/node_modules/.package-lock.json" ]; then
  say "Installing yjs and ywasm" >&2
  npm ci --prefix "$bench_dir" --no-audit --no-fund >&2 || fail "npm ci failed" "The registry cannot be reached, or the lock file does not fit; its message is above."
fi
cd "$called_from"
exec node "$bench_dir/run.mjs" --engine "$root_dir/build/release/engine_bench" "$@"
