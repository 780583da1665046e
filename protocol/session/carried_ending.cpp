#include "protocol/session/carried_ending.hpp"

namespace troupe {

carried_ending ending_of(close_reason why, bool is_open) noexcept {
  switch (why) {
    case close_reason::unauthenticated:
    case close_reason::token_expired:
    case close_reason::forbidden:
    case close_reason::access_revoked: return carried_ending::denied;

    case close_reason::too_many_documents:
    case close_reason::quota_exceeded:
      return is_open ? carried_ending::connection : carried_ending::denied;

    case close_reason::malformed_message:
    case close_reason::invalid_update:
    case close_reason::unusable_content:
    case close_reason::name_too_long:
    case close_reason::too_deep:
    case close_reason::document_full:
    case close_reason::message_too_large:
    case close_reason::update_too_complex:
    case close_reason::document_removed: return carried_ending::closed;

    case close_reason::peer_closed:
    case close_reason::server_stopping:
    case close_reason::node_restarting:
    case close_reason::protocol_error:
    case close_reason::invalid_text:
    case close_reason::no_document:
    case close_reason::server_at_capacity:
    case close_reason::slow_consumer:
    case close_reason::pending_limit:
    case close_reason::document_failed:
    case close_reason::storage_unavailable:
    case close_reason::not_authenticated:
    case close_reason::closed_by_operator:
    case close_reason::access_unavailable:
    case close_reason::cluster_unavailable:
    case close_reason::upstream_unavailable:
    case close_reason::heartbeat_timeout:
    case close_reason::io_error: break;
  }
  return carried_ending::connection;
}

}  // namespace troupe
