#include "base/close_reason.hpp"

namespace troupe {

close_info describe(close_reason reason) noexcept {
  switch (reason) {
    case close_reason::peer_closed: return {1000, "", "peer_closed"};
    case close_reason::server_stopping: return {1001, "Server is stopping", "server_stopping"};
    case close_reason::node_restarting:
      return {1012, "This node is stopping, others serve on", "node_restarting"};
    case close_reason::protocol_error: return {1002, "WebSocket protocol error", "protocol_error"};
    case close_reason::invalid_text: return {1007, "Text is not UTF-8", "invalid_text"};
    case close_reason::malformed_message: return {4400, "Malformed message", "malformed_message"};
    case close_reason::invalid_update: return {4420, "Invalid update", "invalid_update"};
    case close_reason::unusable_content:
      return {4422, "Update has contents that Yjs clients cannot use", "unusable_content"};
    case close_reason::name_too_long:
      return {4431, "Update has a name that is too long", "name_too_long"};
    case close_reason::too_deep:
      return {4432, "Update has a value that is nested too deep", "too_deep"};
    case close_reason::document_full: return {4433, "Document is full", "document_full"};
    case close_reason::no_document:
      return {4404, "This address names no document, only the JSON dialect is spoken here",
              "no_document"};
    case close_reason::message_too_large: return {4413, "Message too large", "message_too_large"};
    case close_reason::server_at_capacity:
      return {4003, "Server at capacity", "server_at_capacity"};
    case close_reason::too_many_documents:
      return {1013, "Too many open documents, try again later", "too_many_documents"};
    case close_reason::slow_consumer:
      return {1013, "Client reads too slowly, reconnect to resync", "slow_consumer"};
    case close_reason::pending_limit:
      return {1013, "Too many updates wait for missing ones, reconnect to resync", "pending_limit"};
    case close_reason::update_too_complex:
      return {4434, "Update too complex", "update_too_complex"};
    case close_reason::quota_exceeded:
      return {1013, "Quota exceeded, try again later", "quota_exceeded"};
    case close_reason::document_failed:
      return {1011, "Document failed, reconnect to reopen it", "document_failed"};
    case close_reason::storage_unavailable:
      return {1013, "Storage is unavailable, try again later", "storage_unavailable"};
    case close_reason::document_removed: return {4410, "Document was removed", "document_removed"};
    case close_reason::unauthenticated:
      return {4401, "Token missing or invalid", "unauthenticated"};
    case close_reason::not_authenticated:
      return {4008, "No token came in time, or too much before it", "not_authenticated"};
    case close_reason::token_expired:
      return {4001, "Token expired, reconnect with a new one", "token_expired"};
    case close_reason::forbidden: return {4403, "No right to this document", "forbidden"};
    case close_reason::access_revoked: return {4403, "Access was revoked", "access_revoked"};
    case close_reason::closed_by_operator:
      return {1008, "Closed by the application", "closed_by_operator"};
    case close_reason::access_unavailable:
      return {1013, "Access cannot be checked now, try again later", "access_unavailable"};
    case close_reason::cluster_unavailable:
      return {1013, "Too few nodes of the cluster can be reached, try again later",
              "cluster_unavailable"};
    case close_reason::upstream_unavailable:
      return {1013, "The document cannot be fetched now, try again later", "upstream_unavailable"};
    case close_reason::heartbeat_timeout: return {0, "", "heartbeat_timeout"};
    case close_reason::io_error: return {0, "", "io_error"};
  }
  return {1011, "", "unknown"};
}

close_reason close_reason_for(errc code) noexcept {
  switch (code) {
    case errc::unknown_content:
    case errc::unknown_type:
    case errc::invalid_reference:
    case errc::invalid_any:
    case errc::invalid_json:
    case errc::state_too_large:
    case errc::too_many_clients: return close_reason::invalid_update;
    case errc::update_too_large: return close_reason::message_too_large;
    case errc::unusable_content: return close_reason::unusable_content;
    case errc::name_too_long: return close_reason::name_too_long;
    case errc::too_deep: return close_reason::too_deep;
    case errc::document_full: return close_reason::document_full;
    case errc::pending_limit: return close_reason::pending_limit;
    case errc::too_complex: return close_reason::update_too_complex;
    case errc::quota_exceeded: return close_reason::quota_exceeded;
    case errc::storage_failed:
    case errc::disk_full: return close_reason::storage_unavailable;
    case errc::corrupt_document:
    case errc::corrupt_store:
    case errc::store_in_use:
    case errc::newer_format:
    case errc::storage_conflict: return close_reason::document_failed;
    case errc::document_removed: return close_reason::document_removed;
    case errc::forbidden: return close_reason::forbidden;
    default: return close_reason::malformed_message;
  }
}

}  // namespace troupe
