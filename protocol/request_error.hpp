// Why a request was refused, in the words that every dialect with error messages shares: a code for
// programs and a text for people. The session lives on after each of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/close_reason.hpp"
#include "base/errc.hpp"

namespace troupe {

enum class request_error : std::uint8_t {
  invalid_message,       ///< The frame is no message of the dialect.
  message_too_large,     ///< Above limits.max_message_size; it was not read.
  rate_limit_exceeded,   ///< Above limits.messages_per_second; it was not processed.
  not_joined,            ///< The session has not joined the document by a sync.
  invalid_update,        ///< The bytes of an update or a state vector are not valid Yjs.
  document_full,         ///< limits.max_document_size or limits.max_client_ids is reached.
  too_many_documents,    ///< limits.max_documents are open; try again later.
  missing_updates,       ///< The update waits for others, which the client has to send.
  message_id_reused,     ///< Another message had the same id.
  quota_exceeded,        ///< A user, an address or the node has as much as it may have.
  document_unavailable,  ///< The document could not be opened, or failed; try again later.
  update_too_complex,    ///< The update is above limits.max_update_work.
  storage_unavailable,   ///< Storage cannot be written; try again later.
  document_removed,      ///< An operator has removed the document.
  forbidden,             ///< The user has no right to this.
  invalid_edit,          ///< An edit operation is malformed or does not fit the document.
  edit_conflict,         ///< A test among edit operations does not hold.
};

constexpr std::size_t request_error_count =
    static_cast<std::size_t>(request_error::edit_conflict) + 1;

struct request_error_info {
  std::string_view code;  ///< For programs: "NOT_JOINED".
  std::string_view text;  ///< For people: "Not joined".
};

/// The row of the table. Static storage.
request_error_info describe(request_error error) noexcept;

/// The part of a request that was wrong.
enum class request_part : std::uint8_t { message, state_vector, update, presence, edit };

/// The error that answers a failure in a part of a request.
request_error request_error_for(errc code, request_part part) noexcept;

/// The error that answers a request whose document could not be opened, or was closed.
request_error request_error_for(close_reason reason) noexcept;

/// What a failure in a part of a request closes the session with, in a dialect without errors.
close_reason close_reason_for(errc code, request_part part) noexcept;

}  // namespace troupe
