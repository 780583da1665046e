// What the effects of a hosted document come to for its subscribers: the messages of the
// y-websocket dialect, the texts of the JSON dialect, the writes and the sessions that are closed.
// Made by the codecs, as the document actor makes frames.
#pragma once

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/dialects.hpp"
#include "protocol/dialects/y_websocket_message.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe::test {

/// The payloads that a codec makes of a notice.
inline std::vector<byte_buffer> payloads_of(dialect in, const notice& what,
                                            std::optional<std::string_view> document) {
  struct payload_list final : frame_sink {
    std::vector<byte_buffer> payloads;
    void add(byte_view head, byte_view body) override {
      byte_buffer& payload = payloads.emplace_back(head.begin(), head.end());
      payload.insert(payload.end(), body.begin(), body.end());
    }
  } out;
  codec_of(in).encode(what, document, out);
  return out.payloads;
}

struct heard_effects {
  struct message {
    audience to;
    session_id session;
    sync::message_kind kind;
    effect_bytes body;
  };
  struct text {
    audience to;
    session_id session;
    std::string json;
    bool is_presence;
  };
  struct write {
    effect_bytes update;
    session_id sender;
    effect_bytes confirmation;  ///< The update that the sender hears in the y-websocket dialect.
    std::string ack;            ///< The text that it hears in the JSON dialect.
  };
  struct closing {
    session_id session;
    close_reason reason;
    failure why;
  };

  std::vector<message> deliveries;
  std::vector<text> texts;
  std::vector<write> writes;
  std::vector<closing> closings;
  std::vector<document_effects::left_out_presence> left_out;

  bool empty() const {
    return deliveries.empty() && texts.empty() && writes.empty() && closings.empty() &&
           left_out.empty();
  }

  /// `name`: of the document. The bytes of the event must not be needed any more.
  static heard_effects of(const document_effects& effects, const hosted_document& document,
                          std::string_view name) {
    heard_effects heard;
    for (const auto& each : effects.deliveries) heard.add(each, document, name);
    for (const auto& each : effects.writes) heard.add(each, name);
    for (const auto& each : effects.refusals) heard.add(each, name);
    heard.left_out = effects.left_out;
    return heard;
  }

 private:
  static byte_buffer copy_of(byte_view bytes) { return {bytes.begin(), bytes.end()}; }

  void add(const document_effects::delivery& one, const hosted_document& document,
           std::string_view name) {
    const bool is_whole = one.what.kind == notice_kind::whole_state;
    if (is_whole) CHECK(one.what.body.empty());
    const notice what = is_whole ? document.whole_state_notice(dialect::json) : one.what;
    if (one.in.contains(dialect::y_websocket))
      for (const byte_buffer& payload : payloads_of(dialect::y_websocket, what, name)) {
        const auto decoded = sync::decode_message(payload);
        REQUIRE(decoded);
        deliveries.push_back({one.to, one.session, decoded->kind, copy_of(decoded->body)});
      }
    for (const dialect in : {dialect::json, dialect::json_contents}) {
      if (!one.in.contains(in)) continue;
      for (const byte_buffer& payload : payloads_of(in, what, name)) {
        const text heard{one.to, one.session, std::string{as_text(payload)},
                         what.kind == notice_kind::presence};
        if (one.sessions.empty()) texts.push_back(heard);
        for (const session_id each : one.sessions)
          texts.push_back({audience::one, each, heard.json, heard.is_presence});
      }
    }
  }

  void add(const document_effects::storage_write& one, std::string_view name) {
    write& added = writes.emplace_back();
    added.update = copy_of(one.update.view());
    added.sender = one.from.session();
    if (!one.confirmation) return;
    if (codec_of(one.in).traits().acknowledges_by_echo) {
      added.confirmation = copy_of(one.confirmation->body.view());
    } else {
      for (const byte_buffer& payload : payloads_of(one.in, *one.confirmation, name))
        added.ack = as_text(payload);
    }
  }

  void add(const document_effects::refusal& one, std::string_view name) {
    if (!codec_of(one.in).traits().has_errors) {
      closings.push_back({one.from.session(), close_reason_for(one.why.code, one.part), one.why});
      return;
    }
    const std::string detail = one.part == request_part::edit ? one.why.detail : to_string(one.why);
    const notice what{.kind = notice_kind::error,
                      .error = request_error_for(one.why.code, one.part),
                      .part = one.part,
                      .body = as_bytes(detail),
                      .extra = as_bytes(one.message_id),
                      .edit_index = one.edit_index};
    for (const byte_buffer& payload : payloads_of(one.in, what, name))
      texts.push_back({audience::one, one.from.session(), std::string{as_text(payload)}, false});
  }
};

}  // namespace troupe::test
