// A hosted document and the effects of its last event, for tests of all dialects. Sessions join
// with their first request.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/json_reply.hpp"
#include "protocol/dialects/json_request.hpp"
#include "protocol/hosted_document.hpp"
#include "tests/support/heard_effects.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::test {

class document_host {
 public:
  using time_point = hosted_document::time_point;

  static constexpr session_id listener = 900;
  static constexpr std::uint64_t seed = 77;
  static constexpr std::string_view name = "d";

  explicit document_host(crdt::limits limit = {},
                         std::shared_ptr<message_id_window> window = nullptr)
      : document(crdt::doc_settings{crdt::garbage_collection::on, limit}, seed, std::move(window)) {
    // Somebody who only listens, so that the y-websocket dialect is spoken.
    receive(listener, sync::message_kind::query_awareness, {});
    effects = {};
  }

  /// A JSON frame of a session; its effects, without the end of the turn.
  void ask(session_id from, std::string_view frame, time_point now = {},
           const std::string& user = {}) {
    auto decoded = json::decode_request(frame);
    REQUIRE(decoded.has_value());
    join(from, user);
    client_request what{request_kind::sync, dialect::json, {}, {}};
    if (decoded->message_id) what.message_id = *decoded->message_id;
    switch (decoded->kind) {
      case json::request_kind::sync: event = decoded->state_vector.value_or(byte_buffer{0}); break;
      case json::request_kind::contents:
        // As the session core has it for a session that asks for contents first.
        what.kind = request_kind::contents;
        what.in = dialect::json_contents;
        event = decoded->contents.encode();
        break;
      case json::request_kind::edit:
        what.kind = request_kind::edit;
        event = {decoded->payload.begin(), decoded->payload.end()};
        break;
      case json::request_kind::update:
        what.kind = request_kind::update;
        event = decoded->update;
        break;
      case json::request_kind::event:
        what.kind = request_kind::event;
        event = {decoded->payload.begin(), decoded->payload.end()};
        break;
      case json::request_kind::presence:
        what.kind = request_kind::own_presence;
        event = {decoded->payload.begin(), decoded->payload.end()};
        break;
      case json::request_kind::leave:
        what.kind = request_kind::leave;
        event.clear();
        break;
    }
    what.body = event;
    handle([&](document_effects& out) { document.on_request(from, what, now, out); });
  }
  /// A y-websocket message of a session; its effects, without the end of the turn.
  void receive(session_id from, sync::message_kind kind, byte_buffer body, time_point now = {}) {
    join(from, users_.contains(from) ? users_.at(from) : std::string{});
    event = std::move(body);
    const client_request what{kind_of(kind), dialect::y_websocket, event, {}};
    handle([&](document_effects& out) { document.on_request(from, what, now, out); });
  }
  void server_event(std::string_view payload) {
    handle([&](document_effects& out) { document.on_event(payload, out); });
  }
  void presence_missed(session_id session) {
    handle([&](document_effects& out) { document.on_presence_missed(session, out); });
  }
  void leave(session_id session, time_point now = {}) {
    users_.erase(session);
    document.on_leave(session, now);
  }
  /// What the end of the turn brings.
  void end_turn() {
    handle([&](document_effects& out) { document.end_turn(out); });
  }

  /// The texts for one session alone.
  std::vector<std::string> told(session_id to) const { return texts_for(audience::one, to); }
  /// The texts for all.
  std::vector<std::string> told_all() const { return texts_for(audience::all, no_session); }
  /// The texts for all but one.
  std::vector<std::string> told_others(session_id of) const {
    return texts_for(audience::all_but_one, of);
  }
  bool is_quiet() const { return effects.empty(); }

  static request_kind kind_of(sync::message_kind kind) {
    switch (kind) {
      case sync::message_kind::sync_step1: return request_kind::sync;
      case sync::message_kind::awareness: return request_kind::presence;
      case sync::message_kind::query_awareness: return request_kind::query_presence;
      default: return request_kind::update;
    }
  }

  hosted_document document;
  byte_buffer event;  // effects may name its bytes
  heard_effects effects;

 private:
  /// A session is of one user at a time.
  void join(session_id session, const std::string& user) {
    const auto known = users_.find(session);
    if (known != users_.end() && known->second == user) return;
    if (known != users_.end()) document.on_leave(session, {});
    users_[session] = user;
    document.on_join({session, rights::all(),
                      user.empty() ? nullptr : std::make_shared<const identity>(identity{user})});
  }
  template <class Event>
  void handle(Event&& happens) {
    document_effects raw;
    happens(raw);
    effects = heard_effects::of(raw, document, name);
  }
  std::vector<std::string> texts_for(audience to, session_id session) const {
    std::vector<std::string> texts;
    for (const auto& text : effects.texts)
      if (text.to == to && text.session == session) texts.push_back(text.json);
    return texts;
  }

  std::map<session_id, std::string> users_;
};

}  // namespace troupe::test
