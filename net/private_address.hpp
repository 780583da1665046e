// Which addresses are of no public host: loopback, private networks, link-local, multicast, and
// what is reserved. A server that sends requests to where somebody else says must not reach what
// stands behind its firewall. Pure.
#pragma once

#include <string_view>

#include "base/bytes.hpp"

namespace troupe {

/// `address`: 4 bytes of IPv4 or 16 of IPv6, as on the wire; anything else counts as private. An
/// IPv6 address that stands for one of IPv4 (mapped, NAT64, 6to4) counts as that one.
bool is_private_address(byte_view address) noexcept;

/// The same of a text such as "10.0.0.1" or "::1"; one that is no address counts as private.
bool is_private_address(std::string_view text) noexcept;

}  // namespace troupe
