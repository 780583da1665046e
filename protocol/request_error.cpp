#include "protocol/request_error.hpp"

#include <array>

namespace troupe {

namespace {

constexpr std::array<request_error_info, request_error_count> errors = {{
    {"INVALID_MESSAGE", "Invalid message"},
    {"MESSAGE_TOO_LARGE", "Message too large"},
    {"RATE_LIMIT_EXCEEDED", "Rate limit exceeded"},
    {"NOT_JOINED", "Not joined"},
    {"INVALID_UPDATE", "Invalid update"},
    {"DOCUMENT_FULL", "Document full"},
    {"TOO_MANY_DOCUMENTS", "Too many documents"},
    {"MISSING_UPDATES", "Missing updates"},
    {"MESSAGE_ID_REUSED", "Message id reused"},
    {"QUOTA_EXCEEDED", "Quota exceeded"},
    {"DOCUMENT_UNAVAILABLE", "Document unavailable"},
    {"UPDATE_TOO_COMPLEX", "Update too complex"},
    {"STORAGE_UNAVAILABLE", "Storage unavailable"},
    {"DOCUMENT_REMOVED", "Document removed"},
    {"FORBIDDEN", "Forbidden"},
    {"INVALID_EDIT", "Invalid edit"},
    {"EDIT_CONFLICT", "Edit conflict"},
}};

}  // namespace

request_error_info describe(request_error error) noexcept {
  return errors[static_cast<std::size_t>(error)];
}

request_error request_error_for(errc code, request_part part) noexcept {
  if (code == errc::message_id_reused) return request_error::message_id_reused;
  if (code == errc::quota_exceeded) return request_error::quota_exceeded;
  if (code == errc::forbidden) return request_error::forbidden;
  if (code == errc::storage_failed || code == errc::disk_full)
    return request_error::storage_unavailable;
  switch (part) {
    case request_part::message:
    case request_part::presence: return request_error::invalid_message;
    case request_part::state_vector: return request_error::invalid_update;
    case request_part::update:
    case request_part::edit: break;
  }
  if (code == errc::document_full || code == errc::too_many_clients)
    return request_error::document_full;
  if (code == errc::too_complex) return request_error::update_too_complex;
  if (part == request_part::edit)
    return code == errc::edit_conflict ? request_error::edit_conflict : request_error::invalid_edit;
  // The document is full of updates that wait; that is not the fault of this one.
  return code == errc::pending_limit ? request_error::document_unavailable
                                     : request_error::invalid_update;
}

request_error request_error_for(close_reason reason) noexcept {
  if (reason == close_reason::quota_exceeded) return request_error::quota_exceeded;
  if (reason == close_reason::storage_unavailable) return request_error::storage_unavailable;
  if (reason == close_reason::document_removed) return request_error::document_removed;
  if (reason == close_reason::forbidden || reason == close_reason::access_revoked ||
      reason == close_reason::token_expired)
    return request_error::forbidden;
  return reason == close_reason::too_many_documents ? request_error::too_many_documents
                                                    : request_error::document_unavailable;
}

close_reason close_reason_for(errc code, request_part part) noexcept {
  if (part == request_part::update && code == errc::too_many_clients)
    return close_reason::document_full;
  const close_reason reason = close_reason_for(code);
  // A failure inside an update is named as such, whatever byte of it is wrong.
  const bool is_in_update =
      part == request_part::update && reason == close_reason::malformed_message;
  return is_in_update ? close_reason::invalid_update : reason;
}

}  // namespace troupe
