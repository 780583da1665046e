// Writes updates from a store: the whole state, the difference to a state vector, or one change.
// Source: yjs 13.6 utils/encoding.js writeClientsStructs, utils/DeleteSet.js; Skips as in yjs 14.
#pragma once

#include "protocol/crdt/apply/pending.hpp"
#include "protocol/crdt/apply/state_pieces.hpp"
#include "protocol/crdt/apply/transaction.hpp"
#include "protocol/crdt/wire/state_vector.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::crdt {

/// About how many bytes the state of a document takes in format v1: for a large one by a look at
/// some of its structs.
std::size_t likely_state_size(const struct_store& state);

/// Everything that a document with state vector `from` may lack: structs from its clocks on, the
/// whole delete set, and everything in pending, so that storing and loading loses nothing. Holes
/// become Skips.
void encode_state(const struct_store& state, const pending& waiting, const state_vector& from,
                  update_format format, lib0::encoder& out);

/// The structs of a piece and their deletions, in format v1.
void encode_piece(const struct_store& state, const state_piece& piece, lib0::encoder& out);

/// What plan_pieces() leaves of the same state, in format v1: what is in pending, and the deletions
/// of what `from` knows.
void encode_rest(const struct_store& state, const pending& waiting, const state_vector& from,
                 lib0::encoder& out);

/// What one transaction inserted and deleted, and nothing else.
void encode_change(const struct_store& state, const transaction& change, update_format format,
                   lib0::encoder& out);

}  // namespace troupe::crdt
