#include "protocol/crdt/store/content_arena.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace troupe::content_arena_test {

using crdt::content_arena;

namespace {

byte_buffer random_bytes(std::mt19937& random, std::size_t size) {
  byte_buffer bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

bool holds(const content_arena& arena, content_arena::offset where, const byte_buffer& expected) {
  return std::equal(expected.begin(), expected.end(), arena.at(where));
}

}  // namespace

TEST_CASE("content arena is empty and without memory at first", "[crdt]") {
  content_arena arena;
  CHECK(arena.used() == 0);
  CHECK(arena.garbage() == 0);
  CHECK(arena.memory() == 0);
  CHECK(arena.add({}) == 0);
  CHECK(arena.allocate(0) == 0);
  CHECK(arena.used() == 0);
}

TEST_CASE("content arena stores contents one behind the other", "[crdt]") {
  content_arena arena;
  const auto first = arena.add(as_bytes("hello"));
  const auto second = arena.add(as_bytes("world"));
  CHECK(second == first + 5);
  CHECK(as_text({arena.at(first), 10}) == "helloworld");
  CHECK(arena.used() == 10);
}

TEST_CASE("content arena extends only what lies at its end", "[crdt]") {
  content_arena arena;
  const auto first = arena.add(as_bytes("ab"));
  REQUIRE(arena.extend(first + 2, 2));
  std::memcpy(arena.at(first + 2), "cd", 2);
  CHECK(as_text({arena.at(first), 4}) == "abcd");
  CHECK(arena.used() == 4);
  const auto second = arena.add(as_bytes("x"));
  CHECK_FALSE(arena.extend(first + 4, 1));
  CHECK(arena.extend(second + 1, 1));
  CHECK(arena.used() == 6);
  content_arena empty;
  CHECK_FALSE(empty.extend(0, 1));
}

TEST_CASE("content arena does not extend across the end of a slot", "[crdt]") {
  content_arena arena;
  const auto first = arena.add(byte_buffer(65'530, 1));
  CHECK_FALSE(arena.extend(first + 65'530, 7));
  CHECK(arena.extend(first + 65'530, 6));
  CHECK_FALSE(arena.extend(first + 65'536, 1));
}

TEST_CASE("content arena keeps a content in one piece where a slot ends", "[crdt]") {
  content_arena arena;
  arena.add(byte_buffer(65'000, 1));
  const byte_buffer large(1000, 2);
  const auto where = arena.add(large);
  CHECK(where >= 65'536);
  CHECK(holds(arena, where, large));
}

TEST_CASE("content arena holds contents larger than a slot", "[crdt]") {
  std::mt19937 random{3};
  content_arena arena;
  const byte_buffer small = random_bytes(random, 10);
  const byte_buffer large = random_bytes(random, 300'000);
  const byte_buffer exact = random_bytes(random, 131'072);
  const auto a = arena.add(small);
  const auto b = arena.add(large);
  const auto c = arena.add(exact);
  const auto d = arena.add(small);
  CHECK(holds(arena, a, small));
  CHECK(holds(arena, b, large));
  CHECK(holds(arena, c, exact));
  CHECK(holds(arena, d, small));
}

TEST_CASE("content arena stores a copy of its own bytes", "[crdt]") {
  content_arena arena;
  const byte_buffer text(200, 7);
  const auto first = arena.add(text);
  std::vector<content_arena::offset> copies;
  // The small first slot has to move on the way, under the very bytes that are copied.
  for (int i = 0; i < 1000; ++i) copies.push_back(arena.add({arena.at(first), text.size()}));
  for (const auto copy : copies) REQUIRE(holds(arena, copy, text));
}

TEST_CASE("content arena counts what it is told is garbage", "[crdt]") {
  content_arena arena;
  arena.add(byte_buffer(100, 1));
  arena.add_garbage(60);
  arena.add_garbage(5);
  CHECK(arena.garbage() == 65);
  CHECK(arena.used() == 100);
}

TEST_CASE("content arena gives its contents away when it is moved", "[crdt]") {
  content_arena arena;
  const auto where = arena.add(as_bytes("kept"));
  content_arena other = std::move(arena);
  CHECK(as_text({other.at(where), 4}) == "kept");
  CHECK(other.used() == 4);
  content_arena third;
  third.add(as_bytes("dropped"));
  third = std::move(other);
  CHECK(as_text({third.at(where), 4}) == "kept");
  CHECK(third.used() == 4);
}

TEST_CASE("content arena has less room the more it holds", "[crdt]") {
  content_arena arena;
  const std::uint64_t at_first = arena.room();
  CHECK(at_first > std::uint64_t{1} << 30);
  arena.add(byte_buffer(10 << 20, 1));
  CHECK(arena.room() < at_first);
}

TEST_CASE("content arena agrees with a map of contents through thousands of stores", "[crdt]") {
  for (const unsigned seed : {1u, 2u}) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    content_arena arena;
    std::map<content_arena::offset, byte_buffer> expected;
    content_arena::offset newest = 0;
    std::uint64_t used = 0;
    for (int step = 0; step < 8000; ++step) {
      const std::size_t size = 1 + (random() % 500 == 0 ? random() % 200'000 : random() % 80);
      const byte_buffer bytes = random_bytes(random, size);
      if (random() % 3 == 0 && !expected.empty()) {
        byte_buffer& grown = expected[newest];
        const auto end = newest + static_cast<content_arena::offset>(grown.size());
        if (!arena.extend(end, static_cast<std::uint32_t>(size))) continue;
        std::copy(bytes.begin(), bytes.end(), arena.at(end));
        grown.insert(grown.end(), bytes.begin(), bytes.end());
      } else {
        newest = arena.add(bytes);
        REQUIRE(expected.emplace(newest, bytes).second);
      }
      used += size;
    }
    REQUIRE(arena.used() == used);
    content_arena::offset end_before = 0;
    for (const auto& [where, bytes] : expected) {
      REQUIRE(where >= end_before);
      REQUIRE(holds(arena, where, bytes));
      end_before = where + static_cast<content_arena::offset>(bytes.size());
    }
  }
}

}  // namespace troupe::content_arena_test
