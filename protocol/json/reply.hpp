// What the server says in the JSON dialect: each function writes the text of one frame. No tree is
// built: the names are fixed, bytes go out as base64, and JSON text that came in goes out as it
// came. Pure. Format: docs/json-dialect.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace troupe::json {

/// What an error is about. The connection lives on after each of them.
enum class error_code : std::uint8_t {
  invalid_message,       ///< The frame is no message of the dialect.
  message_too_large,     ///< Above limits.max_message_size; it was not read.
  rate_limit_exceeded,   ///< Above limits.messages_per_second; it was not processed.
  not_joined,            ///< The document was not joined by a sync before.
  invalid_update,        ///< The bytes of an update are not valid Yjs.
  too_many_documents,    ///< limits.max_documents are open; try again later.
  document_unavailable,  ///< The document could not be opened, or failed; try again later.
};

constexpr std::size_t error_code_count =
    static_cast<std::size_t>(error_code::document_unavailable) + 1;

struct error_info {
  std::string_view code;  ///< For programs: "NOT_JOINED".
  std::string_view text;  ///< For people: "Not joined".
};

/// The row of the table. Static storage.
error_info describe(error_code code) noexcept;

/// The answer to a sync: what the client lacks, and what the server has.
std::string encode_sync(std::string_view document, byte_view update, byte_view state_vector);

/// A Yjs update.
std::string encode_update(std::string_view document, byte_view update);

/// An application event, or one of the server's own. Requires: `payload` is valid JSON.
std::string encode_event(std::string_view document, std::string_view payload);

/// The state of one client, or `null` when it is gone. Requires: `state` is valid JSON.
std::string encode_presence(std::string_view document, std::uint64_t client,
                            std::string_view state);

/// The message took full effect.
std::string encode_ack(std::string_view document, std::string_view message_id);

/// `detail` goes behind the standard text; empty: nothing does. `document` and `message_id` are
/// left out where they are unknown.
std::string encode_error(error_code code, std::string_view detail,
                         std::optional<std::string_view> document = std::nullopt,
                         std::optional<std::string_view> message_id = std::nullopt);

}  // namespace troupe::json
