// How many places of a terminal a text takes.
#include "app/inspect/width.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::inspect_width_test {

using inspection::beginning_of;
using inspection::width_of;

TEST_CASE("characters take one place, two or none", "[inspect]") {
  CHECK(width_of("") == 0);
  CHECK(width_of("plan") == 4);
  CHECK(width_of("\xc3\xa4") == 1);                  // a with dots
  CHECK(width_of("a\xcc\x88") == 1);                 // the same, as two characters
  CHECK(width_of("\xe6\x97\xa5\xe6\x9c\xac") == 4);  // Japanese
  CHECK(width_of("\xed\x95\x9c") == 2);              // Korean
  CHECK(width_of("\xef\xbd\xb1") == 1);              // Japanese, of half width
  CHECK(width_of("\xf0\x9f\x98\x80") == 2);          // an emoji
  CHECK(width_of("\xe2\x86\x92") == 1);              // an arrow
}

TEST_CASE("a beginning ends between two characters", "[inspect]") {
  const std::string_view japanese = "\xe6\x97\xa5\xe6\x9c\xac";
  CHECK(beginning_of(japanese, 4) == japanese);
  CHECK(beginning_of(japanese, 3) == japanese.substr(0, 3));
  CHECK(beginning_of(japanese, 1).empty());
  CHECK(beginning_of("a\xcc\x88x", 1) == "a\xcc\x88");
  CHECK(beginning_of("abc", 9) == "abc");
}

}  // namespace troupe::inspect_width_test
