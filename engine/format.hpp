// What the C interface says about encodings and limits, as the engine says it. Pure.
#pragma once

#include "engine/call.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"
#include "protocol/crdt/wire/limits.hpp"

namespace troupe::engine {

/// Deep enough for documents, and shallow enough for the stacks of small threads.
inline constexpr std::size_t nesting_max = 100;

inline outcome<crdt::update_format> read_format(troupe_format format) {
  if (format == TROUPE_V1) return crdt::update_format::v1;
  if (format == TROUPE_V2) return crdt::update_format::v2;
  return refuse(TROUPE_INVALID_ARGUMENT, "the format is neither TROUPE_V1 nor TROUPE_V2");
}

inline crdt::limits engine_limits() {
  crdt::limits limit;
  limit.any_depth_max = nesting_max;
  return limit;
}

}  // namespace troupe::engine
