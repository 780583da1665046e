#include "protocol/dialect.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::protocol_dialect_test {

namespace {

std::vector<std::size_t> numbers_of(dialect_set set) {
  std::vector<std::size_t> numbers;
  set.for_each([&](dialect each) { numbers.push_back(index_of(each)); });
  return numbers;
}

using numbers = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a set of dialects is empty at first", "[dialect]") {
  constexpr dialect_set none;
  CHECK(none.empty());
  CHECK_FALSE(none.contains(dialect::y_websocket));
  CHECK(numbers_of(none).empty());
}

TEST_CASE("a set holds each dialect that can be registered", "[dialect]") {
  dialect_set all;
  for (std::size_t i = dialect_count_max; i-- > 0;) {
    const auto one = static_cast<dialect>(i);
    CHECK_FALSE(all.contains(one));
    all.insert(one);
    CHECK(all.contains(one));
  }
  CHECK(numbers_of(all) == numbers{0, 1, 2, 3, 4, 5, 6, 7});
  for (std::size_t i = 0; i < dialect_count_max; ++i) all.erase(static_cast<dialect>(i));
  CHECK(all.empty());
}

TEST_CASE("a dialect is in a set once", "[dialect]") {
  dialect_set set{dialect::json};
  set.insert(dialect::json);
  CHECK(set == dialect_set{dialect::json});
  set.erase(dialect::y_websocket);
  CHECK(set == dialect_set{dialect::json});
  set.erase(dialect::json);
  set.erase(dialect::json);
  CHECK(set.empty());
  CHECK(set == dialect_set{});
}

TEST_CASE("the union of two sets has the dialects of both", "[dialect]") {
  const dialect_set first{dialect::y_websocket}, second{dialect::json};
  CHECK(numbers_of(first | second) == numbers{0, 1});
  CHECK((first | first) == first);
  CHECK((first | dialect_set{}) == first);
  CHECK(first != second);
}

}  // namespace troupe::protocol_dialect_test
