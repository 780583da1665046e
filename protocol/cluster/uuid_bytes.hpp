// A node_uuid among encoded values: 16 bytes, the highest first. Pure.
#pragma once

#include "protocol/cluster/node_uuid.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::cluster {

inline constexpr std::size_t uuid_size_bytes = 16;

inline void write_uuid(lib0::encoder& to, const node_uuid& id) {
  for (const std::uint64_t half : {id.high, id.low})
    for (int shift = 56; shift >= 0; shift -= 8)
      to.write_uint8(static_cast<std::uint8_t>(half >> shift));
}

/// Nil once the decoder has failed.
inline node_uuid read_uuid(lib0::decoder& from) noexcept {
  node_uuid id;
  const byte_view bytes = from.read_bytes(uuid_size_bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint64_t& half = i < uuid_size_bytes / 2 ? id.high : id.low;
    half = half << 8 | bytes[i];
  }
  return id;
}

}  // namespace troupe::cluster
