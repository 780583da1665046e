#include "storage/journal_end.hpp"

#include "base/crc32c.hpp"

namespace troupe::storage {
namespace {

constexpr std::size_t header_size = 7;
constexpr std::size_t length_offset = 4;
constexpr std::size_t type_offset = 6;
// Full, first, middle, last. Other types, of reused files, are not written here.
constexpr std::uint8_t type_max = 4;

std::size_t number_at(byte_view bytes, std::size_t offset, std::size_t size) {
  std::size_t number = 0;
  for (std::size_t i = size; i > 0; --i) number = number << 8 | bytes[offset + i - 1];
  return number;
}

/// What RocksDB stores of a checksum.
std::uint32_t masked(std::uint32_t crc) {
  return static_cast<std::uint32_t>((crc >> 15 | crc << 17) + 0xa282ead8u);
}

bool is_type(std::uint8_t type) { return type >= 1 && type <= type_max; }

}  // namespace

std::optional<wrong_length> find_wrong_length(byte_view block) {
  std::size_t at = 0;
  while (block.size() - at >= header_size) {
    const byte_view rest = block.subspan(at);
    const std::uint8_t type = rest[type_offset];
    const std::size_t length = number_at(rest, length_offset, 2);
    if (!is_type(type)) return std::nullopt;
    if (header_size + length <= rest.size()) {
      at += header_size + length;
      continue;
    }
    const std::size_t stored = number_at(rest, 0, length_offset);
    std::uint32_t crc = crc32c(rest.subspan(type_offset, 1));
    for (std::size_t size = 0;; ++size) {
      const std::size_t end = header_size + size;
      // The next record begins there, or the file ends.
      const bool is_end = rest.size() - end < header_size || is_type(rest[end + type_offset]);
      if (is_end && masked(crc) == stored)
        return wrong_length{at + length_offset, static_cast<std::uint16_t>(size)};
      if (end == rest.size()) return std::nullopt;
      crc = crc32c(rest.subspan(end, 1), crc);
    }
  }
  return std::nullopt;
}

}  // namespace troupe::storage
