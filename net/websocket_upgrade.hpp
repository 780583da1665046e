// What http_connection hands over to a WebSocket connection. For sources of net/ only.
#pragma once

#include <memory>
#include <string>

#include "net/connection_settings.hpp"
#include "net/io_unit.hpp"
#include "net/transport.hpp"
#include "net/websocket_connection.hpp"

namespace troupe {

/// A socket whose client has requested the upgrade.
struct upgraded_socket {
  transport socket;
  std::string answer;  ///< The HTTP answer that accepts the upgrade, not sent yet.
  std::string remote_address;
};

/// Makes a connection that has not answered its upgrade request yet; start() does.
std::shared_ptr<websocket_connection>
make_websocket_connection(io_unit& unit, upgraded_socket upgraded,
                          std::shared_ptr<const connection_settings> settings);

}  // namespace troupe
