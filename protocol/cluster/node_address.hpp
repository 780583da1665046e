// Names and addresses of nodes, as configuration, operators and other nodes give them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::cluster {

inline constexpr std::size_t node_name_size_bytes_max = 64;
inline constexpr std::size_t node_address_size_bytes_max = 260;

/// What the name of a node, or of a cluster, may be, for messages.
inline constexpr std::string_view node_name_rule = "1 to 64 letters, digits and characters of -._";

/// Fails with invalid_name.
result<void> check_node_name(std::string_view text);

/// Where a node listens for others.
struct node_address {
  std::string host;  ///< A name, or an IP address; that of IPv6 without its brackets.
  std::uint16_t port = 0;
};

/// HOST:PORT, where an IPv6 address stands in brackets and the port is not 0.
/// Fails with invalid_config.
result<node_address> parse_node_address(std::string_view text);

}  // namespace troupe::cluster
