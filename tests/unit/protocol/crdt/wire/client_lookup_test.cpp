#include "protocol/crdt/wire/client_lookup.hpp"

#include <random>
#include <unordered_map>

#include <catch2/catch_test_macros.hpp>

namespace troupe::client_lookup_test {

using namespace troupe::crdt;

TEST_CASE("ids of units are equal if both parts are, and none names no unit", "[crdt]") {
  CHECK(unit_id{1, 2} == unit_id{1, 2});
  CHECK(unit_id{1, 2} != unit_id{1, 3});
  CHECK(unit_id{1, 2} != unit_id{2, 2});
  CHECK(unit_id{1, 9} < unit_id{2, 0});
  CHECK(unit_id{} == unit_id::none);
  CHECK(unit_id::none.is_none());
  CHECK_FALSE(unit_id{0, 0}.is_none());
}

TEST_CASE("client lookup gives indices in the order of arrival", "[crdt]") {
  client_lookup clients;
  CHECK(clients.size() == 0);
  CHECK(clients.find(7) == no_client);
  CHECK(clients.find_or_add(7) == 0);
  CHECK(clients.find_or_add(3) == 1);
  CHECK(clients.find_or_add(7) == 0);
  CHECK(clients.find(3) == 1);
  CHECK(clients.find(4) == no_client);
  CHECK(clients.id(1) == 3);
  CHECK(clients.ids() == std::vector<client_id>{7, 3});
}

TEST_CASE("client lookup takes client 0 and ids of 53 bits", "[crdt]") {
  client_lookup clients;
  const client_id highest = (client_id{1} << 53) - 1;
  CHECK(clients.find(0) == no_client);
  CHECK(clients.find_or_add(highest) == 0);
  CHECK(clients.find_or_add(0) == 1);
  CHECK(clients.find(0) == 1);
  // The same lower 32 bits are not the same client.
  CHECK(clients.find(highest & 0xffff'ffff) == no_client);
  CHECK(clients.find(highest) == 0);
}

TEST_CASE("client lookup forgets everything when it is cleared", "[crdt]") {
  client_lookup clients;
  for (client_id id = 0; id < 100; ++id) clients.find_or_add(id * 17);
  clients.clear();
  CHECK(clients.size() == 0);
  for (client_id id = 0; id < 100; ++id) CHECK(clients.find(id * 17) == no_client);
  CHECK(clients.find_or_add(17) == 0);
}

TEST_CASE("client lookup agrees with a map of thousands of clients", "[crdt]") {
  for (const unsigned shift : {0u, 20u, 32u}) {  // ids that differ in their low or high bits only
    CAPTURE(shift);
    std::mt19937_64 random{shift + 1};
    client_lookup actual;
    std::unordered_map<client_id, client_index> expected;
    for (int step = 0; step < 20'000; ++step) {
      const client_id id = (random() % 6000) << shift;
      const auto [place, is_new] =
          expected.try_emplace(id, static_cast<client_index>(expected.size()));
      if (step % 2 == 0 || is_new)
        REQUIRE(actual.find_or_add(id) == place->second);
      else
        REQUIRE(actual.find(id) == place->second);
      const client_id other = random();
      REQUIRE(actual.find(other) == (expected.contains(other) ? expected[other] : no_client));
    }
    REQUIRE(actual.size() == expected.size());
    for (const auto& [id, index] : expected) REQUIRE(actual.id(index) == id);
  }
}

}  // namespace troupe::client_lookup_test
