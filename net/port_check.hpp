// Why nobody can listen on a port, for a library that does not say. It binds and closes a socket.
// Thread: any.
#pragma once

#include <cstdint>
#include <string>

#include "base/errc.hpp"

namespace troupe {

/// Whether a TCP socket can listen there now. `address`: an IP address.
/// Fails with address_in_use; the detail is the text of the system.
result<void> check_port(const std::string& address, std::uint16_t port);

}  // namespace troupe
