// The bytes of a key or a value of RocksDB as text. Includes RocksDB: for the sources of the
// RocksDB backend only.
#pragma once

#include <string_view>

#include <rocksdb/slice.h>

namespace troupe::storage {

/// Valid as long as what the slice shows.
inline std::string_view text_of(const rocksdb::Slice& slice) noexcept {
  return {slice.data(), slice.size()};
}

}  // namespace troupe::storage
