// The actor behind one WebSocket, pinned to the io_unit of its socket. Spawned by the session_host
// when a client has upgraded; owns the connection. Frames come in as calls on the unit's thread and
// go on as typed messages to the document; what the document has to say comes back through the
// unit's session_table. It speaks the binary dialect with the document of its address, and the JSON
// dialect with that and with any that the client joins.
//
// Back-pressure: it stops reading while `unhandled_messages_max` of its messages (or
// `unhandled_bytes_max`) wait for documents, or while its token bucket is empty; nothing is
// dropped. So it does while a client leaves much unread: what it sends is answered, by echoes at
// least, and the answers would fill its write queue. (A JSON message without a token is refused
// with an error instead.) It ends when its socket has, having told its documents; if the document
// of its address fails, the directory closes it with a retryable code.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/connection_slots.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "actors/session_table.hpp"
#include "net/io_actor.hpp"
#include "net/websocket_connection.hpp"
#include "protocol/json/reply.hpp"
#include "protocol/token_bucket.hpp"

namespace troupe {

struct session_settings {
  std::size_t messages_per_second = 100;  ///< 0: no limit.
  std::size_t message_burst = 200;
  std::size_t documents_max = 100;  ///< That one session may join.
  /// Unsent bytes above which changes of presence are left out and made up for later.
  std::size_t presence_skip_bytes = 256 * 1024;
  /// Unsent bytes above which the client is not read until it has read some.
  std::size_t reading_pause_bytes = 1024 * 1024;
  std::chrono::milliseconds heartbeat_interval{30'000};
  std::chrono::milliseconds heartbeat_timeout{60'000};
};

/// What every session of a unit shares.
struct session_environment {
  session_settings settings;
  std::shared_ptr<session_table> table;
  std::shared_ptr<connection_slots> slots;
  std::shared_ptr<node_metrics> metrics;
  directory_actor directory;
  hub_actor hub;
  /// What the session whose socket is being read has said; empty between two events.
  session_id input_of = no_session;
  byte_buffer input_bytes;
  std::vector<client_batch::message> input;
};

class session final : public io_actor<session_actor::base>, private subscriber_session {
 public:
  /// What one session may have waiting for its documents; one message may exceed the bytes.
  static constexpr std::uint32_t unhandled_messages_max = 1024;
  static constexpr std::size_t unhandled_bytes_max = 1024 * 1024;

  session(caf::actor_config& config, io_unit& unit,
          std::shared_ptr<session_environment> environment, session_id id, std::string document,
          std::string user, std::shared_ptr<websocket_connection> connection);

  const char* name() const override { return "troupe.session"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  class events;  // the connection's handler: passes its calls on into the actor

  /// A document that it is joined to.
  struct joined_document {
    std::string name;
    opened_document opened;
    bool by_sync = false;                  ///< In the JSON dialect, too.
    std::uint32_t unhandled_messages = 0;  ///< Of the session's credit, what this document has.
    std::size_t unhandled_bytes = 0;
  };

  void start();
  void on_open();
  void on_opened(const std::string& name, const opened_document& opened);
  void on_frame(frame_kind kind, byte_view payload);
  void on_frames_end();
  bool on_frame_too_large(frame_kind kind);
  void on_pong();
  void on_closed(close_reason reason);

  // subscriber_session
  void deliver(const frame_run& frames) override;
  bool skips_presence(document_id document) override;
  void on_handled(document_id document, const deliver_batch::handled& progress) override;
  void on_second(time_point now) override;
  void close(close_reason reason) override;
  void on_document_failed(document_id document, close_reason reason) override;
  session_info describe() const override;

  void on_binary(byte_view payload);
  void on_text(byte_view payload);
  void take_request(json::request request, std::size_t size);
  void join(const std::string& document, json::request request, std::size_t size);
  void send_request(joined_document& to, json::request request, std::size_t size);
  void send_error(json::error_code code, std::string_view detail,
                  std::optional<std::string_view> document = {},
                  std::optional<std::string_view> message_id = {});
  void hear(joined_document& document, dialect spoken);
  void take_credit(joined_document& from, std::uint32_t messages, std::size_t bytes);
  void give_back_credit(joined_document& to, std::uint32_t messages, std::size_t bytes);
  joined_document* find_joined(document_id id);
  joined_document* find_joined(std::string_view name);
  joined_document* own_document() noexcept;
  std::string user_key() const;

  void beat(time_point now);
  void ask_for_missed_presence();
  void update_reading();
  void look_again_soon();

  std::shared_ptr<session_environment> environment_;
  session_id id_;
  std::string document_name_;  ///< Of its address; may be empty.
  std::string user_;
  std::shared_ptr<websocket_connection> connection_;
  std::vector<joined_document> joined_;  ///< That of its address first.
  std::vector<document_id> presence_missed_;
  token_bucket tokens_;
  std::chrono::system_clock::time_point connected_since_;
  time_point last_ping_;
  time_point last_pong_;
  std::uint32_t unhandled_messages_ = 0;
  std::size_t unhandled_bytes_ = 0;
  dialects spoken_;          ///< By the client; only then does the server.
  bool is_opening_ = false;  ///< The directory has been asked and has not answered.
  bool is_closed_ = false;   ///< The connection has ended.
  bool is_paused_ = false;
  bool looks_again_ = false;  ///< A timer runs that calls update_reading().
};

}  // namespace troupe
