#include "protocol/dialects/json_reply.hpp"

#include "base/base64.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/write.hpp"

namespace troupe::json {

namespace {

/// The text of one message, whose names are known and need no escapes.
class message_text {
 public:
  /// `size` is what the payload takes, about.
  message_text(std::string_view type, std::optional<std::string_view> document, std::size_t size) {
    constexpr std::size_t frame_size = 64;
    text_.reserve(frame_size + (document ? document->size() : 0) + size);
    text_.append(R"({"type":")").append(type).append(1, '"');
    if (document) append_string(*document, text_.append(R"(,"docName":)"));
    text_.append(R"(,"payload":)");
  }

  message_text& json(std::string_view value) {
    text_.append(value);
    return *this;
  }
  message_text& string(std::string_view value) {
    append_string(value, text_);
    return *this;
  }
  message_text& bytes(byte_view value) {
    text_.push_back('"');
    append_base64(value, text_);
    text_.push_back('"');
    return *this;
  }

  std::string end() {
    text_.push_back('}');
    return std::move(text_);
  }

 private:
  std::string text_;
};

}  // namespace

std::string encode_sync(std::string_view document, byte_view update, byte_view state_vector) {
  message_text out{"sync", document, base64_size(update.size()) + base64_size(state_vector.size())};
  out.json(R"({"update":)").bytes(update);
  return out.json(R"(,"stateVector":)").bytes(state_vector).json("}").end();
}

std::string encode_update(std::string_view document, byte_view update) {
  message_text out{"update", document, base64_size(update.size())};
  return out.json(R"({"update":)").bytes(update).json("}").end();
}

std::string encode_contents(std::string_view type, std::string_view document,
                            std::string_view payload) {
  return message_text{type, document, payload.size()}.json(payload).end();
}

std::string encode_event(std::string_view document, std::string_view payload) {
  return message_text{"update", document, payload.size()}.json(payload).end();
}

std::string encode_presence(std::string_view document, std::uint64_t client,
                            std::string_view state) {
  std::string scratch;
  state = to_interchange(state, scratch);
  message_text out{"presence", document, state.size()};
  out.json(R"({"clientId":)").json(std::to_string(client));
  return out.json(R"(,"state":)").json(state).json("}").end();
}

std::string encode_ack(std::string_view document, std::string_view message_id) {
  message_text out{"ack", document, message_id.size()};
  return out.json(R"({"messageId":)").string(message_id).json("}").end();
}

std::string encode_error(request_error error, std::string_view detail,
                         std::optional<std::string_view> document,
                         std::optional<std::string_view> message_id,
                         std::optional<std::size_t> edit_index) {
  const request_error_info info = describe(error);
  std::string text{info.text};
  if (!detail.empty()) text.append(": ").append(detail);
  message_text out{"error", document, text.size() + (message_id ? message_id->size() : 0)};
  out.json(R"({"message":)").string(text).json(R"(,"code":)").string(info.code);
  if (message_id) out.json(R"(,"messageId":)").string(*message_id);
  if (edit_index) out.json(R"(,"index":)").json(std::to_string(*edit_index));
  return out.json("}").end();
}

std::string encode_missing_updates(std::string_view document, byte_view state_vector,
                                   std::optional<std::string_view> message_id) {
  const request_error_info info = describe(request_error::missing_updates);
  message_text out{"error", document, base64_size(state_vector.size()) + 128};
  out.json(R"({"message":)").string(info.text).json(R"(,"code":)").string(info.code);
  if (message_id) out.json(R"(,"messageId":)").string(*message_id);
  return out.json(R"(,"stateVector":)").bytes(state_vector).json("}").end();
}

}  // namespace troupe::json
