#include "protocol/crdt/store/slab.hpp"

#include <map>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::slab_test {

namespace {

struct record {
  std::uint64_t value = 42;
};

using slab = crdt::slab<record>;

}  // namespace

TEST_CASE("slab never gives out handle 0", "[crdt]") {
  slab records;
  CHECK(records.size() == 0);
  CHECK(records.memory() == 0);
  CHECK(records.add() == 1);
  CHECK(records.add() == 2);
  CHECK(records.size() == 2);
}

TEST_CASE("slab gives out records that hold what a new one holds", "[crdt]") {
  slab records;
  const auto first = records.add();
  CHECK(records[first].value == 42);
  records[first].value = 7;
  records.release(first);
  CHECK(records.size() == 0);
  const auto again = records.add();
  CHECK(again == first);
  CHECK(records[again].value == 42);
}

TEST_CASE("slab keeps values while it grows, and addresses beyond the first chunk", "[crdt]") {
  slab records;
  std::vector<record*> addresses{nullptr};
  for (std::uint32_t i = 1; i <= 10'000; ++i) {
    const auto handle = records.add();
    REQUIRE(handle == i);
    records[handle].value = i;
    addresses.push_back(&records[handle]);
  }
  const slab& view = records;
  for (std::uint32_t i = 1; i <= 10'000; ++i) {
    if (i >= 1024) REQUIRE(&records[i] == addresses[i]);
    REQUIRE(view[i].value == i);
  }
  std::set<const record*> distinct;
  for (std::uint32_t i = 1; i <= 10'000; ++i) distinct.insert(&view[i]);
  CHECK(distinct.size() == 10'000);
  CHECK(records.size() == 10'000);
}

TEST_CASE("slab of a few records is small", "[crdt]") {
  slab records;
  records.add();
  CHECK(records.memory() < 16 * sizeof(record) + 64);
}

TEST_CASE("slab agrees with a map through allocations and releases at random", "[crdt]") {
  std::mt19937 random{6};
  slab records;
  std::map<slab::handle, std::uint64_t> expected;
  std::size_t most = 0;
  for (int step = 0; step < 40'000; ++step) {
    const bool grows = (step / 5000) % 2 == 0 ? random() % 4 != 0 : random() % 4 == 0;
    if (grows || expected.empty()) {
      const auto handle = records.add();
      REQUIRE(handle != 0);
      REQUIRE(expected.emplace(handle, step).second);  // not in use already
      REQUIRE(records[handle].value == 42);
      records[handle].value = static_cast<std::uint64_t>(step);
    } else {
      auto next = expected.lower_bound(random() % 8000);
      if (next == expected.end()) next = expected.begin();
      REQUIRE(records[next->first].value == next->second);
      records.release(next->first);
      expected.erase(next);
    }
    REQUIRE(records.size() == expected.size());
    most = std::max(most, expected.size());
  }
  REQUIRE(most > 2000);
  for (const auto& [handle, value] : expected) {
    REQUIRE(records[handle].value == value);
    REQUIRE(handle <= most);  // released ones were used again
  }
}

}  // namespace troupe::slab_test
