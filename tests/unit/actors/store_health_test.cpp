#include "actors/store_health.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::store_health_test {

TEST_CASE("edits are accepted until storage cannot be written", "[store]") {
  store_health health;
  CHECK(health.refusal() == nullptr);
  health.note_unwritable({errc::disk_full, "1 MiB is awaited"});
  REQUIRE(health.refusal());
  CHECK(health.refusal()->code == errc::disk_full);
  CHECK(health.refusal()->detail == "1 MiB is awaited");
  health.note_writable();
  CHECK(health.refusal() == nullptr);
}

TEST_CASE("edits are refused while more waits than may", "[store]") {
  store_health health{1000};
  health.note_sent(600);
  health.note_sent(400);
  CHECK(health.refusal() == nullptr);
  health.note_sent(1);
  REQUIRE(health.refusal());
  CHECK(health.refusal()->code == errc::storage_failed);
  CHECK(health.refusal()->detail.find("storage.max_queue_size") != std::string::npos);
  health.note_stored(600);
  CHECK(health.refusal() == nullptr);
  CHECK(health.waiting() == 401);
}

}  // namespace troupe::store_health_test
