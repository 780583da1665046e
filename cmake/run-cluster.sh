#!/usr/bin/env bash
# Starts one node for each file of a folder, shows their output with the name of the node in front,
# and ends all of them on Ctrl-C, on SIGTERM, or when one ends.
#
#   run-cluster.sh BINARY FOLDER ARGUMENT...     ARGUMENT...: for each node
set -uo pipefail

binary=$1 folder=$2
shift 2
nodes=()

start_node() { # start_node FILE ARGUMENT...
  local name
  name=$(basename "$1" .yaml)
  mkdir -p "data/$name"
  # The node is what $! names, so that it gets the signal, and not what shows its output.
  "$binary" serve --config "$@" > >(exec sed -u "s/^/$name | /") 2>&1 &
  nodes+=($!)
}

end_nodes() {
  trap '' INT TERM
  kill -TERM "${nodes[@]}" 2>/dev/null
}

# A second signal ends a node at once, so Ctrl-C must not reach them by itself: each is started in a
# process group of its own.
trap end_nodes INT TERM
set -m
for file in "$folder"/*.yaml; do start_node "$file" "$@"; done
set +m
wait -n "${nodes[@]}"
end_nodes
wait "${nodes[@]}"
