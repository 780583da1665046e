// One WebSocket connection after its upgrade: frames in, frames out, pings and an orderly end. The
// connection_handler, usually a session actor, knows what the frames mean.
//
// Thread: the io_unit's, for every function and every callback; any thread may drop the last
// reference once the connection is closed. Callbacks come from the event loop, never from within a
// call into the connection, and do not throw. Lifetime: a started connection keeps itself and its
// handler alive until on_closed, which is called exactly once and last. No Asio and no CAF in this
// header; the implementation hides them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/close_reason.hpp"
#include "net/frame_output.hpp"
#include "net/websocket_frame.hpp"

namespace troupe {

/// Receives the events of a connection.
class connection_handler {
 public:
  virtual ~connection_handler() = default;

  /// The upgrade is done. Not called if the connection was closed before.
  virtual void on_open() = 0;

  /// A whole message has arrived. `payload` is valid during the call only. Text is valid UTF-8.
  virtual void on_frame(frame_kind kind, byte_view payload) = 0;

  /// Ends a batch: called once after one or more calls of on_frame from one read.
  virtual void on_frames_end() {}

  /// The peer answered a ping.
  virtual void on_pong() = 0;

  /// A message above the limit of its kind has begun, of at least `size` bytes. `head`: of a text,
  /// what has come of its first frame_reader::head_size_max bytes; empty if it is above what may be
  /// skipped. Returns whether to skip it; otherwise, and by default, the connection closes with
  /// message_too_large.
  virtual bool on_frame_too_large(frame_kind, std::uint64_t /*size*/, byte_view /*head*/) {
    return false;
  }

  /// The socket is gone. This is the last call; the connection then releases the handler.
  virtual void on_closed(close_reason reason) = 0;
};

/// Totals since the upgrade. Bytes in are payload, bytes out include headers; control frames (ping,
/// pong, close) are not counted.
struct connection_counters {
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

class websocket_connection : public frame_output {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~websocket_connection() = default;

  /// Answers the upgrade, then reads. Called once; a connection that is never started simply ends
  /// when it is dropped.
  virtual void start(std::shared_ptr<connection_handler> handler) = 0;

  /// Queues `count` whole frames, as encode_frame makes them; they are written at the end of
  /// the unit's turn. Never blocks. If the queue is full, the connection closes with slow_consumer.
  /// Ignored once the connection closes.
  void send(const shared_slice& frames, std::uint32_t count) override = 0;
  void send(const shared_bytes& frame) { send(shared_slice{frame}, 1); }

  /// Stops reading, so that TCP holds the peer back. A message that has begun is still delivered.
  /// While paused, the connection sees neither pongs nor the end of the peer.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  /// Sends a ping.
  virtual void ping() = 0;
  /// The same at once, also where a connection that is shared is pinged by others.
  virtual void probe() { ping(); }

  /// Sends a close frame after the queued output, and ends when the peer answers or close_deadline
  /// has passed. A reason without a code terminates at once. The first call decides the reason; the
  /// handler receives no frame after it.
  /// `detail` follows the text of the reason, as far as a close frame has room for it.
  virtual void close(close_reason reason, std::string_view detail) = 0;
  void close(close_reason reason) { close(reason, {}); }
  /// The same for all that share the connection, whatever the reason.
  virtual void close_whole(close_reason reason, std::string_view detail) { close(reason, detail); }

  /// Its owner does not read it for long, for this reason, and says so while it is paused: where
  /// others share the connection, what comes meanwhile is no reason to pause them, too.
  virtual void set_aside(close_reason /*why*/) {}

  /// What was received of large messages is handled: their memory counts no more, but for the part
  /// of one that is still arriving. Called whenever the owner holds no large message; cheap.
  virtual void release_large_messages() noexcept = 0;

  /// Ends at once, without a close frame.
  virtual void terminate(close_reason reason = close_reason::io_error) = 0;

  /// Closes with slow_consumer if something is queued and the peer has taken nothing for
  /// write_stall_max. The owner calls it about once a second.
  virtual void tick(time_point now) = 0;

  /// The process has stood still until now: what the peer did not do meanwhile is not held against
  /// it.
  virtual void on_pause_ended(time_point now) = 0;

  /// Bytes of output that are queued.
  virtual std::size_t queued_bytes() const noexcept = 0;

  /// When send() was last called.
  virtual time_point last_sent() const noexcept = 0;

  /// When the peer last gave a sign of life: sent bytes, whole frames or not, or acknowledged some
  /// (seen by tick()).
  virtual time_point last_alive() const noexcept = 0;

  virtual const connection_counters& counters() const noexcept = 0;

  /// The peer's IP address, without port.
  virtual const std::string& remote_address() const noexcept = 0;
};

}  // namespace troupe
