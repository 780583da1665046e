#!/usr/bin/env bash
# The library of the engine shows the functions that troupe.h declares, and nothing else.
#
#   exports.sh LIBRARY HEADER
set -euo pipefail
declared=$(grep -oE '\btroupe_[a-z0-9_]+\(' "$2" | tr -d '(' | sort -u)
# What comments mention without declaring it is declared elsewhere in the header.
exported=$(nm -D --defined-only "$1" | awk '$2 ~ /^[TBDVWiu]$/ {print $3}' | sed 's/@.*//' | sort -u)
if ! diff <(printf '%s\n' "$declared") <(printf '%s\n' "$exported"); then
  echo "exports.sh: left is what $2 declares, right what $1 exports" >&2
  exit 1
fi
echo "$(wc -l <<<"$exported") functions, all declared"
