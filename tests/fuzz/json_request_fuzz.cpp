// One frame of the JSON dialect. Whatever is in it, the answer is valid JSON; what is accepted
// obeys the rules, and says the same when it is written again.
#include <cstdlib>

#include "base/base64.hpp"
#include "base/document_name.hpp"
#include "base/utf8.hpp"
#include "protocol/dialects/json_reply.hpp"
#include "protocol/dialects/json_request.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/validate.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_frame(const std::string& text) {
  require(is_valid_utf8(as_bytes(text)));
  require(json::is_valid_json(text, json::payload_depth_max + 1));
  require(json::check_interchange(text).has_value());
}

/// Bytes have one spelling, and each spelling its bytes.
void check_base64(std::string_view text) {
  std::string again;
  if (const auto bytes = decode_base64(text)) {
    append_base64(*bytes, again);
    require(again == text);
  }
  again.clear();
  append_base64(as_bytes(text), again);
  const auto back = decode_base64(again);
  require(back && as_text(*back) == text);
}

void check_names(const std::optional<std::string>& document,
                 const std::optional<std::string>& message_id) {
  if (document) require(check_document_name(*document).has_value());
  if (!message_id) return;
  require(!message_id->empty() && message_id->size() <= json::message_id_size_bytes_max);
  require_frame(json::encode_ack(document.value_or("d"), *message_id));
}

void check_request(const json::request& read) {
  check_names(read.document, read.message_id);
  const std::string document = read.document.value_or("d");
  switch (read.kind) {
    case json::request_kind::sync:
      return require_frame(
          json::encode_sync(document, read.update, read.state_vector.value_or(byte_buffer{})));
    case json::request_kind::update: {
      const auto again = json::decode_request(json::encode_update(document, read.update));
      return require(again && again->update == read.update && again->document == document);
    }
    case json::request_kind::event: {
      const std::string frame = json::encode_event(document, read.payload);
      require_frame(frame);
      const auto again = json::decode_request(frame);
      return require(again && again->kind == read.kind && again->payload == read.payload);
    }
    case json::request_kind::contents:
      return require(contents_query::decode(read.contents.encode()) == read.contents);
    case json::request_kind::edit:
      return require(json::is_valid_json(read.payload, json::payload_depth_max));
    case json::request_kind::leave: return require(read.payload.empty());
    case json::request_kind::presence:
      require(json::is_valid_json(read.payload, json::payload_depth_max));
      // The state is one level deeper than the payload that it was.
      const std::string frame = json::encode_presence(document, 1, read.payload);
      return require(json::is_valid_json(frame, json::payload_depth_max + 2));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  check_base64(text);
  const auto read = json::decode_request(text);
  if (read) {
    check_request(*read);
  } else {
    const json::bad_request& why = read.error();
    check_names(why.document, why.message_id);
    require(!why.text.empty());
    require_frame(
        json::encode_error(request_error::invalid_message, why.text, why.document, why.message_id));
  }
  return 0;
}
