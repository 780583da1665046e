#include "protocol/crdt/store/key_index.hpp"

#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace troupe::key_index_test {

using namespace crdt;

TEST_CASE("the index of keys agrees with a map through additions and erasures", "[crdt]") {
  std::mt19937 random{1};
  slab<chain> chains;
  key_index index;
  std::map<std::pair<type_handle, string_handle>, chain_handle> expected;
  CHECK(index.find(chains, 1, 1) == none);
  for (int step = 0; step < 30'000; ++step) {
    const std::pair<type_handle, string_handle> key{1 + random() % 20, random() % 200};
    const auto found = expected.find(key);
    REQUIRE(index.find(chains, key.first, key.second) ==
            (found == expected.end() ? none : found->second));
    const bool grows = step / 5000 % 2 == 0;
    if (found == expected.end() && (grows || random() % 4 == 0)) {
      const chain_handle added = chains.add({.type = key.first, .key = key.second});
      index.add(chains, added);
      expected[key] = added;
    } else if (found != expected.end() && (!grows || random() % 4 == 0)) {
      index.erase(chains, found->second);
      chains.release(found->second);
      expected.erase(found);
    }
    REQUIRE(index.size() == expected.size());
  }
  for (const auto& [key, handle] : expected)
    REQUIRE(index.find(chains, key.first, key.second) == handle);
}

}  // namespace troupe::key_index_test
