// One WebSocket that carries several sessions, each of a document and with a token of its own, in a
// dialect whose messages name their session. It reads for which session a frame is, begins sessions
// and ends them; each has a carried_connection, through which it behaves like any other session.
// What is decided about frames and queues is in protocol/session/carried_sessions.
//
// Made by the session_host, which spawns its sessions; the connection keeps it alive. It has the
// connection's slot, heartbeat and line in the session table, but receives no document itself.
// Thread: the unit's.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "actors/carried_connection.hpp"
#include "actors/session.hpp"
#include "protocol/session/carried_sessions.hpp"

namespace troupe {

class shared_connection final : public connection_handler,
                                private subscriber_session,
                                public std::enable_shared_from_this<shared_connection> {
 public:
  /// Spawns a session that has this part of the connection.
  using session_spawner =
      std::function<void(std::shared_ptr<websocket_connection> part, route way)>;

  /// `way`: of its sessions, without their documents. Requires: a slot was acquired.
  shared_connection(io_unit& unit, std::shared_ptr<session_environment> environment, session_id id,
                    route way, std::shared_ptr<websocket_connection> connection, visitor_id visitor,
                    session_spawner spawn);

  /// Called once.
  void start() { connection_->start(shared_from_this()); }

  // --- for its parts ---

  websocket_connection& connection() noexcept { return *connection_; }
  carried_sessions& sessions() noexcept { return sessions_; }
  dialect speaks() const noexcept { return in_; }
  /// The server ends the session of a part, and notifies its client; `why` empty: it does not.
  void refuse(const carried_connection& part, notice_kind how, std::string_view why);
  /// The part has ended.
  void forget(const carried_connection& part);
  void update_reading();
  void release_large_messages() noexcept;

  // --- connection_handler ---

  void on_open() override;
  void on_frame(frame_kind kind, byte_view payload) override;
  void on_frames_end() override;
  void on_pong() override;
  void on_closed(close_reason reason) override;

 private:
  // subscriber_session
  frame_output& output() noexcept override { return *connection_; }
  bool skips_presence(document_id) override { return false; }
  void on_handled(document_id, credit_amount) override {}
  void on_second(time_point now) override;
  void on_pause_ended(time_point now) override;
  void close(close_reason reason) override { connection_->close(reason); }
  void on_document_failed(document_id, close_reason) override {}
  session_info describe() const override;
  bool has_joined(const std::string&) const override { return false; }

  void open(carried_sessions::number one);
  void pass(carried_sessions::number one, byte_view frame);
  void give_up(carried_sessions::number one);
  void leave(carried_sessions::number one);
  void send_notice(std::string_view address, notice_kind how, std::string_view why);
  void look_at_deadlines(time_point now);

  io_unit& unit_;
  std::shared_ptr<session_environment> environment_;
  const session_id id_;
  const route way_;
  const dialect in_;
  const std::shared_ptr<websocket_connection> connection_;
  const visitor_id visitor_;
  const session_spawner spawn_;
  carried_sessions sessions_;
  std::unordered_map<carried_sessions::number, std::shared_ptr<carried_connection>> parts_;
  std::shared_ptr<carried_connection> reading_;  // the last part that frames of this read went to
  pulse pulse_;
  time_point opened_;
  std::chrono::system_clock::time_point connected_since_ = std::chrono::system_clock::now();
  bool is_paused_ = false;
};

}  // namespace troupe
