// A session core between the test and nobody: the test is the connection, the authoriser, the
// directory and the documents, and sets the clock. `out` holds the effects of the last event only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/y_websocket_message.hpp"
#include "protocol/session/session_protocol.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::test {

using reading_change = session_effects::reading_change;

inline const dialect_set both_dialects =
    dialect_set{dialect::y_websocket} | dialect_set{dialect::json};

/// A request as a document gets it.
struct forwarded {
  document_id document = 0;
  request_kind kind = request_kind::sync;
  dialect in = dialect::y_websocket;
  std::string body;  ///< As digits.
  std::string message_id;

  friend bool operator==(const forwarded&, const forwarded&) = default;
};

class session_core_bed {
 public:
  static constexpr session_id id = 7;
  static constexpr std::uint64_t too_large_size = 70'000'000;

  /// `document`: of the address; empty: none.
  explicit session_core_bed(session_settings with = {}, std::string document = "d",
                            dialect_set dialects = both_dialects)
      : settings(with), core(id, way_to(std::move(document), dialects), settings, now) {}

  /// The moment of an event.
  session_protocol::moment at() const { return {now, queued_bytes}; }

  /// An event; `out` is what follows from it.
  template <class Event>
  void happens(Event&& event) {
    out.clear();
    event();
    if (out.reading != reading_change::none) is_paused = out.reading == reading_change::pause;
  }

  void open() {
    happens([&] { core.on_open(at(), out); });
  }
  void authorise(std::string_view document, rights may = rights::all()) {
    happens([&] { core.on_authorised(document, may, at(), out); });
  }
  void opened(std::string_view document, document_id with) {
    happens([&] { core.on_opened(document, with, at(), input, out); });
  }
  void refused(std::string_view document, close_reason why) {
    happens([&] { core.on_refused(document, why, at(), out); });
  }
  /// The connection opens, and so does the document of its address, as 1.
  void join_address() {
    open();
    authorise(core.way().document);
    opened(core.way().document, 1);
    out.clear();
  }
  /// Joins a document by a JSON sync.
  void join(const std::string& document, document_id with) {
    says(R"({"type":"sync","docName":")" + document + "\"}");
    authorise(document);
    opened(document, with);
    handled(with, {question_weight, 1});
  }

  /// One frame, without the end of the read.
  void frame(frame_kind kind, byte_view payload) {
    happens([&] { core.on_frame(kind, payload, at(), input, out); });
  }
  /// A read with one text frame, or with one binary frame.
  void says(std::string_view text) { says_all({text}); }
  void says_binary(std::string_view digits) {
    const byte_buffer payload = hex(digits);
    happens([&] {
      core.on_frame(frame_kind::binary, payload, at(), input, out);
      core.on_frames_end(input, out);
    });
  }
  /// A read with several text frames.
  void says_all(const std::vector<std::string_view>& texts) {
    happens([&] {
      for (const std::string_view text : texts)
        core.on_frame(frame_kind::text, as_bytes(text), at(), input, out);
      core.on_frames_end(input, out);
    });
  }
  bool says_too_much(frame_kind kind, std::string_view head = {}) {
    bool is_answered = false;
    happens([&] {
      is_answered = core.on_frame_too_large(kind, too_large_size, as_bytes(head), at(), out);
    });
    return is_answered;
  }

  void handled(document_id document, credit_amount amount) {
    happens([&] { core.on_handled(document, amount, at(), out); });
  }
  void document_failed(document_id document, close_reason why) {
    happens([&] { core.on_document_failed(document, why, at(), out); });
  }
  void second(std::chrono::milliseconds since_last_sent = {}) {
    happens([&] { core.on_second(at(), {.sent = now - since_last_sent}, out); });
  }
  void wake() {
    happens([&] { core.on_wake(at(), out); });
  }

  /// What the last event has for documents, request by request.
  std::vector<forwarded> forwards() const {
    std::vector<forwarded> all;
    for (const auto& [document, batch] : out.forwards)
      for (std::size_t i = 0; i < batch.entries.size(); ++i) {
        const client_request one = batch.at(i);
        all.push_back({document, one.kind, one.in, to_hex(one.body), std::string{one.message_id}});
      }
    return all;
  }
  /// The errors of the last event: "CODE document message-id", with "-" for what is not there.
  std::vector<std::string> errors() const {
    std::vector<std::string> all;
    for (const session_effects::reply& each : out.replies) {
      if (each.what.kind != notice_kind::error) continue;
      const std::string message_id{as_text(each.what.extra.view())};
      all.push_back(std::string{describe(each.what.error).code} + ' ' +
                    each.document.value_or("-") + ' ' + (message_id.empty() ? "-" : message_id));
    }
    return all;
  }
  std::string detail(std::size_t index = 0) const {
    return std::string{as_text(out.replies.at(index).what.body.view())};
  }

  static route way_to(std::string document, dialect_set dialects) {
    route way;
    way.document = std::move(document);
    way.dialects = dialects;
    way.may = rights::all();
    return way;
  }

  const session_settings settings;
  session_input input;
  session_protocol::time_point now{std::chrono::hours{1}};
  std::size_t queued_bytes = 0;
  session_protocol core;
  session_effects out;
  bool is_paused = false;
};

/// Settings without a limit to the rate.
inline session_settings unlimited() {
  session_settings settings;
  settings.messages_per_second = 0;
  return settings;
}

inline session_settings with_rate(std::size_t per_second, std::size_t burst) {
  session_settings settings;
  settings.messages_per_second = per_second;
  settings.message_burst = burst;
  settings.edit_burst = burst;
  return settings;
}

using texts = std::vector<std::string>;

}  // namespace troupe::test
