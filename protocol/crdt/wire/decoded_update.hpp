// A whole update, parsed and validated, before anything of it touches a document. Reused from
// update to update so that decoding a small one allocates nothing.
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
  std::uint32_t first = 0;  ///< Index into decoded_update::structs.
  std::uint32_t count = 0;
};

struct client_range {
  client_index client = 0;
  clock_range range;
};

struct decoded_update {
  client_lookup clients;              ///< Indices used by structs and deletes to client ids.
  std::vector<client_block> blocks;   ///< In wire order.
  std::vector<struct_view> structs;   ///< Skips left out: a skip is only a gap between clocks.
  stable_list<parent_view> parents;   ///< What struct_view::parent points to.
  std::vector<client_range> deletes;  ///< In wire order; may overlap.
  byte_view input;                    ///< What was decoded last; most contents lie in it.
  scratch_arena scratch;              ///< Contents that the input has in pieces.
  /// What yjs would write: no struct of length 0, no client without structs or twice. Others trip
  /// clients up.
  bool is_canonical = true;

  void clear();
};

/// The two encodings of an update. v1 is what the sync protocol carries; v2 is smaller.
enum class update_format : std::uint8_t { v1, v2 };

/// Parses `update` into `out`, whose views then point into `update` and into `out` itself.
/// Fails with truncated, number_too_large (clocks above clock_max, ids above 2^53 - 1),
/// invalid_utf8, invalid_any, invalid_json, too_deep, unknown_content, unknown_type,
/// invalid_reference (a struct that refers to its own or a later clock of its client),
/// update_too_large, name_too_long, trailing_bytes. Format: yjs 13.6 updates v1 and v2. Source: yjs
/// utils/encoding.js, structs/*.js, UpdateDecoder.js.
result<void> decode_update(byte_view update, update_format format, const limits& limit,
                           decoded_update& out);

/// As decode_update, but keeps what is in `out` already: several updates as if they were one.
/// Requires: the bytes of all of them stay where they are.
result<void> append_update(byte_view update, update_format format, const limits& limit,
                           decoded_update& out);

/// The protocol does not tell the format; files often do not either. Finds out by trying; v1 if it
/// is neither.
update_format detect_format(byte_view update, const limits& limit = {});

}  // namespace troupe::crdt
