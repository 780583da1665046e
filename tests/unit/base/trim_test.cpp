#include "base/trim.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::trim_test {

TEST_CASE("blanks around a text are not part of it", "[trim]") {
  CHECK(trimmed(" \t\r\n{ } \n") == "{ }");
  CHECK(trimmed("7") == "7");
  CHECK(trimmed(" \n").empty());
  CHECK(trimmed("").empty());
}

TEST_CASE("a caller can name other blanks", "[trim]") {
  CHECK(trimmed(" a\n", " \t") == "a\n");
  CHECK(trimmed("--a-b-", "-") == "a-b");
}

}  // namespace troupe::trim_test
