// The part of a shared connection that belongs to one session: to its session it looks like a
// WebSocket of its own. What the session sends goes out on the shared one, under the address of the
// session; what is not read waits there. It ends alone where a message can say why
// (protocol/session/carried_ending), otherwise with the whole connection.
//
// Owner: the shared_connection, and the session. Thread: the unit's; any thread may drop the last
// reference once it has ended. Callbacks come from the event loop, never from within a call.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/io_unit.hpp"
#include "net/websocket_connection.hpp"
#include "protocol/dialect.hpp"
#include "protocol/session/carried_sessions.hpp"

namespace troupe {

class shared_connection;

class carried_connection final : public websocket_connection,
                                 public std::enable_shared_from_this<carried_connection> {
 public:
  /// `address`: of the session, as its client says it; `document`: what codecs put in its place.
  carried_connection(io_unit& unit, std::shared_ptr<shared_connection> shared,
                     carried_sessions::number number, std::string address, std::string document);

  // --- for the shared connection ---

  carried_sessions::number number() const noexcept { return number_; }

  /// A frame that the session reads now. Requires: begun.
  void pass(byte_view frame);
  /// The frames of one read have been passed.
  void end_frames();
  /// The client has left: it receives nothing more. The session ends when it has read what waits.
  void mute() noexcept { is_muted_ = true; }
  /// Hands over what waits, as far as the session reads it.
  void pump();
  /// It is over; the session is notified.
  void end(close_reason reason);
  void on_pong();
  bool holds_large() const noexcept { return holds_large_; }
  /// Why the session was last set aside.
  close_reason why_aside() const noexcept { return why_aside_; }

  // --- websocket_connection ---

  void start(std::shared_ptr<connection_handler> handler) override;
  void send(const shared_slice& frames, std::uint32_t count) override;
  void pause_reading() override;
  void resume_reading() override;
  void ping() override {}  // the shared connection does
  void probe() override;
  using websocket_connection::close;
  void close(close_reason reason, std::string_view detail) override;
  void close_whole(close_reason reason, std::string_view detail) override;
  void set_aside(close_reason why) override;
  void release_large_messages() noexcept override;
  void terminate(close_reason reason) override;
  void tick(time_point) override {}
  void on_pause_ended(time_point) override {}
  std::size_t queued_bytes() const noexcept override;
  time_point last_sent() const noexcept override;
  time_point last_alive() const noexcept override;
  const connection_counters& counters() const noexcept override { return counters_; }
  const std::string& remote_address() const noexcept override { return remote_address_; }

 private:
  void begin();
  void send_readdressed(byte_view frames);
  void end_soon(close_reason reason);
  bool is_over() const noexcept { return is_ending_ || handler_ == nullptr || !shared_; }

  io_unit& unit_;
  std::shared_ptr<shared_connection> shared_;  // null once it has ended
  const carried_sessions::number number_;
  const std::string address_;
  const bool is_readdressed_;  // its address is not the name of its document
  const std::string remote_address_;
  std::shared_ptr<connection_handler> handler_;
  connection_counters counters_;
  std::optional<close_reason> ended_;
  close_reason why_aside_ = close_reason::document_failed;
  bool has_begun_ = false;
  bool has_frames_ = false;  // passed since the last end_frames()
  bool is_muted_ = false;
  bool is_ending_ = false;
  bool is_pumping_ = false;
  bool holds_large_ = false;
};

}  // namespace troupe
