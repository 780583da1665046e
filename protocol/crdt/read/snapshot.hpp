// A snapshot: what a document knew and had deleted at one moment. It is small, holds no content and
// belongs to nobody; with it a document that still has its deleted contents (garbage collection
// off) can be read as it was, or made again. Source: yjs 13.6 utils/Snapshot.js.
//
// With garbage collection on, what was deleted after the snapshot has lost its content: reading at
// the snapshot shows the rest without it, and is_whole_at() says so.
// Format: a delete set (in the flavour of v1 or v2), then a state vector.
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

/// Whether a document that was as the snapshot says has everything that is in `update`. Fails as
/// decode_update does. Source: yjs snapshotContainsUpdate.
result<bool> contains_update(const snapshot& at, byte_view update,
                             update_format format = update_format::v1, const limits& limit = {});

/// Whether the document still has all that was there at the snapshot: it knows every clock of it,
/// and nothing that was visible then has been collected since. Cost: linear in the document.
bool is_whole_at(const struct_store& state, const snapshot& at);

/// An update that makes an empty document what this one was at the snapshot; nothing if
/// !is_whole_at(). Source: yjs createDocFromSnapshot.
std::optional<byte_buffer> encode_state_at(const struct_store& state, const snapshot& at,
                                           update_format format = update_format::v1);

}  // namespace troupe::crdt
