// The file data.ysweet, in which y-sweet keeps one document: a map of keys and values of
// yrs-kvstore, written by bincode.
//
//   file    count, then so many pairs: size, key, size, value       numbers: 8 bytes, lowest first
//   00 00 NAME 00            4 bytes, the id of a document           y-sweet has one document,
//   "doc" 00 01 ID(4) 00           its state, an update of format v1 00 01 ID(4) 01           its
//   state vector 00 01 ID(4) 02 NUMBER(4) 00   an update behind it, format v1     highest byte
//   first 00 01 ID(4) 03 NAME 00   a value of the application
//
// Pure. Source: y-sweet 0.9, sync_kv.rs; yrs-kvstore 0.3, keys.rs.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe::moving {

/// How many entries a file may have; y-sweet folds updates into the state as they come.
inline constexpr std::size_t ysweet_entries_max = 1'000'000;

/// Views of the file.
struct ysweet_checkpoint {
  std::vector<byte_view> updates;  ///< The state, if there is one, and the updates behind it.
  byte_view state_vector;          ///< Of the state; may be empty.
};

/// Fails with truncated, trailing_bytes, update_too_large (more than ysweet_entries_max entries),
/// and unknown_content: a key that y-sweet does not write, or more than one document.
result<ysweet_checkpoint> decode_ysweet_checkpoint(byte_view file);

}  // namespace troupe::moving
