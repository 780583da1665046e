#!/usr/bin/env bash
# The load generator against the relay, which loses nothing, and against the built server: every mode must end
# with nothing lost. What it measures on the way does not matter. TROUPE_BINARY, LOAD_BINARY, RELAY_BINARY
# and STORE_BENCH_BINARY name the programs.
set -euo pipefail

script=load
source "$(dirname "${BASH_SOURCE[0]}")/../../bench/load/server.sh"

load() { # load MODE ARGUMENT...
  echo "==> load $*"
  "$LOAD_BINARY" "$@" --address "$address" --server-pid "$server"
}

short=(--seconds 0.5 --warm-up 0.1)
for how in raw batched; do
  start_server "$RELAY_BINARY" "$how"
  load fanout --clients 20 --writers 3 --outstanding 8 --chars 3 "${short[@]}"
  load fanout --documents 5 --clients 4 --writers 4 --rate 20 --place scattered "${short[@]}"
  load awareness --documents 2 --clients 10 --rate 10 "${short[@]}"
done

start_server "$RELAY_BINARY" state 200000
load join --clients 20 --size 200000

# Two updates of one author, the second of which deletes and inserts, with their lengths in front.
printf '\x0e\x01\x01\x01\x00\x04\x01\x04text\x01a\x00\x0e\x01\x01\x01\x01\x84\x01\x00\x01b\x01\x01\x01\x00\x01' >"$work/stream"

settings=(--set storage.engine=memory --set server.port=0 --set limits.messages_per_second=0 --set limits.max_connections=70)
# Where there are admin pages, their usual port may be taken by another server.
"$TROUPE_BINARY" serve --help | grep ' admin\.port = ' >/dev/null && settings+=(--set admin.port=0)
start_server "$TROUPE_BINARY" serve "${settings[@]}"
load fanout --clients 20 --writers 3 --outstanding 8 --chars 3 --check-state "${short[@]}"
load fanout --documents 5 --clients 4 --outstanding 2 --place scattered --check-state "${short[@]}"
hocuspocus=(--protocol hocuspocus --path-prefix /hocuspocus/)
load fanout "${hocuspocus[@]}" --clients 20 --writers 3 --outstanding 8 --chars 3 --check-state "${short[@]}"
load confirmed "${hocuspocus[@]}" --documents 3 --outstanding 2 "${short[@]}"
load documents --documents 50 --seconds 5
load join --clients 20 --size 200000
load confirmed --documents 3 --outstanding 2 "${short[@]}"
load documents --documents 20 --size 1000 --seconds 5 --documents-prefix known-
load return --documents 20 --size 1000 --documents-prefix known-
if load return --documents 1 --size 1001 --seconds 1 --documents-prefix known- >"$work/return"; then
  echo "load: a document that lacks something was not noticed" >&2
  exit 1
fi
load replay "$work/stream" --check-state
# Several addresses of one server: what arrives "across" comes from the same one.
load cross --address "$address" --writers 2,1 --readers 0,3 --documents 3 --rate 20 --chars 3 --check-state "${short[@]}"
(sleep 0.5; echo; sleep 0.5; echo) | load catch_up --address "$address" --updates 200 --seconds 10 --nudge
if load cross --writers 1 --readers 1,1 --rate 10; then
  echo "load: readers at a server that is not named were not noticed" >&2
  exit 1
fi
load awareness --clients 10 --rate 10 "${short[@]}"
load awareness --clients 10 --rate 10 --echo --edit-rate 20 "${short[@]}"
load idle --clients 70 --documents 7 --seconds 0.1 --expect-refusal

# The store alone: each task must end with all that it wrote read again. Small, so that it takes seconds.
for task in 'disk --seconds 0.1' 'append --documents 3 --seconds 0.2' 'mix --documents 5 --updates 900' \
  'cold --documents 3 --updates 100' 'compact --documents 3 --updates 100 --contents noise' \
  'fill --documents 2000 --updates 1' 'open --documents 2000'; do
  echo "==> store_bench $task"
  # shellcheck disable=SC2086
  "$STORE_BENCH_BINARY" ${task%% *} "$work/store" ${task#* }
done

# A server that ends while it is measured is a failure, and is told as one.
start_server "$RELAY_BINARY" batched
(sleep 0.3; kill "$server") &
if load fanout --clients 5 --seconds 1; then
  echo "load: a server that ended was not noticed" >&2
  exit 1
fi
