// Files and captures of updates: one update of either format, or a stream of updates of format v1,
// each with its length in front. Nothing in the bytes says which, so it is found by trying. For
// tools and benchmarks; the sync protocol has its own frames.
// Format of a stream: (varUint length, update v1)*, to the end.
#pragma once

#include <span>
#include <vector>

#include "protocol/crdt/wire/decoded_update.hpp"

namespace troupe::crdt {

/// The ways to read bytes that hold updates.
enum class update_container : std::uint8_t { v1, v2, stream };

struct update_list {
  update_container container = update_container::v1;
  std::vector<byte_view> updates;  ///< Views of the input; all valid, at least one.

  update_format format() const noexcept {
    return container == update_container::v2 ? update_format::v2 : update_format::v1;
  }
};

/// Reads `bytes` as what they are said to be. Fails as decode_update does, with offsets from the
/// start of `bytes`; the detail names the update of a stream, counted from 1.
result<update_list> read_updates(byte_view bytes, update_container container,
                                 const limits& limit = {});

/// The container that `bytes` can be read as; v1 is tried first unless they begin with the 0 of a
/// v2. If they can be read as none, the one whose error helps most: a stream if its first update is
/// whole, v2 if they begin with 0, else v1.
update_container detect_container(byte_view bytes, const limits& limit = {});

}  // namespace troupe::crdt
