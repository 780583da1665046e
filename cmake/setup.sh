#!/usr/bin/env bash
# Sets a Debian 12 machine up for troupe: packages, CAF and Catch2 from Debian's source archive.
#
# Sourced by ./run and ./test; every step checks first whether there is anything left to do, so the
# second call takes a second. What is built goes to .deps/ (ignored by git; TROUPE_DEPS_DIR moves it).
# A CAF that is already installed is used instead when CMAKE_PREFIX_PATH names its prefix.

set -euo pipefail

root_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps_dir=${TROUPE_DEPS_DIR:-$root_dir/.deps}
caf_version=0.18.7
catch2_suite=trixie
jobs=${TROUPE_JOBS:-$(nproc)}

build_packages=(g++ cmake ninja-build pkg-config libboost1.81-dev libyaml-cpp-dev nlohmann-json3-dev
                libexpected-dev libcli11-dev libssl-dev librocksdb-dev libzstd-dev
                libcurl4-openssl-dev libleveldb-dev libpq-dev libsqlite3-dev)
test_packages=(nodejs)

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

fail() { # fail WHAT HINT...
  printf '\nerror: %s\n' "$1" >&2
  shift
  printf '       %s\n' "$@" >&2
  exit 1
}

disk_free_mib() { df -Pm "$1" | awk 'NR == 2 {print $4}'; }

require_disk() { # require_disk DIRECTORY MIB
  local free
  free=$(disk_free_mib "$1")
  [ "$free" -ge "$2" ] ||
    fail "the disk of $1 has $free MiB free; this step needs $2 MiB" \
      "Free some space, or set TROUPE_DEPS_DIR to a directory on a larger disk, and run the command again."
}

# Tells why a step of apt failed, from the end of its log.
fail_apt() { # fail_apt STEP LOG
  tail -n 5 "$2" >&2
  [ "$(disk_free_mib /var)" -gt 100 ] || fail "$1 failed: the disk is full" "Free some space and run the command again."
  if grep -qE 'Could not (connect|resolve)|Temporary failure|Connection (timed out|refused)|Failed to fetch' "$2"; then
    fail "$1 failed: the package archive cannot be reached" \
      "Check the network and apt's proxy settings ('apt-get update' must work), then run the command again."
  fi
  fail "$1 failed" "The whole output is in $2."
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then env DEBIAN_FRONTEND=noninteractive "$@"; else sudo env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

install_packages() { # install_packages NAME...
  missing_packages=()
  local name
  for name in "$@"; do is_installed "$name" || missing_packages+=("$name"); done
  [ ${#missing_packages[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "apt-get is not on this machine" "troupe's set-up is made for Debian 12 (bookworm)."
  # Asked here, not in as_root, whose output goes to a log.
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
    fail "installing packages needs root" "Run this command as root or install sudo." \
      "Or have an administrator run: apt-get install --no-install-recommends ${missing_packages[*]}"
  say "Installing Debian packages: ${missing_packages[*]}"
  mkdir -p "$deps_dir"
  require_disk / 1500
  local log=$deps_dir/apt.log
  as_root apt-get update >"$log" 2>&1 || fail_apt "apt-get update" "$log"
  as_root apt-get install -y --no-install-recommends "${missing_packages[@]}" 2>&1 |
    tee "$log" | grep --line-buffered -E '^(Get:|Setting up)' || true
  for name in "${missing_packages[@]}"; do is_installed "$name" || fail_apt "installing $name" "$log"; done
}

# Fetches the upstream tarball of a Debian source package through an apt state of our own, so that the
# system's package sources stay as they are. apt verifies the archive's signature and the checksum.
fetch_source() { # fetch_source PACKAGE SUITE VERSION_PREFIX DESTINATION
  local package=$1 suite=$2 version_prefix=$3 destination=$4
  local apt_dir=$deps_dir/apt-$suite log=$deps_dir/apt-$suite.log
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r "$keyring" ] || install_packages debian-archive-keyring
  # The archive this machine's own packages come from also carries the sources.
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
           grep -E '/debian/?$' | head -n 1 || true)
  mirror=${TROUPE_DEBIAN_MIRROR:-$mirror}
  [ -n "$mirror" ] || fail "apt knows no Debian archive" \
    "Add one to /etc/apt/sources.list and run 'apt-get update', or set TROUPE_DEBIAN_MIRROR to its address."
  mkdir -p "$apt_dir"/{etc,state/lists/partial,cache/archives/partial} "$destination"
  echo "deb-src [signed-by=$keyring] $mirror $suite main" >"$apt_dir/etc/sources.list"
  cat >"$apt_dir/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt_dir/etc/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$apt_dir/state";
Dir::Cache "$apt_dir/cache";
APT::Sandbox::User "";
// A mirror may be a while behind. Signature and checksums are verified all the same, and the version is ours to name.
Acquire::Check-Valid-Until "false";
CONF
  APT_CONFIG=$apt_dir/apt.conf apt-get update >"$log" 2>&1 || fail_apt "reading the archive's source list" "$log"
  local version
  version=$(APT_CONFIG=$apt_dir/apt.conf apt-cache showsrc "$package" 2>/dev/null |
            awk '/^Version:/ {print $2}' | grep -E "^${version_prefix//./\\.}" | sort -V | tail -n 1 || true)
  [ -n "$version" ] || fail "the archive's suite '$suite' no longer carries $package $version_prefix" \
    "Install it yourself and name its prefix in CMAKE_PREFIX_PATH."
  (cd "$destination" &&
   APT_CONFIG=$apt_dir/apt.conf apt-get source --tar-only --download-only "$package=$version" >>"$log" 2>&1) ||
    fail_apt "fetching $package $version" "$log"
}

# Builds a CMake project from Debian's source archive once and installs it into .deps/NAME-VERSION.
build_dependency() { # build_dependency NAME PACKAGE SUITE VERSION_PREFIX DURATION CMAKE_ARGUMENT...
  local name=$1 package=$2 suite=$3 version_prefix=$4 duration=$5
  shift 5
  local prefix=$deps_dir/$name build=$deps_dir/build-$name log=$deps_dir/$name.log
  [ -e "$prefix/.complete" ] && return
  mkdir -p "$deps_dir"
  require_disk "$deps_dir" 1500
  say "Fetching $name (source archive, suite $suite)"
  rm -rf "$prefix" "$build"
  fetch_source "$package" "$suite" "$version_prefix" "$build/archive"
  mkdir -p "$build/source"
  tar -xf "$build"/archive/*.orig.tar.* -C "$build/source" --strip-components=1
  say "Building $name ($duration, once; log in $log)"
  cmake -S "$build/source" -B "$build/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX="$prefix" -DBUILD_SHARED_LIBS=OFF "$@" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "configuring $name failed" "The whole output is in $log."; }
  # Every tenth step is shown, so that a long build is seen to move. By grep: mawk, Debian's awk, reads a pipe in
  # blocks of 4 KiB and would show the first line after minutes.
  NINJA_STATUS="    $name [%f/%t] " cmake --build "$build/build" -j "$jobs" 2>&1 | tee -a "$log" |
    grep --line-buffered -oE "^    $name \[([0-9]*0/[0-9]+|([0-9]+)/\2)\]" || true
  cmake --install "$build/build" >>"$log" 2>&1 ||
    { tail -n 30 "$log" >&2; require_disk "$deps_dir" 100; fail "building $name failed" "The whole output is in $log."; }
  touch "$prefix/.complete"
  rm -rf "$build"
}

# True if one of the prefixes in CMAKE_PREFIX_PATH holds a CAF. Its version is checked by CMake.
has_own_caf() {
  local prefix
  local IFS=':;'
  for prefix in ${CMAKE_PREFIX_PATH:-}; do
    compgen -G "$prefix/lib*/cmake/CAF/CAFConfig.cmake" >/dev/null && return 0
    compgen -G "$prefix/lib/*/cmake/CAF/CAFConfig.cmake" >/dev/null && return 0
  done
  return 1
}

# Two set-ups at once would build into the same directory. The lock must not outlive the set-up: what is
# started afterwards would inherit it.
lock_setup() {
  mkdir -p "$deps_dir"
  exec {setup_lock}>"$deps_dir/.lock"
  flock -n "$setup_lock" || { say "Waiting for another set-up in $deps_dir"; flock "$setup_lock"; }
}

unlock_setup() { exec {setup_lock}>&-; }

# Builds CAF into .deps/NAME, five sources as one, which takes half of the time; in other batches names of theirs meet.
build_caf() { # build_caf NAME CMAKE_ARGUMENT...
  local name=$1
  shift
  build_dependency "$name" actor-framework experimental "$caf_version" "about 3 minutes on 2 cores" \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=5 \
    -DCMAKE_CXX_STANDARD=17 -DCAF_LOG_LEVEL=INFO -DCAF_ENABLE_EXAMPLES=OFF -DCAF_ENABLE_TESTING=OFF -DCAF_ENABLE_TOOLS=OFF "$@"
}

# ThreadSanitizer sees only what was compiled with it: in a CAF without it, each message between two
# threads would look like a race.
setup_build() { # setup_build [PRESET]
  install_packages "${build_packages[@]}"
  lock_setup
  if [ "${1:-}" = tsan ]; then
    build_caf "tsan-caf-$caf_version" -DCMAKE_CXX_FLAGS="-fsanitize=thread -g1 -Wno-tsan"
  else
    has_own_caf || build_caf "caf-$caf_version"
  fi
  unlock_setup
}

setup_tests() {
  # Node may come from elsewhere than Debian's package; what counts is that it is there and new enough.
  command -v node >/dev/null || install_packages "${test_packages[@]}"
  command -v npm >/dev/null || install_packages npm
  # For a server of the tests' own; that of the package is not needed.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || install_packages postgresql
  local node_major
  node_major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$node_major" -ge 18 ] || fail "node is version $node_major; the tests need 18 or newer" "Install Debian's nodejs package or a newer node."
  lock_setup
  build_dependency catch2-3 catch2 "$catch2_suite" 3. "about 1 minute" -DBUILD_TESTING=OFF -DCATCH_INSTALL_DOCS=OFF -DCMAKE_UNITY_BUILD=ON
  unlock_setup
}

build_preset() { # build_preset PRESET [CMAKE_ARGUMENT...]; build_target names what to build
  local preset=$1
  shift
  cd "$root_dir"
  export TROUPE_DEPS_DIR=$deps_dir
  local log=$deps_dir/configure-$preset.log
  cmake --preset "$preset" "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "configuring troupe ($preset) failed" "The output is above."; }
  say "Building troupe ($preset)"
  local start=$SECONDS
  cmake --build --preset "$preset" -j "$jobs" --target "${build_target:-all}" ||
    { require_disk "$root_dir" 100; fail "building troupe ($preset) failed" "The compiler's message is above."; }
  say "Built troupe ($preset) in $((SECONDS - start)) s"
}
