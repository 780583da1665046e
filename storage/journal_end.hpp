// The end of a file of RocksDB's log format, which its journals and its list of tables have:
// distinguishes a record that a crash has cut short from one whose length was changed. RocksDB
// takes both for the end, though behind the second there may be records that were confirmed. Pure.
// Source: RocksDB 7.8, db/log_format.h: blocks of 32 KiB; each record has the CRC-32C of its type
// and payload (4 bytes, masked), its length (2), its type (1), all little-endian, and its payload.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.hpp"

namespace troupe::storage {

inline constexpr std::size_t journal_block_size = 32 * 1024;

/// Where the length of a record is wrong, and what it should be.
struct wrong_length {
  std::size_t offset = 0;  ///< Of its two bytes, in the block.
  std::uint16_t length = 0;
};

/// Looks at the last block of a file, which must not be whole: a record whose payload would go
/// beyond its end, but whose checksum is right for a shorter one.
std::optional<wrong_length> find_wrong_length(byte_view block);

}  // namespace troupe::storage
