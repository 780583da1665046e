// A WebSocket to another server, for tools: it connects, sends and receives, and waits for each.
//
// Thread: one, which it blocks, never longer than its timeout at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "net/websocket_url.hpp"

namespace troupe {

struct websocket_client_settings {
  std::chrono::milliseconds timeout{10'000};  ///< To connect, and between two messages.
  std::size_t message_bytes_max = std::size_t{64} << 20;
  std::string ca_file{};  ///< Certificates to trust, in PEM; empty: those of the system.
};

class websocket_client {
 public:
  /// Connects; under TLS, to a server whose certificate is for the host. Fails with request_failed;
  /// the detail has the host and the reason.
  static result<std::unique_ptr<websocket_client>>
  connect(const websocket_url& to, const websocket_client_settings& settings);

  virtual ~websocket_client() = default;

  /// Sends a binary message. Fails with request_failed.
  virtual result<void> send(byte_view message) = 0;

  /// Waits for the next binary message; a view until the next call. Fails with request_failed: none
  /// came in time, it is too large, or the server closed; the detail has its code and text.
  virtual result<byte_view> receive() = 0;
};

}  // namespace troupe
