// What a client asks for in the JSON dialect: the text of one frame, read and checked as far as
// that goes without its document. The payload of an event or of presence is not taken apart: it
// passes as it was written. Pure. Format: docs/json-dialect.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/contents_query.hpp"

namespace troupe::json {

constexpr std::size_t message_id_size_bytes_max = 128;
/// How deep a payload may be nested; as deep as the awareness of the binary dialect.
constexpr std::size_t payload_depth_max = 100;

enum class request_kind : std::uint8_t {
  sync,      ///< join a document, or ask for what is missing
  contents,  ///< a sync that asks for contents that can be read without Yjs
  update,    ///< a Yjs update
  edit,      ///< an update that is a list of edit operations, not looked into
  event,     ///< an update without Yjs bytes: for the other JSON sessions
  presence,  ///< this session's state, or `null`
  leave,     ///< leave a document
};

struct request {
  request_kind kind = request_kind::sync;
  std::optional<std::string> document;      ///< docName; nothing: the document of the URL.
  std::optional<std::string> message_id;    ///< To be acknowledged.
  byte_buffer update;                       ///< The Yjs bytes of an update, not looked into.
  std::optional<byte_buffer> state_vector;  ///< What a sync has already; not looked into.
  contents_query contents;                  ///< What a sync for contents asks for.
  std::string payload;                      ///< JSON text, for event, presence and edit.
};

/// Why a frame is no request, and what could be read of it all the same, for the answer.
struct bad_request {
  std::string text;  ///< For people; names the field: "payload.update is not base64: ...".
  std::optional<std::string> message_id;
  std::optional<std::string> document;
};

/// Reads the text of one frame. Unknown members are ignored; of equal ones the last counts.
/// Fails if it is not UTF-8, no JSON, nested too deep, or not one of the messages that a client
/// sends.
tl::expected<request, bad_request> decode_request(std::string_view text);

/// The members that are whole at the beginning of a message, as an object of their own.
std::string whole_members(std::string_view head);

}  // namespace troupe::json
