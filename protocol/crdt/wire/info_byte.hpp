// The first byte of a struct in an update, v1 and v2 alike: what kind of content it has, and which
// of its neighbours are named. Source: yjs 13.6 structs/Item.js, Item.write.
#pragma once

#include <cstdint>

namespace troupe::crdt::info_byte {

constexpr std::uint8_t kind_bits = 0x1f;  ///< A content_kind.
constexpr std::uint8_t key_bit = 0x20;    ///< It stands under a key; the key may be inherited.
constexpr std::uint8_t right_origin_bit = 0x40;
constexpr std::uint8_t origin_bit = 0x80;

}  // namespace troupe::crdt::info_byte
