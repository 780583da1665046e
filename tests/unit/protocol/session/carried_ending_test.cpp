#include "protocol/session/carried_ending.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::carried_ending_test {

TEST_CASE("a session ends with its connection only where its client should come back",
          "[carried_sessions]") {
  using enum close_reason;
  for (const bool is_open : {false, true}) {
    for (const close_reason why : {unauthenticated, token_expired, forbidden, access_revoked})
      CHECK(ending_of(why, is_open) == carried_ending::denied);
    for (const close_reason why : {malformed_message, invalid_update, document_full, too_deep,
                                   message_too_large, document_removed})
      CHECK(ending_of(why, is_open) == carried_ending::closed);
    for (const close_reason why :
         {server_stopping, document_failed, pending_limit, storage_unavailable, slow_consumer,
          access_unavailable, cluster_unavailable, closed_by_operator, heartbeat_timeout})
      CHECK(ending_of(why, is_open) == carried_ending::connection);
  }
}

TEST_CASE("a session that finds no room does not take others with it", "[carried_sessions]") {
  for (const close_reason why : {close_reason::too_many_documents, close_reason::quota_exceeded}) {
    CHECK(ending_of(why, false) == carried_ending::denied);
    CHECK(ending_of(why, true) == carried_ending::connection);
  }
}

}  // namespace troupe::carried_ending_test
