// Why the server closes a connection: the one table of WebSocket close codes, their texts and their
// metric labels. A y-websocket client takes 4400-4499 as permanent, so no passing condition uses
// them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

enum class close_reason : std::uint8_t {
  peer_closed,         ///< The client closed, or its socket ended. Nothing is sent.
  server_stopping,     ///< The node drains. Clients reconnect elsewhere or later.
  node_restarting,     ///< The same where other nodes of a cluster serve on.
  protocol_error,      ///< The peer broke the WebSocket protocol.
  invalid_text,        ///< A text frame, or the text of a close frame, that is not UTF-8.
  malformed_message,   ///< A frame that is no valid message of the dialect.
  invalid_update,      ///< An update that is not valid Yjs.
  unusable_content,    ///< An update with contents that Yjs clients cannot use.
  name_too_long,       ///< An update with a name above limits.max_name_size.
  too_deep,            ///< An update with a value nested deeper than limits.max_nesting.
  document_full,       ///< limits.max_document_size or limits.max_client_ids is reached.
  no_document,         ///< A binary frame on a connection whose address names no document.
  message_too_large,   ///< A frame above limits.max_message_size.
  server_at_capacity,  ///< limits.max_connections is reached.
  too_many_documents,  ///< limits.max_documents is reached; retry later.
  /// The client does not read as fast as its document changes; it resyncs on reconnect.
  slow_consumer,
  /// Too many updates of this document wait for missing ones; the reconnect resyncs.
  pending_limit,
  update_too_complex,   ///< An update above limits.max_update_work; sending it again does not help.
  quota_exceeded,       ///< A user, an address or the node has as much as it may have; retry later.
  document_failed,      ///< The document actor failed; it is reopened from storage on reconnect.
  document_removed,     ///< An operator has removed the document.
  storage_unavailable,  ///< An edit while storage cannot be written; retry later.
  unauthenticated,      ///< The token is missing, or can never be good.
  not_authenticated,    ///< No token came in time, or too much before it.
  token_expired,        ///< It was good; the client comes back with a new one.
  forbidden,            ///< The user may not read the document.
  access_revoked,       ///< The application has taken the right to the document back.
  closed_by_operator,   ///< The application has closed the session; the client may come back.
  access_unavailable,   ///< Who may do what cannot be found out now; retry later.
  cluster_unavailable,  ///< Too few nodes can say what is in the document; retry later.
  upstream_unavailable,  ///< The server that has the document cannot be asked; retry later.
  heartbeat_timeout,     ///< No pong for heartbeat.timeout. The socket is terminated.
  io_error,              ///< The socket failed.
};

struct close_info {
  /// WebSocket close code (RFC 6455, 7.4); 0 = terminated without a close frame.
  std::uint16_t code;
  std::string_view text;   ///< Reason sent to the client, at most 123 bytes.
  std::string_view label;  ///< Metric label and log word.
};

/// The row of the table. Static storage.
close_info describe(close_reason reason) noexcept;

/// The number of rows, for metrics that count per reason.
constexpr std::size_t close_reason_count = static_cast<std::size_t>(close_reason::io_error) + 1;

/// What a failure in a client's bytes closes its connection with.
close_reason close_reason_for(errc code) noexcept;

}  // namespace troupe
