#!/usr/bin/env bash
# Builds the Debian packages, checks them with lintian, and installs, uses and removes them in a clean Debian 12.
#
#   packaging/test_package.sh              builds them first
#   packaging/test_package.sh DIRECTORY    the packages that are there
#
# Needs root (chroot) and python3, and the ports 3001 and 3002 of loopback. The clean Debian is made once by debootstrap,
# with the archive and the settings of apt that this machine has, and kept in .deps/; each run works on a copy of it.
source "$(dirname "${BASH_SOURCE[0]}")/../cmake/setup.sh"

[ "$(id -u)" -eq 0 ] || fail "packaging/test_package.sh needs root" "It changes the root of what it starts."
packages=$(realpath -m "${1:-$root_dir/build/packages}")
[ $# -gt 0 ] || "$root_dir/packaging/build_deb.sh" "$packages"
compgen -G "$packages/troupe_*.deb" >/dev/null || fail "there are no packages in $packages"
install_packages debootstrap lintian python3

say "lintian"
# Ours is no upload to Debian: there is no bug to close, and the address of the authors is not one. ldconfig is CPack's.
lintian --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog,maintscript-calls-ldconfig \
  --fail-on error,warning "$packages"/*.deb

clean=$deps_dir/clean-debian.tar
if [ ! -e "$clean" ]; then
  say "Making a clean Debian 12 (once)"
  require_disk "$deps_dir" 1500
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n 1)
  bare=$(mktemp -d "$deps_dir/debootstrap-XXXX")
  debootstrap --variant=minbase bookworm "$bare" "${TROUPE_DEBIAN_MIRROR:-$mirror}" >"$deps_dir/debootstrap.log" 2>&1 ||
    fail "debootstrap failed" "The output is in $deps_dir/debootstrap.log."
  tar -C "$bare" -cf "$clean.new" . && mv "$clean.new" "$clean"
  rm -rf "$bare"
fi

root=$(mktemp -d "$deps_dir/package-test-XXXX")
trap 'rm -rf "$root"' EXIT
tar -C "$root" -xf "$clean"
chmod 755 "$root"  # what was packed has the mode of a directory of mktemp
# How this machine reaches the archive.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
find /etc/apt/apt.conf.d -type f -exec grep -lE '^ *Acquire' {} + | xargs -r cp -t "$root/etc/apt/apt.conf.d"
# Nothing is started in there by the package itself.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir "$root/packages"
cp "$packages"/*.deb "$root/packages"

in_root() { chroot "$root" /usr/bin/env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
say "Installing in a clean Debian 12"
in_root apt-get update >"$deps_dir/package-test.log" 2>&1 || fail_apt "apt-get update" "$deps_dir/package-test.log"
in_root sh -c 'apt-get install -y --no-install-recommends /packages/troupe_*.deb' >>"$deps_dir/package-test.log" 2>&1 ||
  fail_apt "installing the package" "$deps_dir/package-test.log"
python3 "$root_dir/packaging/test_package.py" "$root"

say "The engine and its header"
in_root sh -c 'apt-get install -y --no-install-recommends /packages/libtroupe*.deb gcc libc6-dev python3' \
  >>"$deps_dir/package-test.log" 2>&1 || fail_apt "installing the engine" "$deps_dir/package-test.log"
cp "$root_dir"/examples/python/*.py "$root_dir/tests/install/consumer/in_c.c" "$root/tmp"
in_root python3 /tmp/example.py
in_root sh -c 'gcc /tmp/in_c.c -o /tmp/in_c -ltroupe_engine && /tmp/in_c'
say "The packages pass"
