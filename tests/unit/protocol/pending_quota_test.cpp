#include "protocol/pending_quota.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::pending_quota_test {

TEST_CASE("the sessions of a user share a budget, and so do those of an address",
          "[pending_quota]") {
  pending_quota quota{{.per_user = 100, .per_address = 200}};
  const auto first = quota.payer_for("ada", "192.0.2.1");
  const auto second = quota.payer_for("ada", "192.0.2.2");
  const auto third = quota.payer_for("bob", "192.0.2.1");
  CHECK(first.user->room() == 100);
  CHECK(first.address->room() == 200);
  CHECK(first.user == second.user);
  CHECK(first.address != second.address);
  CHECK(first.address == third.address);
  CHECK(first.user != third.user);
  CHECK(quota.payer_for("192.0.2.1", "ada").user != first.user);
}

TEST_CASE("nobody in particular, and who has no limit, has no budget", "[pending_quota]") {
  pending_quota quota{{.per_user = 0, .per_address = 1}};
  CHECK(quota.payer_for("ada", "").user == nullptr);
  CHECK(quota.payer_for("", "").address == nullptr);
  CHECK(quota.payer_for("", "") == pending_payer{});
}

TEST_CASE("a budget is kept as long as anybody has it", "[pending_quota]") {
  pending_quota quota{{.per_user = 100, .per_address = 0}};
  auto held = quota.payer_for("ada", "");
  held.user->change(0, 60);
  CHECK(quota.payer_for("ada", "").user->room() == 40);
  held = {};
  CHECK(quota.payer_for("ada", "").user->room() == 100);
  for (int i = 0; i < 5000; ++i) (void)quota.payer_for("visitor " + std::to_string(i), "");
  CHECK(quota.size() <= 1024);
}

}  // namespace troupe::pending_quota_test
