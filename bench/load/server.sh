# For scripts that run the load generator against a server of their own: starts and ends it, and reads reports. Sourced.
#
# Sets `work`, a folder that goes with the script, and after start_server `server` (its pid) and `address` (ws://HOST:PORT).
# `script` names the script in what it says.

work=$(mktemp -d)
server=
stop_server() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  server=
}
trap 'stop_server; rm -rf "$work"' EXIT

start_server() { # start_server PROGRAM ARGUMENT...: what it says is in $work/out and $work/err
  stop_server
  : >"$work/out" # what the last one said is not to be read before this one's shell has emptied it
  "$@" >"$work/out" 2>"$work/err" &
  server=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    address=$(grep -oE -m1 'ws://127\.0\.0\.1:[0-9]+' "$work/out" || true)
    [ -n "$address" ] && return
    sleep 0.1
  done
  cat "$work/err" >&2
  echo "$script: $1 does not start" >&2
  exit 1
}

require_programs() { # require_programs PATH...
  local program
  for program in "$@"; do
    [ -x "$program" ] || { echo "$script: $program is missing; bench/compare/run.sh --quick builds both" >&2; exit 2; }
  done
}

usage() { # the comment at the head of the script
  sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "$0"
}

refuse_option() { # refuse_option OPTION
  echo "$script: there is no option $1; --help names those that there are" >&2
  exit 2
}

figure() { # figure KEY [FILE]: of a report, $work/report if none is named; nothing if it is not there
  grep -oE "\"$1\": *[0-9.e+-]+" "${2:-$work/report}" | head -n 1 | sed 's/.*: *//' || true
}

milliseconds() { # milliseconds KEY DIGITS: of a figure in microseconds of the last report
  awk -v us="$(figure "$1")" -v digits="$2" 'BEGIN { printf us == "" ? "-" : "%." digits "f", us / 1000 }'
}

median() { printf '%s\n' "$@" | sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
