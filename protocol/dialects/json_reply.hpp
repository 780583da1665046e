// What the server says in the JSON dialect: each function writes the text of one frame. No tree is
// built: the names are fixed, bytes go out as base64, and JSON text that came in goes out as it
// came. Pure. Format: docs/json-dialect.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "protocol/request_error.hpp"

namespace troupe::json {

/// The answer to a sync: what the client lacks, and what the server has.
std::string encode_sync(std::string_view document, byte_view update, byte_view state_vector);

/// A Yjs update.
std::string encode_update(std::string_view document, byte_view update);

/// What is in a document. `type` is "sync" or "contents". Requires: `payload` is valid JSON.
std::string encode_contents(std::string_view type, std::string_view document,
                            std::string_view payload);

/// An application event, or one of the server's own. Requires: `payload` is valid JSON.
std::string encode_event(std::string_view document, std::string_view payload);

/// The state of one client, or `null` when it is gone; what not every parser reads of it is
/// replaced (interchange.hpp). Requires: `state` is valid JSON.
std::string encode_presence(std::string_view document, std::uint64_t client,
                            std::string_view state);

/// The message took full effect.
std::string encode_ack(std::string_view document, std::string_view message_id);

/// `detail` goes behind the standard text; empty: nothing does. `document` and `message_id` are
/// left out where they are unknown; `edit_index` names one of several edit operations.
std::string encode_error(request_error error, std::string_view detail,
                         std::optional<std::string_view> document = std::nullopt,
                         std::optional<std::string_view> message_id = std::nullopt,
                         std::optional<std::size_t> edit_index = std::nullopt);

/// The error MISSING_UPDATES: what the client sent waits for updates that the server, which has
/// `state_vector`, has not received.
std::string encode_missing_updates(std::string_view document, byte_view state_vector,
                                   std::optional<std::string_view> message_id);

}  // namespace troupe::json
