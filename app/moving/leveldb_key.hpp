// The keys of a y-leveldb store. A key is a list of texts and numbers: 00 and a text with its
// length as varUint, or 01 and four bytes, the most significant first.
//
//   "v1", DOCUMENT, "update", NUMBER    an update, format v1
//   "v1", DOCUMENT, "meta", NAME        a value of the application
//   "v1_sv", DOCUMENT                   varUint number of an update, then a state vector
//
// So documents are in the order of the length of their names, and all updates of one stand together
// in their order. Pure. Source: y-leveldb 0.2, y-leveldb.js.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe::moving {

struct leveldb_key {
  enum class kind : std::uint8_t { update, meta, state_vector };
  kind what = kind::update;
  std::string_view document;  ///< A view of the key.
  std::uint32_t number = 0;   ///< Of an update.

  friend bool operator==(const leveldb_key&, const leveldb_key&) = default;
};

/// Fails with truncated, trailing_bytes, invalid_utf8, and unknown_content for a key that y-leveldb
/// does not write.
result<leveldb_key> decode_leveldb_key(byte_view key);

std::string leveldb_update_key(std::string_view document, std::uint32_t number);
std::string leveldb_state_vector_key(std::string_view document);

/// The number of the update with which the state vector of a document was made, from the value of
/// its entry: the first update that is kept has no greater one. Fails as lib0::decoder does.
result<std::uint64_t> decode_leveldb_covered(byte_view value);

}  // namespace troupe::moving
