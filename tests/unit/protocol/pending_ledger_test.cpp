#include "protocol/pending_ledger.hpp"

#include <memory>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

namespace troupe::pending_ledger_test {

namespace {

std::shared_ptr<budget> of(std::size_t bytes) { return std::make_shared<budget>(bytes); }

}  // namespace

TEST_CASE("what may wait is bounded by the least room of document, node, user and address",
          "[pending_ledger]") {
  const auto allowed = [](std::size_t document, std::size_t node, std::size_t user,
                          std::size_t address) {
    const pending_ledger ledger{of(node)};
    const pending_payer payer{of(user), of(address)};
    return ledger.allow(document, &payer).bytes;
  };
  CHECK(allowed(1, 2, 3, 4) == 1);
  CHECK(allowed(5, 2, 3, 4) == 2);
  CHECK(allowed(5, 6, 3, 4) == 3);
  CHECK(allowed(5, 6, 7, 4) == 4);
  CHECK(pending_ledger{nullptr}.allow(9, nullptr).bytes == 9);
}

TEST_CASE("the bound that stands in the way has a name", "[pending_ledger]") {
  const pending_ledger ledger{of(5)};
  const pending_payer poor{of(3), nullptr};
  CHECK(ledger.allow(5, nullptr).bounded_by == nullptr);
  CHECK(std::string_view{ledger.allow(6, nullptr).bounded_by}.starts_with("updates of all"));
  CHECK(std::string_view{ledger.allow(6, &poor).bounded_by}.starts_with("updates of this user"));
}

TEST_CASE("what waits already does not count against its own document", "[pending_ledger]") {
  pending_ledger ledger{of(100)};
  const pending_payer ada{of(50), of(80)};
  ledger.settle(30, &ada);
  CHECK(ada.user->used() == 30);
  CHECK(ada.address->used() == 30);
  CHECK(ledger.allow(100, &ada).bytes == 50);
  CHECK(ledger.allow(100, nullptr).bytes == 100);
}

TEST_CASE("a closed gap relieves the session that closed it, then who has waited longest",
          "[pending_ledger]") {
  const auto node = of(1000);
  pending_ledger ledger{node};
  const pending_payer ada{of(500), nullptr};
  const pending_payer bob{of(500), nullptr};
  ledger.settle(100, &ada);
  ledger.settle(250, &bob);
  ledger.settle(260, nullptr);  // of somebody without limits
  CHECK(node->used() == 260);
  ledger.settle(200, &bob);
  CHECK(ada.user->used() == 100);
  CHECK(bob.user->used() == 90);
  ledger.settle(80, &bob);
  CHECK(ada.user->used() == 70);
  CHECK(bob.user->used() == 0);
  ledger.settle(0, nullptr);
  CHECK(ada.user->used() == 0);
  CHECK(node->used() == 0);
}

TEST_CASE("a ledger gives back all when it ends", "[pending_ledger]") {
  const auto node = of(1000);
  const pending_payer ada{of(500), of(500)};
  {
    pending_ledger ledger{node};
    ledger.settle(100, &ada);
    CHECK(ledger.charged() == 100);
  }
  CHECK(node->used() == 0);
  CHECK(ada.user->used() == 0);
  CHECK(ada.address->used() == 0);
}

}  // namespace troupe::pending_ledger_test
