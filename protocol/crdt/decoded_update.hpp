// A whole update, parsed and validated, before anything of it touches a document. Reused from
// update to update so that decoding a small one allocates nothing.
#pragma once

#include <deque>
#include <vector>

#include "base/errc.hpp"
#include "protocol/crdt/client_lookup.hpp"
#include "protocol/crdt/limits.hpp"
#include "protocol/crdt/struct_view.hpp"

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
  std::deque<parent_view> parents;    ///< What struct_view::parent points to.
  std::vector<client_range> deletes;  ///< In wire order; may overlap.
  /// What yjs would write: no struct of length 0 and no client twice. Others trip clients up.
  bool is_canonical = true;

  void clear();
};

/// Parses `update` (format v1) into `out`, whose views then point into `update`.
/// Fails with truncated, number_too_large (clocks above clock_max, ids above 2^53 - 1),
/// invalid_utf8, invalid_any, invalid_json, too_deep, unknown_content, unknown_type,
/// invalid_reference (a struct that refers to its own or a later clock of its client),
/// missing_parent, update_too_large, name_too_long, trailing_bytes. Format: yjs 13.6 update v1.
/// Source: yjs utils/encoding.js, structs/*.js.
result<void> decode_update(byte_view update, const limits& limit, decoded_update& out);

}  // namespace troupe::crdt
