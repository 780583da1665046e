// The actor behind one WebSocket, pinned to the io_unit of its socket. Spawned by the session_host
// when a client has upgraded; owns the connection. Frames come in as calls on the unit's thread and
// go on as typed messages to the document; what the document has to say comes back through the
// unit's session_table.
//
// Back-pressure: it stops reading while `unhandled_messages_max` of its messages (or
// `unhandled_bytes_max`) wait for the document, or while its token bucket is empty; nothing is
// dropped. It ends when its socket has, having told the document; if its document fails, the
// directory closes it with a retryable code.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "actors/caf_compat.hpp"
#include "actors/capacity.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "actors/session_table.hpp"
#include "net/io_actor.hpp"
#include "net/websocket_connection.hpp"
#include "protocol/token_bucket.hpp"

namespace troupe {

struct session_settings {
  std::size_t messages_per_second = 100;  ///< 0: no limit.
  std::size_t message_burst = 200;
  std::chrono::milliseconds heartbeat_interval{30'000};
  std::chrono::milliseconds heartbeat_timeout{60'000};
};

/// What every session of a unit shares.
struct session_environment {
  session_settings settings;
  std::shared_ptr<session_table> table;
  std::shared_ptr<capacity> places;
  std::shared_ptr<node_metrics> metrics;
  directory_actor directory;
  hub_actor hub;
};

class session final : public io_actor<session_actor::base>, private table_session {
 public:
  /// What one session may have waiting for its document; one message may exceed the bytes.
  static constexpr std::uint32_t unhandled_messages_max = 64;
  static constexpr std::size_t unhandled_bytes_max = 1024 * 1024;

  session(caf::actor_config& config, io_unit& unit,
          std::shared_ptr<session_environment> environment, session_id id, std::string document,
          std::shared_ptr<websocket_connection> connection);

  const char* name() const override { return "troupe.session"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  class events;  // the connection's handler: passes its calls on into the actor

  void start();
  void on_open();
  void on_opened(const opened_document& opened);
  void on_frame(frame_kind kind, byte_view payload);
  void on_pong();
  void on_closed(close_reason reason);

  void deliver(const shared_bytes& frame) override;
  void on_handled(const deliver_batch::handled& progress) override;
  void on_second(time_point now) override;
  void close(close_reason reason) override;

  void beat(time_point now);
  void update_reading();
  void look_again_with_token();

  std::shared_ptr<session_environment> environment_;
  session_id id_;
  std::string document_name_;
  std::shared_ptr<websocket_connection> connection_;
  opened_document opened_;
  token_bucket tokens_;
  time_point last_ping_;
  time_point last_pong_;
  std::uint32_t unhandled_messages_ = 0;
  std::size_t unhandled_bytes_ = 0;
  bool is_opening_ = false;  ///< The directory has been asked and has not answered.
  bool is_closed_ = false;   ///< The connection has ended.
  bool is_paused_ = false;
  bool waits_for_token_ = false;
  bool has_spoken_ = false;  ///< The client has; only then does the server.
};

}  // namespace troupe
