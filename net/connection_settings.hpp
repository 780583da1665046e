// The limits of one connection, from the configuration. Plain values, shared by the connections of
// a listener.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/budget.hpp"

namespace troupe {

struct connection_settings {
  using duration = std::chrono::steady_clock::duration;

  /// Bytes of one received text message (limits.max_message_size). A binary message above it is
  /// charged to `large_messages` while it is received and handled.
  std::size_t message_bytes_max = 1024 * 1024;
  /// Bytes of one received binary message (limits.max_sync_size, the largest of its kinds).
  std::size_t binary_bytes_max = std::size_t{64} * 1024 * 1024;
  /// Bytes, of the node; null: without a bound.
  std::shared_ptr<budget> large_messages;
  /// A large message may come this slowly, in bytes per second; below it for a minute, and not
  /// for longer, whatever came before.
  std::size_t large_message_rate_min = 4 * 1024;
  /// Bytes of output that may be queued; beyond them the client is too slow.
  std::size_t write_queue_bytes_max = 4 * 1024 * 1024;
  /// How long the queue may stay without a byte written or acknowledged (heartbeat.write_timeout).
  duration write_stall_max = std::chrono::seconds{10};
  /// How long the peer may take to answer a close frame.
  duration close_deadline = std::chrono::seconds{2};
  /// How long one HTTP request may take to arrive, and how long the server waits for the next.
  duration http_deadline = std::chrono::seconds{10};
  /// Bytes of the header of one HTTP request.
  unsigned http_header_bytes_max = 8 * 1024;
  /// Bytes of the body of one HTTP request; 0: bodies are refused.
  std::size_t http_body_bytes_max = 0;
};

}  // namespace troupe
