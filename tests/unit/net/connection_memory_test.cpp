#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "net/connection_memory.hpp"

namespace troupe::connection_memory_test {

namespace {

[[maybe_unused]] constexpr std::size_t line = 64;

[[maybe_unused]] std::uintptr_t address(const void* of) {
  return reinterpret_cast<std::uintptr_t>(of);
}

}  // namespace

TEST_CASE("neighbours among connections lie an odd number of cache lines apart", "[net]") {
#ifdef __SANITIZE_ADDRESS__
  SKIP("under AddressSanitizer each connection is an allocation of its own");
#else
  // 2048 bytes: at that distance 64 connections would share two sets of a cache of 64.
  for (const std::size_t size : {std::size_t{1}, line, std::size_t{700}, std::size_t{2048}}) {
    connection_memory memory;
    std::vector<void*> objects;
    for (int i = 0; i < 32; ++i) objects.push_back(memory.allocate(size));
    std::ranges::sort(objects);
    std::set<std::uintptr_t> sets;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      sets.insert(address(objects[i]) / line % 64);
      if (i == 0) continue;
      const std::uintptr_t distance = address(objects[i]) - address(objects[i - 1]);
      CHECK(distance >= size);
      CHECK(distance % line == 0);
      CHECK(distance / line % 2 == 1);
    }
    CHECK(sets.size() == objects.size());
    for (void* const each : objects) memory.deallocate(each, size);
  }
#endif
}

TEST_CASE("the memory of a connection that is gone is used again, whoever gave it back", "[net]") {
  connection_memory memory;
  std::vector<void*> first, second;
  for (int i = 0; i < 100; ++i) first.push_back(memory.allocate(700));
  std::thread{[&] {
    for (void* const each : first) memory.deallocate(each, 700);
  }}.join();
  for (int i = 0; i < 100; ++i) second.push_back(memory.allocate(700));
#ifndef __SANITIZE_ADDRESS__
  CHECK(std::ranges::is_permutation(first, second));
#endif
  CHECK(std::set<void*>(second.begin(), second.end()).size() == second.size());
  for (void* const each : second) memory.deallocate(each, 700);
}

}  // namespace troupe::connection_memory_test
