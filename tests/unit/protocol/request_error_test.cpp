#include "protocol/request_error.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::request_error_test {

namespace {

constexpr request_part parts[] = {request_part::message, request_part::state_vector,
                                  request_part::update, request_part::presence};

}  // namespace

TEST_CASE("every request error has a code and a text of its own", "[request_error]") {
  std::set<std::string_view> codes, texts;
  for (std::size_t i = 0; i < request_error_count; ++i) {
    const request_error_info info = describe(static_cast<request_error>(i));
    CAPTURE(info.code);
    CHECK_FALSE(info.text.empty());
    CHECK(info.code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos);
    CHECK(codes.insert(info.code).second);
    CHECK(texts.insert(info.text).second);
  }
  CHECK_FALSE(codes.contains(""));
}

TEST_CASE("request errors have the codes of the JSON dialect", "[request_error]") {
  struct row {
    request_error error;
    std::string_view code, text;
  };
  for (const row& each :
       {row{request_error::invalid_message, "INVALID_MESSAGE", "Invalid message"},
        row{request_error::message_too_large, "MESSAGE_TOO_LARGE", "Message too large"},
        row{request_error::rate_limit_exceeded, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded"},
        row{request_error::not_joined, "NOT_JOINED", "Not joined"},
        row{request_error::invalid_update, "INVALID_UPDATE", "Invalid update"},
        row{request_error::document_full, "DOCUMENT_FULL", "Document full"},
        row{request_error::too_many_documents, "TOO_MANY_DOCUMENTS", "Too many documents"},
        row{request_error::missing_updates, "MISSING_UPDATES", "Missing updates"},
        row{request_error::message_id_reused, "MESSAGE_ID_REUSED", "Message id reused"},
        row{request_error::quota_exceeded, "QUOTA_EXCEEDED", "Quota exceeded"},
        row{request_error::document_unavailable, "DOCUMENT_UNAVAILABLE", "Document unavailable"},
        row{request_error::update_too_complex, "UPDATE_TOO_COMPLEX", "Update too complex"},
        row{request_error::storage_unavailable, "STORAGE_UNAVAILABLE", "Storage unavailable"},
        row{request_error::document_removed, "DOCUMENT_REMOVED", "Document removed"},
        row{request_error::forbidden, "FORBIDDEN", "Forbidden"},
        row{request_error::invalid_edit, "INVALID_EDIT", "Invalid edit"},
        row{request_error::edit_conflict, "EDIT_CONFLICT", "Edit conflict"}}) {
    CHECK(describe(each.error).code == each.code);
    CHECK(describe(each.error).text == each.text);
  }
}

TEST_CASE("the error for a failure depends on the part that was wrong", "[request_error]") {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(errc::invalid_config); ++i) {
    const auto code = static_cast<errc>(i);
    CAPTURE(to_string(code));
    if (code == errc::message_id_reused || code == errc::quota_exceeded) continue;
    if (code == errc::forbidden) {
      CHECK(request_error_for(code, request_part::update) == request_error::forbidden);
      CHECK(request_error_for(code, request_part::presence) == request_error::forbidden);
      continue;
    }
    if (code == errc::storage_failed || code == errc::disk_full) {
      CHECK(request_error_for(code, request_part::update) == request_error::storage_unavailable);
      continue;
    }
    CHECK(request_error_for(code, request_part::message) == request_error::invalid_message);
    CHECK(request_error_for(code, request_part::presence) == request_error::invalid_message);
    CHECK(request_error_for(code, request_part::state_vector) == request_error::invalid_update);
    CHECK(request_error_for(code, request_part::edit) ==
          (code == errc::document_full || code == errc::too_many_clients
               ? request_error::document_full
           : code == errc::too_complex   ? request_error::update_too_complex
           : code == errc::edit_conflict ? request_error::edit_conflict
                                         : request_error::invalid_edit));
    const bool is_full = code == errc::document_full || code == errc::too_many_clients;
    CHECK(request_error_for(code, request_part::update) ==
          (code == errc::pending_limit ? request_error::document_unavailable
           : is_full                   ? request_error::document_full
           : code == errc::too_complex ? request_error::update_too_complex
                                       : request_error::invalid_update));
  }
}

TEST_CASE("the error for a document that is closed says whether another may be opened",
          "[request_error]") {
  for (std::size_t i = 0; i < close_reason_count; ++i) {
    const auto reason = static_cast<close_reason>(i);
    CAPTURE(describe(reason).label);
    CHECK(request_error_for(reason) ==
          (reason == close_reason::too_many_documents    ? request_error::too_many_documents
           : reason == close_reason::quota_exceeded      ? request_error::quota_exceeded
           : reason == close_reason::document_removed    ? request_error::document_removed
           : reason == close_reason::storage_unavailable ? request_error::storage_unavailable
           : reason == close_reason::forbidden           ? request_error::forbidden
           : reason == close_reason::access_revoked      ? request_error::forbidden
           : reason == close_reason::token_expired       ? request_error::forbidden
                                                         : request_error::document_unavailable));
  }
}

TEST_CASE("a failure within an update closes as an invalid update, in another part by its cause",
          "[request_error]") {
  struct row {
    errc code;
    close_reason in_update;
    close_reason elsewhere;
  };
  const auto malformed = close_reason::malformed_message;
  const auto invalid = close_reason::invalid_update;
  for (const row& each :
       {row{errc::truncated, invalid, malformed},
        row{errc::trailing_bytes, invalid, malformed},
        row{errc::number_too_large, invalid, malformed},
        row{errc::invalid_utf8, invalid, malformed},
        row{errc::unknown_message, invalid, malformed},
        row{errc::invalid_any, invalid, invalid},
        row{errc::invalid_json, invalid, invalid},
        row{errc::too_deep, close_reason::too_deep, close_reason::too_deep},
        row{errc::unusable_content, close_reason::unusable_content, close_reason::unusable_content},
        row{errc::document_full, close_reason::document_full, close_reason::document_full},
        row{errc::unknown_content, invalid, invalid},
        row{errc::unknown_type, invalid, invalid},
        row{errc::invalid_reference, invalid, invalid},
        row{errc::update_too_large, close_reason::message_too_large,
            close_reason::message_too_large},
        row{errc::name_too_long, close_reason::name_too_long, close_reason::name_too_long},
        row{errc::too_many_clients, close_reason::document_full, invalid},
        row{errc::state_too_large, invalid, invalid},
        row{errc::pending_limit, close_reason::pending_limit, close_reason::pending_limit},
        row{errc::too_complex, close_reason::update_too_complex, close_reason::update_too_complex},
        row{errc::corrupt_document, close_reason::document_failed, close_reason::document_failed},
        row{errc::storage_failed, close_reason::storage_unavailable,
            close_reason::storage_unavailable}}) {
    CAPTURE(to_string(each.code));
    for (const request_part part : parts)
      CHECK(close_reason_for(each.code, part) ==
            (part == request_part::update ? each.in_update : each.elsewhere));
  }
}

}  // namespace troupe::request_error_test
