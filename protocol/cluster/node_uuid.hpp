// Names a node for good: 128 random bits, made at the node's first start and kept in its data
// directory. Another data directory is another node, whatever name an operator gives it. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::cluster {

struct node_uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  constexpr bool is_nil() const noexcept { return high == 0 && low == 0; }
  friend constexpr auto operator<=>(const node_uuid&, const node_uuid&) = default;
};

/// 32 hexadecimal digits.
std::string to_string(const node_uuid& id);

/// Fails with invalid_config unless the text is what to_string() makes of a node_uuid that is not
/// nil; capital digits are accepted.
result<node_uuid> parse_node_uuid(std::string_view text);

}  // namespace troupe::cluster

template <>
struct std::hash<troupe::cluster::node_uuid> {
  std::size_t operator()(const troupe::cluster::node_uuid& id) const noexcept {
    return static_cast<std::size_t>(id.high ^ id.low);
  }
};
