// Cuts the state of a document into pieces, each of which becomes an update of its own: clients
// give up on a message that takes too long. Pure. Owner: one call of doc::encode_state_in_pieces().
//
// A piece follows the structs that its own refer to, so each takes effect as it arrives, and the
// first contents show early. But it must not show a text in which a later piece would change what a
// format is for: yjs cleans formats up after each update, and would delete, for everybody, a format
// whose text has not arrived or is deleted (Source: yjs 13.6, YText.js
// cleanupYTextAfterTransaction). So a piece ends only where each text with formats that it has
// touched is complete. Where the sizes do not allow that, some pieces are held: they lack the first
// struct of each of their clients, so that the reader keeps them until the last of them brings
// these.
#pragma once

#include <vector>

#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"
#include "protocol/crdt/wire/state_vector.hpp"

namespace troupe::crdt {

struct piece_sizes {
  /// A piece is about so large when it is encoded; a single value may be larger.
  std::size_t piece = 512 * 1024;
  /// A reader merges a held piece with those before it, so that there are few.
  std::size_t held_max = 8;
};

/// For each client one range of clocks. Its structs go into one update.
using state_piece = std::vector<client_range>;

/// What a document with state vector `from` lacks of the structs in `state`, without what waits.
/// Cost: linear in the state.
std::vector<state_piece> plan_pieces(const struct_store& state, const state_vector& from,
                                     const piece_sizes& sizes);

}  // namespace troupe::crdt
