#!/usr/bin/env bash
# Installs a build into a prefix of its own and uses it as others would.
#
#   run.sh BUILD
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cmake=${CMAKE_COMMAND:-cmake}
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
prefix=$temporary/prefix

fail() { echo "install: $*" >&2; exit 1; }

"$cmake" --install "$1" --prefix "$prefix" >"$temporary/install.log" || { cat "$temporary/install.log"; exit 1; }
for file in bin/troupe include/troupe.h etc/troupe/troupe.yaml lib/systemd/system/troupe.service \
  share/doc/troupe/copyright share/doc/troupe/README.md share/doc/troupe/docs/operating-storage.md \
  share/doc/troupe/examples/production.yaml share/doc/troupe/examples/reference.yaml share/man/man1/troupe.1.gz; do
  [ -f "$prefix/$file" ] || fail "$file is missing"
done

"$prefix/bin/troupe" version
for file in etc/troupe/troupe.yaml share/doc/troupe/examples/minimal.yaml share/doc/troupe/examples/cluster-3/n1.yaml; do
  "$prefix/bin/troupe" check-config "$prefix/$file"
done

if command -v python3 >/dev/null; then python3 "$here/notify.py" "$prefix/bin/troupe"; fi

# A program that is not built with the sanitizers cannot load a library that is.
[ -z "${TROUPE_SANITIZE:-}" ] || exit 0
"$cmake" -S "$here/consumer" -B "$temporary/build" -DCMAKE_PREFIX_PATH="$prefix" >"$temporary/configure.log" ||
  { cat "$temporary/configure.log"; exit 1; }
"$cmake" --build "$temporary/build" >"$temporary/build.log" || { cat "$temporary/build.log"; exit 1; }
[ "$("$temporary/build/in_c")" = "in C" ] || fail "the program in C says something else"
[ "$("$temporary/build/in_cpp")" = '{"m":{"from":"C++"}}' ] || fail "the program in C++ says something else"
# A program that joins as a CAF peer, where CAF is (CAF_DIR) or where CMake finds it by itself.
"$cmake" -S "$here/../../examples/backend" -B "$temporary/backend" -DCMAKE_PREFIX_PATH="$prefix" \
  ${CAF_DIR:+-DCAF_DIR="$CAF_DIR"} >"$temporary/configure.log" || { cat "$temporary/configure.log"; exit 1; }
"$cmake" --build "$temporary/backend" >"$temporary/build.log" || { cat "$temporary/build.log"; exit 1; }
outcome=0
TROUPE_TOKEN=x "$temporary/backend/troupe_backend" --port 1 2>"$temporary/said" >/dev/null || outcome=$?
[ "$outcome" -eq 1 ] && grep -q '^backend: ' "$temporary/said" || fail "the CAF peer says something else where no node is"
echo "other projects build with what was installed"
