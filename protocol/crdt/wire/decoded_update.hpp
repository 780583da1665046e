// A whole update, parsed and validated before the document changes. The document keeps one and
// decodes into it again, so that decoding a small update allocates nothing.
#pragma once

#include <vector>

#include "base/errc.hpp"
#include "protocol/crdt/wire/client_lookup.hpp"
#include "protocol/crdt/wire/limits.hpp"
#include "protocol/crdt/wire/scratch_arena.hpp"
#include "protocol/crdt/wire/stable_list.hpp"
#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

/// The structs of one client, in clock order. A client may have several blocks.
struct client_block {
  client_index client = 0;
  /// Index into decoded_update::structs.
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

struct client_range {
  client_index client = 0;
  clock_range range;
};

struct decoded_update {
  /// The client ids behind the indices of structs and deletes.
  client_lookup clients;
  /// In wire order.
  std::vector<client_block> blocks;
  /// Without skips: a skip is only a gap between clocks.
  std::vector<struct_view> structs;
  /// What struct_view::parent points to.
  stable_list<parent_view> parents;
  /// In wire order; may overlap.
  std::vector<client_range> deletes;
  /// The bytes that were decoded last, or a copy of them; most contents lie in them.
  byte_view input;
  /// Where the copy is, for a small update.
  byte_buffer padded;
  /// Contents that do not lie in the input as a whole.
  scratch_arena scratch;
  /// Structs whose content was repaired, if the limits say so; with views of `scratch`.
  std::vector<repaired_struct> repaired;
  /// The update is as yjs would write it: no struct of length 0, no client without structs or
  /// twice. Clients may mishandle one that is not, so it is not forwarded as it came.
  bool is_canonical = true;

  void clear();
};

/// The two encodings of an update. v1 is what the sync protocol carries; v2 is smaller.
enum class update_format : std::uint8_t { v1, v2 };

/// Parses `update` into `out`, whose views then point into `update` and into `out` itself, which
/// may be moved. Fails with truncated, number_too_large (clocks above clock_max, ids above 2^53 -
/// 1), invalid_utf8, invalid_any, invalid_json, too_deep, unknown_content, unknown_type,
/// invalid_reference (a struct that refers to its own or a later clock of its client),
/// unusable_content (see unusable_content.hpp), update_too_large, name_too_long, trailing_bytes.
/// Format: yjs 13.6 updates v1 and v2. Source: yjs utils/encoding.js, structs/*.js,
/// UpdateDecoder.js.
result<void> decode_update(byte_view update, update_format format, const limits& limit,
                           decoded_update& out);

/// As decode_update, but keeps what is in `out` already: several updates as if they were one.
/// Requires: the bytes of all of them stay where they are.
result<void> append_update(byte_view update, update_format format, const limits& limit,
                           decoded_update& out);

/// Finds the format by trying, since neither the protocol nor most files name it; v1 if the bytes
/// are neither.
update_format detect_format(byte_view update, const limits& limit = {});

}  // namespace troupe::crdt
