// What tests of codecs share: frames in and out as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dialects/codec.hpp"

namespace troupe::test {

/// The payloads that a codec makes of a notice.
inline std::vector<std::string> encoded(const dialect_codec& codec, const notice& what,
                                        std::optional<std::string_view> document = "d") {
  struct payload_list final : frame_sink {
    std::vector<std::string> payloads;
    void add(byte_view head, byte_view body) override {
      payloads.push_back(std::string{as_text(head)}.append(as_text(body)));
    }
  } out;
  codec.encode(what, document, out);
  return out.payloads;
}

inline notice notice_of(notice_kind kind, byte_view body = {}, byte_view extra = {}) {
  return {.kind = kind, .body = body, .extra = extra};
}

/// A frame that was used before, with something in each field.
inline decoded_frame used_frame() {
  decoded_frame frame;
  frame.kind = request_kind::event;
  frame.own_body = {1, 2, 3};
  frame.body = frame.own_body;
  frame.document = "old";
  frame.message_id = "old";
  frame.wrong_part = request_part::presence;
  return frame;
}

}  // namespace troupe::test
