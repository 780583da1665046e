// A change of access waits for the requests that were let in before it.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "actors/requests_under_way.hpp"

namespace troupe::requests_under_way_test {

namespace {

access_change of_user(std::string user) {
  access_change change;
  change.user = std::move(user);
  return change;
}

/// How often a change has been told that all is over.
struct waiter {
  int calls = 0;
  std::function<void()> call() {
    return [this] { ++calls; };
  }
};

}  // namespace

TEST_CASE("without requests a change waits for nothing", "[requests_under_way]") {
  requests_under_way all;
  waiter change;
  CHECK(all.when_over(of_user("ada"), change.call()).expired());
  CHECK(change.calls == 1);
}

TEST_CASE("a change waits for the last request that it concerns, and for no other",
          "[requests_under_way]") {
  requests_under_way all;
  auto first = all.begin("ada", "t-1", "plan");
  auto second = all.begin("ada", "t-2", "notes");
  const auto of_another = all.begin("bob", "t-3", "plan");
  waiter change;
  const auto left = all.when_over(of_user("ada"), change.call());
  const auto late = all.begin("ada", "t-1", "plan");
  CHECK(change.calls == 0);
  CHECK(left.use_count() == 2);
  first.reset();
  CHECK(change.calls == 0);
  CHECK(left.use_count() == 1);
  second.reset();
  CHECK(change.calls == 1);
  CHECK(left.expired());
}

TEST_CASE("a request is over when its last copy is gone", "[requests_under_way]") {
  requests_under_way all;
  auto request = all.begin("ada", "t-1", "plan");
  auto copy = request;
  waiter one;
  waiter other;
  all.when_over(of_user("ada"), one.call());
  all.when_over(of_user(""), other.call());
  request.reset();
  CHECK(one.calls == 0);
  copy.reset();
  CHECK(one.calls == 1);
  CHECK(other.calls == 1);
}

TEST_CASE("user, token and document must all fit", "[requests_under_way]") {
  requests_under_way all;
  const auto request = all.begin("ada", "t-1", "plan");
  for (const auto& [user, token, document, waits] :
       {std::tuple{"ada", "", "", true}, std::tuple{"", "t-1", "", true},
        std::tuple{"", "", "plan", true}, std::tuple{"ada", "t-1", "plan", true},
        std::tuple{"ada", "t-2", "", false}, std::tuple{"ada", "", "notes", false}}) {
    CAPTURE(user, token, document);
    access_change change = of_user(user);
    change.token_id = token;
    change.document = document;
    const auto called = std::make_shared<bool>(false);
    all.when_over(change, [called] { *called = true; });
    CHECK(*called != waits);
  }
}

TEST_CASE("what waits may ask again, and may outlive the list", "[requests_under_way]") {
  auto all = std::make_unique<requests_under_way>();
  auto request = all->begin("ada", "t-1", "plan");
  bool was_called = false;
  all->when_over(of_user("ada"), [&] {
    const auto next = all ? all->begin("ada", "t-1", "plan") : nullptr;
    was_called = true;
  });
  request.reset();
  CHECK(was_called);
  request = all->begin("ada", "t-1", "plan");
  all.reset();
  request.reset();
}

TEST_CASE("requests of several threads end one wait once", "[requests_under_way]") {
  requests_under_way all;
  std::atomic<int> calls = 0;
  std::vector<std::shared_ptr<void>> requests;
  for (int i = 0; i < 64; ++i) requests.push_back(all.begin("ada", "t-1", "plan"));
  all.when_over(of_user("ada"), [&] { ++calls; });
  std::vector<std::thread> threads;
  for (std::size_t part = 0; part < 4; ++part)
    threads.emplace_back([&, part] {
      for (std::size_t i = part; i < requests.size(); i += 4) requests[i].reset();
    });
  for (std::thread& each : threads) each.join();
  CHECK(calls == 1);
}

}  // namespace troupe::requests_under_way_test
