#include "protocol/session/opening_attempts.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::opening_attempts_test {

using namespace std::chrono_literals;

namespace {

request_batch batch_of(std::size_t bytes) {
  return {shared_bytes::copy_of(byte_buffer(bytes)), {{.size = bytes}}};
}

}  // namespace

TEST_CASE("a document that stays closed is tried less and less often", "[opening_attempts]") {
  opening_attempts attempts;
  opening_attempts::time_point now{1h};
  CHECK_FALSE(attempts.is_due(now + 1h));
  for (const auto delay : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    attempts.on_failure(now, 0);
    CHECK_FALSE(attempts.is_due(now + delay - 1ms));
    CHECK(attempts.is_due(now + delay));
    CHECK_FALSE(attempts.is_due(now + 1h));
    now += delay;
  }
}

TEST_CASE("sessions that fail at once do not come back at once", "[opening_attempts]") {
  opening_attempts attempts;
  const opening_attempts::time_point now{1h};
  attempts.on_failure(now, 8);
  CHECK_FALSE(attempts.is_due(now + 1249ms));
  CHECK(attempts.is_due(now + 1250ms));
}

TEST_CASE("what a document was sent is kept, up to a bound, and taken once", "[opening_attempts]") {
  opening_attempts attempts;
  attempts.keep(batch_of(opening_attempts::kept_bytes_max));
  CHECK_FALSE(attempts.has_too_much());
  attempts.keep(batch_of(1));
  CHECK(attempts.has_too_much());
  CHECK_FALSE(attempts.is_in_doubt());
  attempts.on_failure({}, 0);
  CHECK(attempts.is_in_doubt());
  CHECK(attempts.take_kept().size() == 2);
  CHECK(attempts.take_kept().empty());
  CHECK_FALSE(attempts.has_too_much());
  CHECK_FALSE(attempts.is_in_doubt());
}

TEST_CASE("only what may pass and concerns one document is worth another try",
          "[opening_attempts]") {
  using enum close_reason;
  for (const close_reason why :
       {upstream_unavailable, storage_unavailable, document_failed, access_unavailable})
    CHECK(opening_attempts::is_worth(why));
  for (const close_reason why : {forbidden, document_removed, too_many_documents, server_stopping,
                                 cluster_unavailable, slow_consumer})
    CHECK_FALSE(opening_attempts::is_worth(why));
}

}  // namespace troupe::opening_attempts_test
