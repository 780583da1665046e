// Where the generator may connect to: only this machine, so that nobody points its load at somebody
// else's server.
#pragma once

#include <netinet/in.h>

#include <string>

#include "base/errc.hpp"

namespace troupe::load {

/// Reads `127.0.0.1:3001`, with or without `ws://` in front and `/` behind.
/// Fails with invalid_config if it is not an address or not in the loopback network 127.0.0.0/8.
result<sockaddr_in> parse_address(std::string_view text);

}  // namespace troupe::load
