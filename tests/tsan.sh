#!/usr/bin/env bash
# Runs the tests in which threads meet under ThreadSanitizer: the unit tests, then the interop tests against a server
# with one I/O thread and against one with three. Without the tests that wait long.
#
#   tests/tsan.sh                       all of them
#   tests/tsan.sh sync.test.mjs ...     these files of tests/interop only
#   TROUPE_SKIP_BUILD=1 ...             the binaries that are there
#
# Builds with the preset `tsan`, which has a CAF of its own: 5 minutes the first time, besides the build of troupe.
# A report of ThreadSanitizer fails the test in which it was printed.
source "$(dirname "${BASH_SOURCE[0]}")/../cmake/setup.sh"

build=$root_dir/build/tsan
interop_files=("$@")
if [ -z "${TROUPE_SKIP_BUILD:-}" ]; then
  setup_build tsan
  setup_tests
  build_preset tsan -DTROUPE_BUILD_TESTS=ON
fi
[ -x "$build/troupe" ] || fail "there is no server at $build/troupe" "Run this script without TROUPE_SKIP_BUILD."

failed=()
run() { # run NAME COMMAND...
  local name=$1
  shift
  say "ThreadSanitizer: $name"
  "$@" || failed+=("$name")
}

export TSAN_OPTIONS="halt_on_error=0:exitcode=66:${TSAN_OPTIONS:-}"
if [ ${#interop_files[@]} -eq 0 ]; then
  run "the unit tests" "$build/tests/troupe_tests"
fi
for threads in 1 3; do
  run "the interop tests, io.threads=$threads" \
    env TROUPE_BINARY="$build/troupe" TROUPE_SANITIZE=thread TROUPE_SKIP_SLOW=1 TROUPE_IO__THREADS="$threads" \
    "$root_dir/tests/interop/run.sh" "${interop_files[@]}"
done
[ ${#failed[@]} -eq 0 ] || fail "ThreadSanitizer or a test has failed" "${failed[@]}"
say "No races were reported"
