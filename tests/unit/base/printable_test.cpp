#include "base/printable.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::printable_test {

TEST_CASE("printable text stays as it is", "[printable]") {
  for (const char* text : {"", "notes.txt", "na\xC3\xAFve \xF0\x9F\x98\x80", "a\\b \\x41 'c'"})
    CHECK(printable(text) == text);
}

TEST_CASE("a name stands between quotes", "[printable]") {
  CHECK(in_single_quotes("notes.txt") == "'notes.txt'");
  CHECK(in_single_quotes("a\n") == "'a\\x0a'");
}

TEST_CASE("bytes that are no UTF-8 are shown in hexadecimal", "[printable]") {
  CHECK(printable("bad\xFF\xFEname") == "bad\\xff\\xfename");
  CHECK(printable("\xC3") == "\\xc3");
  CHECK(printable("\xE2\x82") == "\\xe2\\x82");
  CHECK(printable("\xED\xA0\x80.txt") == "\\xed\\xa0\\x80.txt");
  CHECK(printable("\xC0\xAF\xC3\xA9") == "\\xc0\\xaf\xC3\xA9");
}

TEST_CASE("control characters cannot end a line or move a cursor", "[printable]") {
  CHECK(printable("a\nb\r\t") == "a\\x0ab\\x0d\\x09");
  CHECK(printable("\x1B[2J\x7F") == "\\x1b[2J\\x7f");
  CHECK(printable("\xC2\x9B!\xC2\xA0") == "\\xc2\\x9b!\xC2\xA0");
  CHECK(printable(std::string{"a\0b", 3}) == "a\\x00b");
}

TEST_CASE("text that was made printable once is not changed again", "[printable]") {
  const std::string once = printable("\xFF\n\\x");
  CHECK(printable(once) == once);
}

}  // namespace troupe::printable_test
