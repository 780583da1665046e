// A hosted document and the effects of its last event, for tests of both dialects.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "protocol/hosted_document.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::test {

class document_host {
 public:
  using time_point = hosted_document::time_point;

  static constexpr std::uint64_t seed = 77;

  explicit document_host(crdt::limits limit = {},
                         std::shared_ptr<message_id_window> window = nullptr)
      : document(crdt::doc_settings{crdt::garbage_collection::on, limit}, "d", seed,
                 std::move(window)) {}

  /// A JSON frame of a session; its effects, without the end of the turn.
  void ask(session_id from, std::string_view frame, time_point now = {},
           const std::string& user = {}) {
    effects.clear();
    auto decoded = json::decode_request(frame);
    REQUIRE(decoded.has_value());
    request = std::move(*decoded);
    document.on_request(from, user.empty() ? "session " + std::to_string(from) : user, request, now,
                        effects);
  }
  /// A binary message of a session; its effects, without the end of the turn.
  void receive(session_id from, sync::message_kind kind, byte_buffer body, time_point now = {}) {
    effects.clear();
    event = std::move(body);
    document.on_message(from, kind, event, now, effects);
  }
  /// What the end of the turn brings.
  void end_turn() {
    effects.clear();
    document.end_turn(effects);
  }

  /// The texts for one session alone.
  std::vector<std::string> told(session_id to) const {
    std::vector<std::string> texts;
    for (const auto& text : effects.texts)
      if (text.to == audience::one && text.session == to) texts.push_back(text.json);
    return texts;
  }
  /// The texts for all.
  std::vector<std::string> told_all() const {
    std::vector<std::string> texts;
    for (const auto& text : effects.texts)
      if (text.to == audience::all) texts.push_back(text.json);
    return texts;
  }
  /// The texts for all but one.
  std::vector<std::string> told_others(session_id of) const {
    std::vector<std::string> texts;
    for (const auto& text : effects.texts)
      if (text.to == audience::all_but_one && text.session == of) texts.push_back(text.json);
    return texts;
  }
  bool is_quiet() const {
    return effects.deliveries.empty() && effects.texts.empty() && effects.writes.empty() &&
           effects.closings.empty();
  }

  hosted_document document;
  json::request request;  // effects may name its bytes
  byte_buffer event;      // and these
  document_effects effects;
};

}  // namespace troupe::test
