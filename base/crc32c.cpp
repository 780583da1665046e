#include "base/crc32c.hpp"

#include <array>
#include <cstddef>

namespace troupe {
namespace {

using table = std::array<std::uint32_t, 256>;

/// Table k holds the checksum of each byte followed by k zero bytes, so that eight bytes take eight
/// independent look-ups.
constexpr std::array<table, 8> make_tables() {
  constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected
  std::array<table, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? polynomial : 0);
    tables[0][byte] = rest;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xFF];
  return tables;
}

constexpr std::array<table, 8> tables = make_tables();

constexpr std::uint32_t little_endian(const std::uint8_t* bytes) noexcept {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

std::uint32_t crc32c(byte_view bytes, std::uint32_t before) noexcept {
  std::uint32_t rest = ~before;
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) {
    const std::uint32_t low = little_endian(at) ^ rest;
    const std::uint32_t high = little_endian(at + 4);
    rest = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^
           tables[4][low >> 24] ^ tables[3][high & 0xFF] ^ tables[2][high >> 8 & 0xFF] ^
           tables[1][high >> 16 & 0xFF] ^ tables[0][high >> 24];
  }
  for (; at != end; ++at) rest = (rest >> 8) ^ tables[0][(rest ^ *at) & 0xFF];
  return ~rest;
}

}  // namespace troupe
