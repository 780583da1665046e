// One HTTP/1.1 connection, from its accept to its upgrade: reads one request at a time, answers
// plain ones, and turns into a WebSocket connection on `GET /<document>` with an upgrade. Bodies
// are not accepted, headers are limited, and each request has a deadline, so a silent or slow
// client holds a socket for seconds only.
// Thread: the io_unit's. For sources of net/ only, since it shows Asio.
#pragma once

#include <atomic>
#include <memory>

#include "net/asio.hpp"
#include "net/connection_settings.hpp"
#include "net/io_unit.hpp"
#include "net/listener.hpp"

namespace troupe {

/// What all HTTP connections of a listener share.
struct http_service {
  connection_settings settings;
  std::shared_ptr<connection_acceptor> acceptor;
  std::atomic<bool> stopped = false;
};

/// Serves a new socket. It keeps itself alive. Requires: the socket belongs to the unit.
void serve_http(io_unit& unit, tcp_socket socket, std::shared_ptr<http_service> service);

}  // namespace troupe
