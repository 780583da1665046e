#include "protocol/document_quota.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::document_quota_test {

TEST_CASE("a user and an address hold no more documents than they may", "[document_quota]") {
  const auto quota =
      std::make_shared<document_quota>(quota_limits{.per_user = 2, .per_address = 3});
  const auto first = quota->acquire("ada", "192.0.2.1", "a");
  const auto second = quota->acquire("ada", "192.0.2.1", "b");
  CHECK(first.ticket != nullptr);
  CHECK(quota->acquire("ada", "192.0.2.2", "c").is_refused);
  // One that it holds already counts once.
  CHECK_FALSE(quota->acquire("ada", "192.0.2.1", "b").is_refused);
  const auto third = quota->acquire("bob", "192.0.2.1", "c");
  CHECK_FALSE(third.is_refused);
  CHECK(quota->acquire("bob", "192.0.2.1", "d").is_refused);
  CHECK_FALSE(quota->acquire("bob", "192.0.2.2", "d").is_refused);
  CHECK(quota->held_by("address 192.0.2.1") == 3);
  CHECK(quota->held_by("address 192.0.2.2") == 0);
}

TEST_CASE("a document counts until its last ticket is gone", "[document_quota]") {
  const auto quota =
      std::make_shared<document_quota>(quota_limits{.per_user = 1, .per_address = 0});
  std::vector<quota_ticket> tickets;
  tickets.push_back(quota->acquire("ada", "", "a").ticket);
  tickets.push_back(quota->acquire("ada", "", "a").ticket);
  tickets.push_back(tickets.back());
  CHECK(quota->acquire("ada", "", "b").is_refused);
  tickets.pop_back();
  tickets.pop_back();
  CHECK(quota->held_by("user ada") == 1);
  CHECK(quota->acquire("ada", "", "b").is_refused);
  tickets.pop_back();
  CHECK(quota->held_by("user ada") == 0);
  CHECK_FALSE(quota->acquire("ada", "", "b").is_refused);
}

TEST_CASE("nobody in particular, and who has no limit, holds nothing", "[document_quota]") {
  const auto quota =
      std::make_shared<document_quota>(quota_limits{.per_user = 1, .per_address = 0});
  const auto unnamed = quota->acquire("", "192.0.2.1", "a");
  CHECK_FALSE(unnamed.is_refused);
  CHECK(unnamed.ticket == nullptr);
  CHECK(quota->held_by("user ") == 0);
}

}  // namespace troupe::document_quota_test
