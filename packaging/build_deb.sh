#!/usr/bin/env bash
# Builds the Debian packages troupe, libtroupe-engine1 and libtroupe-dev on Debian 12.
#
#   packaging/build_deb.sh [DIRECTORY]     where to put them; default: build/packages
#
# TROUPE_PACKAGE_BUILD names a build of the preset `package` that is there already, which is taken as it is.
source "$(dirname "${BASH_SOURCE[0]}")/../cmake/setup.sh"

destination=$(realpath -m "${1:-$root_dir/build/packages}")
build=${TROUPE_PACKAGE_BUILD:-$root_dir/build/package}
install_packages dpkg-dev file
if [ -z "${TROUPE_PACKAGE_BUILD:-}" ]; then
  setup_build
  build_preset package -DTROUPE_BUILD_TESTS=OFF -DTROUPE_WARNINGS_AS_ERRORS=OFF
fi
mkdir -p "$destination"
say "Packing into $destination"
# The permissions of what is packed are those of the files here, which a umask may have narrowed.
umask 022
cd "$build"
cpack -G DEB -B "$destination" >"$build/cpack.log" 2>&1 || { cat "$build/cpack.log" >&2; fail "packing failed" "The output is above."; }
rm -rf "$destination/_CPack_Packages"
ls -l "$destination"/*.deb
