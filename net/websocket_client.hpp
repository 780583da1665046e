// A WebSocket to another server: it connects, sends and receives, and waits for each.
//
// Thread: one, which it blocks, never longer than its timeout at a time; so it is none that serves
// sockets or documents.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/budget.hpp"
#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "net/websocket_url.hpp"

namespace troupe {

struct websocket_client_settings {
  std::chrono::milliseconds timeout{10'000};  ///< To connect, and between two messages.
  std::size_t message_bytes_max = std::size_t{64} << 20;
  std::string ca_file{};  ///< Certificates to trust, in PEM; empty: those of the system.
  /// Once it is true, whatever waits fails within a moment. Any thread sets it; null: nobody does.
  std::shared_ptr<const std::atomic<bool>> is_stopping{};
  /// Of all bytes that are received, until forget() or the end of the client; shared by several. A
  /// message for which there is no room fails. Null: there is no such bound.
  std::shared_ptr<budget> memory{};
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
  /// came in time, it is too large, there is no room for it, or the server closed; the detail has
  /// its code and text.
  virtual result<byte_view> receive() = 0;

  /// The same until a time, which may have passed; nothing: none has come by then, and the next
  /// call continues to wait. One that is whole already is returned at whatever time.
  virtual result<std::optional<byte_view>>
  receive_until(std::chrono::steady_clock::time_point until) = 0;

  /// Nothing that was received is kept any more.
  virtual void forget() noexcept = 0;
};

}  // namespace troupe
