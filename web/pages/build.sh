#!/usr/bin/env bash
# Builds the pages into dist/, which is committed, so that building the server needs no npm. Needs Node 18 or newer.
#
#   web/pages/build.sh            builds dist/ anew
#   web/pages/build.sh --check    builds it elsewhere, and fails unless dist/ is the same
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=dist
[ "${1:-}" != --check ] || target=node_modules/.check
# npm writes node_modules/.package-lock.json at the end of an installation that went well.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --loglevel=error
fi
rm -rf "$target"
for page in dashboard demo; do TROUPE_PAGE=$page TROUPE_DIST=$target node_modules/.bin/vite build; done
node notices.mjs "$target"
if [ "$target" != dist ]; then
  diff -r dist "$target" || { echo "web/pages/dist is not what its sources make: run web/pages/build.sh and commit it" >&2; exit 1; }
  echo "web/pages/dist is what its sources make"
fi
