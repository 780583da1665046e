// One HTTP/1.1 connection, from its accept to its upgrade: it reads one request at a time, has
// plain ones answered, and becomes a WebSocket connection when an upgrade is admitted. Headers and
// bodies are limited, and each request has a deadline, so a silent or slow client holds a socket
// for seconds only. Thread: the io_unit's. For sources of net/ only.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "net/connection_settings.hpp"
#include "net/http_message.hpp"
#include "net/io_unit.hpp"
#include "net/listener.hpp"
#include "net/transport.hpp"
#include "net/waiting_requests.hpp"

namespace troupe {

/// What all HTTP connections of a listener share.
struct http_service {
  std::shared_ptr<const connection_settings> settings;
  std::shared_ptr<connection_acceptor> acceptor;  ///< Null: no upgrades here.
  std::shared_ptr<http_handler> handler;
  origin_policy origins;
  std::vector<std::string> subprotocols;      ///< See listener_settings.
  std::shared_ptr<address_limits> limits;     ///< Null: none.
  std::unique_ptr<waiting_requests> waiting;  ///< Null: nobody has to make room.
  std::atomic<bool> stopped = false;
};

/// A socket that was accepted.
struct accepted_socket {
  transport socket;
  std::string remote_address;
  admission outcome =
      admission::admitted;  ///< Otherwise the connection only gets the reason why it cannot stay.
};

/// Serves a new socket. It keeps itself alive. Thread: the unit's.
void serve_http(io_unit& unit, accepted_socket accepted, std::shared_ptr<http_service> service);

}  // namespace troupe
