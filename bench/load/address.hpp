// Where the generator may connect to: this machine, and nothing else. It can make a load that
// nobody should point at somebody else's server.
#pragma once

#include <netinet/in.h>

#include <string>

#include "base/errc.hpp"

namespace troupe::load {

/// Reads `127.0.0.1:3001`, with or without `ws://` in front and `/` behind.
/// Fails with invalid_config if it is none or not in the loopback network 127.0.0.0/8.
result<sockaddr_in> parse_address(std::string_view text);

}  // namespace troupe::load
