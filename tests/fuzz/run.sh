#!/usr/bin/env bash
# Runs one fuzz target under libFuzzer for a while and reports how often it ran and what it reached.
#
#   tests/fuzz/run.sh TARGET [SECONDS]     e.g. update_v1 900; a minute if SECONDS is left out
#
# Installs clang and libFuzzer's runtime if they are missing, and builds with the preset `fuzz`. Inputs that reach
# something new are kept in build/fuzz/corpus/TARGET, from where the next run goes on; one that fails is written to
# build/fuzz/found/. TROUPE_SKIP_BUILD=1 takes the binary that is there; further arguments go to libFuzzer.
source "$(dirname "${BASH_SOURCE[0]}")/../../cmake/setup.sh"

targets=$(ls "$root_dir/tests/fuzz/seeds")
target=${1:-}
seconds=${2:-60}
[ -n "$target" ] && grep -qx "$target" <<<"$targets" ||
  fail "tests/fuzz/run.sh needs a target and takes a number of seconds" "Targets: ${targets//$'\n'/ }"
shift $(($# < 2 ? $# : 2))
if [ -z "${TROUPE_SKIP_BUILD:-}" ]; then
  install_packages clang libclang-rt-14-dev
  setup_build
  setup_tests
  build_target=${target}_fuzz build_preset fuzz
fi
build=$root_dir/build/fuzz
seeds=("$root_dir/tests/fuzz/seeds/$target")
case $target in update_v1 | update_v2) seeds+=("$root_dir/tests/golden/data") ;; esac
mkdir -p "$build/corpus/$target" "$build/found"
# The time limit of an input is by the clock on the wall: on a busy machine repeat what is found before believing it.
# 256 MiB for the engine and as much for AddressSanitizer: its shadow, and up to 64 MiB of freed memory.
export ASAN_OPTIONS="quarantine_size_mb=64:${ASAN_OPTIONS:-}"
exec "$build/tests/fuzz/${target}_fuzz" -max_total_time="$seconds" -rss_limit_mb=512 -malloc_limit_mb=256 -timeout=5 \
  -max_len=8192 -print_final_stats=1 -artifact_prefix="$build/found/$target-" "$@" "$build/corpus/$target" "${seeds[@]}"
