// A snapshot: the known and the deleted clocks of a document at one moment. It is small and holds
// no content. With it, a document that keeps its deleted contents (garbage collection off) can be
// read as it was, or be restored. Source: yjs 13.6 utils/Snapshot.js.
//
// With garbage collection on, contents that were deleted after the snapshot are gone: reading at
// the snapshot shows the rest without them, and is_whole_at() returns false. Format: a delete set
// (in the flavour of v1 or v2), then a state vector.
#pragma once

#include <optional>

#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/crdt/wire/delete_set.hpp"
#include "protocol/crdt/wire/state_vector.hpp"

namespace troupe::crdt {

struct snapshot {
  delete_set deleted;
  state_vector known;

  byte_buffer encode(update_format format = update_format::v1) const;

  /// Fails with truncated, number_too_large, trailing_bytes.
  static result<snapshot> decode(byte_view bytes, update_format format = update_format::v1);

  friend bool operator==(const snapshot&, const snapshot&) = default;
};

/// What is deleted in a document now.
delete_set delete_set_of(const struct_store& state);

/// Whether a document in the state of the snapshot has everything in `update`. Fails as
/// decode_update() does. Source: yjs snapshotContainsUpdate.
result<bool> contains_update(const snapshot& at, byte_view update,
                             update_format format = update_format::v1, const limits& limit = {});

/// Whether the document still has everything of the snapshot: it knows all its clocks, and nothing
/// that was visible then has been collected since. Cost: linear in the document.
bool is_whole_at(const struct_store& state, const snapshot& at);

/// An update that brings an empty document into the state of the snapshot; nothing if
/// !is_whole_at(). Source: yjs createDocFromSnapshot.
std::optional<byte_buffer> encode_state_at(const struct_store& state, const snapshot& at,
                                           update_format format = update_format::v1);

}  // namespace troupe::crdt
