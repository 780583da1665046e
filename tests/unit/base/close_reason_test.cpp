#include "base/close_reason.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

#include "base/utf8.hpp"

namespace troupe::close_reason_test {

namespace {

std::vector<close_reason> all_reasons() {
  std::vector<close_reason> all;
  for (std::size_t i = 0; i < close_reason_count; ++i) all.push_back(static_cast<close_reason>(i));
  return all;
}

/// What would be refused again, however often it is sent.
const std::set<close_reason> permanent = {
    close_reason::malformed_message, close_reason::no_document,   close_reason::message_too_large,
    close_reason::invalid_update,    close_reason::name_too_long, close_reason::unusable_content,
    close_reason::document_full,     close_reason::too_deep,      close_reason::update_too_complex,
    close_reason::document_removed,  close_reason::forbidden,     close_reason::access_revoked,
    close_reason::unauthenticated};

}  // namespace

TEST_CASE("every close reason has a label of its own", "[close_reason]") {
  std::set<std::string_view> labels;
  for (const close_reason reason : all_reasons()) {
    const std::string_view label = describe(reason).label;
    CAPTURE(label);
    CHECK_FALSE(label.empty());
    CHECK(label != "unknown");
    CHECK(labels.insert(label).second);
  }
}

TEST_CASE("every close reason has a code and a text that a close frame can carry",
          "[close_reason]") {
  for (const close_reason reason : all_reasons()) {
    const close_info info = describe(reason);
    CAPTURE(info.label, info.code);
    CHECK(info.text.size() <= 123);
    CHECK(is_valid_utf8(as_bytes(info.text)));
    if (info.code == 0) {
      CHECK(info.text.empty());  // no close frame is sent
      continue;
    }
    // RFC 6455, 7.4: these are never sent in a frame, and 3000 to 4999 are free to use.
    CHECK(info.code >= 1000);
    CHECK(info.code <= 4999);
    CHECK_FALSE((info.code == 1004 || info.code == 1005 || info.code == 1006));
    CHECK_FALSE((info.code > 1014 && info.code < 3000));
    // A y-websocket client takes these as permanent and does not come back: only for what would be
    // refused again.
    const bool is_permanent = permanent.contains(reason);
    CHECK((info.code >= 4400 && info.code < 4500) == is_permanent);
  }
}

TEST_CASE("close reasons have the codes that clients know", "[close_reason]") {
  CHECK(describe(close_reason::peer_closed).code == 1000);
  CHECK(describe(close_reason::server_stopping).code == 1001);
  CHECK(describe(close_reason::protocol_error).code == 1002);
  CHECK(describe(close_reason::no_document).code == 4404);
  CHECK(describe(close_reason::invalid_text).code == 1007);
  CHECK(describe(close_reason::malformed_message).code == 4400);
  CHECK(describe(close_reason::invalid_update).code == 4420);
  CHECK(describe(close_reason::message_too_large).code == 4413);
  CHECK(describe(close_reason::document_failed).code == 1011);
  CHECK(describe(close_reason::slow_consumer).code == 1013);
  CHECK(describe(close_reason::pending_limit).code == 1013);
  CHECK(describe(close_reason::unusable_content).code == 4422);
  CHECK(describe(close_reason::name_too_long).code == 4431);
  CHECK(describe(close_reason::too_deep).code == 4432);
  CHECK(describe(close_reason::document_full).code == 4433);
  CHECK(describe(close_reason::update_too_complex).code == 4434);
  CHECK(describe(close_reason::document_removed).code == 4410);
  CHECK(describe(close_reason::unauthenticated).code == 4401);
  CHECK(describe(close_reason::token_expired).code == 4001);
  CHECK(describe(close_reason::forbidden).code == 4403);
  CHECK(describe(close_reason::access_revoked).code == 4403);
  CHECK(describe(close_reason::closed_by_operator).code == 1008);
  CHECK(describe(close_reason::access_unavailable).code == 1013);
  CHECK(describe(close_reason::heartbeat_timeout).code == 0);
  CHECK(describe(close_reason::io_error).code == 0);
}

TEST_CASE("a failure closes with the reason that names whose fault it is", "[close_reason]") {
  CHECK(close_reason_for(errc::truncated) == close_reason::malformed_message);
  CHECK(close_reason_for(errc::trailing_bytes) == close_reason::malformed_message);
  CHECK(close_reason_for(errc::unknown_message) == close_reason::malformed_message);
  CHECK(close_reason_for(errc::invalid_reference) == close_reason::invalid_update);
  CHECK(close_reason_for(errc::unknown_content) == close_reason::invalid_update);
  CHECK(close_reason_for(errc::unknown_type) == close_reason::invalid_update);
  CHECK(close_reason_for(errc::too_deep) == close_reason::too_deep);
  CHECK(close_reason_for(errc::name_too_long) == close_reason::name_too_long);
  CHECK(close_reason_for(errc::unusable_content) == close_reason::unusable_content);
  CHECK(close_reason_for(errc::document_full) == close_reason::document_full);
  CHECK(close_reason_for(errc::update_too_large) == close_reason::message_too_large);
  CHECK(close_reason_for(errc::pending_limit) == close_reason::pending_limit);
  CHECK(close_reason_for(errc::too_complex) == close_reason::update_too_complex);
  CHECK(close_reason_for(errc::document_removed) == close_reason::document_removed);
  CHECK(close_reason_for(errc::forbidden) == close_reason::forbidden);
  for (const errc code : {errc::storage_failed, errc::disk_full})
    CHECK(close_reason_for(code) == close_reason::storage_unavailable);
  for (const errc code : {errc::corrupt_document, errc::corrupt_store, errc::store_in_use,
                          errc::newer_format, errc::storage_conflict}) {
    CAPTURE(to_string(code));
    CHECK(close_reason_for(code) == close_reason::document_failed);
  }
}

}  // namespace troupe::close_reason_test
