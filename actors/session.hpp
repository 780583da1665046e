// The actor behind one WebSocket, pinned to the I/O unit of its socket. The session_host spawns it
// when a client has upgraded; it owns the connection. What it does is decided by its session core
// (protocol/session/session_protocol): frames, time and answers go in, and the actor carries out
// the effects. What documents have to say comes back through the unit's session_table.
//
// Where several sessions share a socket, each has a part of it that looks like a connection of its
// own (actors/carried_connection).
//
// It ends when its socket has, having left its documents. Its mailbox is bounded by what it asks of
// the directory: one answer per document.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/access_control.hpp"
#include "actors/caf_compat.hpp"
#include "actors/closing_log.hpp"
#include "actors/connection_slots.hpp"
#include "actors/document_handles.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "actors/recent_refusals.hpp"
#include "actors/session_table.hpp"
#include "net/io_actor.hpp"
#include "net/websocket_connection.hpp"
#include "protocol/session/life_check.hpp"
#include "protocol/session/question_schedule.hpp"
#include "protocol/session/session_protocol.hpp"

namespace troupe {

/// What every session of a unit shares.
struct session_environment {
  session_settings settings;
  std::shared_ptr<session_table> table;
  std::shared_ptr<connection_slots> slots;
  std::shared_ptr<node_metrics> metrics;
  std::shared_ptr<recent_refusals> refusals;  ///< Null: nobody has to wait.
  std::shared_ptr<closing_log> closings;      ///< Null: nothing is logged.
  std::shared_ptr<access_control> access = std::make_shared<access_control>();
  authoriser_actor authoriser;  ///< Null unless access.mode is webhook.
  /// A token in a message, of a client at this address, is not good. Null: nobody is notified.
  std::function<void(access::token_fault why, const std::string& address)> on_bad_token;
  directory_actor directory;
  hub_actor hub;
  session_input input;      ///< Of the session whose socket is being read.
  session_effects effects;  ///< Of the event that is being handled.
};

/// Whose connection a session has.
enum class session_place : std::uint8_t {
  own,      ///< Its own, which takes a slot.
  carried,  ///< It shares one (shared_connection), which has the slot.
};

class session final : public io_actor<session_actor::base>, private subscriber_session {
 public:
  session(caf::actor_config& config, io_unit& unit,
          std::shared_ptr<session_environment> environment, session_id id, route way,
          std::shared_ptr<websocket_connection> connection, visitor_id visitor = 0,
          session_place place = session_place::own);

  const char* name() const override { return "troupe.session"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  class events;  // the connection's handler: passes its calls on into the actor

  // Events of the connection.
  void on_open();
  void on_frame(frame_kind kind, byte_view payload);
  void on_frames_end();
  bool on_frame_too_large(frame_kind kind, std::uint64_t size, byte_view head);
  void on_closed(close_reason reason);

  // subscriber_session
  frame_output& output() noexcept override { return *connection_; }
  bool skips_presence(document_id document) override;
  void on_handled(document_id document, credit_amount amount) override;
  void on_probe(document_id document) override;
  void on_second(time_point now) override;
  void on_pause_ended(time_point now) override;
  void close(close_reason reason) override;
  void on_document_failed(document_id document, close_reason reason) override;
  void change_access(const access_change& change, changed_access& changed) override;
  session_info describe() const override;
  session_load load() const override;
  bool has_joined(const std::string& document) const override;

  /// Calls `event(moment, effects)` of the core and carries out what it decided.
  template <class Event>
  void handle(Event&& event);
  void carry_out(session_effects& effects);
  void carry_out_on_connection(const session_effects& effects);
  void set_aside(close_reason why);
  void log_problem(const failure& what, std::optional<close_reason> why);
  void forward(session_effects& effects);
  void send_reply(const session_effects::reply& reply);
  void authorise(const std::string& document);
  void ask_application(const std::string& document);
  void on_authorised(const std::string& document, const authorised& answer);
  void ask_again(time_point now);
  void on_asked_again(const std::string& document, const authorised& answer);
  void note_answer(const std::string& document, const webhook::authorisation& answer);
  void on_authorised(const std::string& document, rights may);
  void note_forbidden(const std::string& document);
  void on_token(const std::string& token);
  rights rights_left(const identity_ptr& who, const joined_document& of, time_point now) const;
  void set_rights(const std::string& document, close_reason why, time_point now);
  void look_at_rights(time_point now);
  void renew(const identified_client& client);
  void on_renewal(const std::string& document, const identity_ptr& who, const authorised& answer);
  void renew(const identity_ptr& who, std::optional<time_point> expires, rights may);
  void open(const std::string& document, rights may);
  void on_opened(const std::string& name, const opened_document& opened);
  void on_refused(const std::string& name, const caf::error& why);
  void leave(document_id document);
  std::chrono::milliseconds idle() const;
  void quit_if_closed();
  void wake_in(std::chrono::milliseconds delay);
  void look_for_life();
  void report_traffic();

  std::shared_ptr<session_environment> environment_;
  session_protocol core_;
  std::shared_ptr<websocket_connection> connection_;
  document_handles opened_;
  std::unique_ptr<question_schedule> questions_;  // once the application has decided
  std::uint64_t access_seen_;  // access_control::generation() when rights were last looked at
  std::unique_ptr<life_check> life_;  // while a document wants to know
  std::chrono::system_clock::time_point connected_since_;
  time_point active_at_;  // the last second in which its client had sent a message
  visitor_id visitor_;
  bool has_logged_why_ = false;  // a line says why it is closed
  reported_traffic reported_;    // to the tally of the unit, at the last second
  session_place place_;
};

template <class Event>
void session::handle(Event&& event) {
  session_effects& effects = environment_->effects;
  event(session_protocol::moment{unit().now(), connection_->queued_bytes()}, effects);
  carry_out(effects);
}

}  // namespace troupe
