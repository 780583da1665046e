// Writes updates from a store: the whole state, the difference to a state vector, or one change.
// Source: yjs 13.6 utils/encoding.js writeClientsStructs, utils/DeleteSet.js; Skips as in yjs 14.
#pragma once

#include "protocol/crdt/apply/pending.hpp"
#include "protocol/crdt/apply/transaction.hpp"
#include "protocol/crdt/wire/state_vector.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::crdt {

/// Everything that a document with state vector `from` may lack: structs from its clocks on, the
/// whole delete set, and everything in pending, so that storing and loading loses nothing. Holes
/// become Skips.
void encode_state(const struct_store& state, const pending& waiting, const state_vector& from,
                  update_format format, lib0::encoder& out);

/// What one transaction inserted and deleted, and nothing else.
void encode_change(const struct_store& state, const transaction& change, update_format format,
                   lib0::encoder& out);

}  // namespace troupe::crdt
