#include "base/document_name.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::document_name_test {

namespace {

std::string refusal_of(std::string_view name) {
  const auto checked = check_document_name(name);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == errc::invalid_name);
  return checked.error().detail;
}

}  // namespace

TEST_CASE("a document name is any text without control characters", "[document_name]") {
  for (std::string_view name : {"notes", "team/notes", "a b", "/", "%20", "?", "\"", "\xC3\xA9",
                                "\xF0\x9F\x98\x80", "\xC2\x80"}) {
    CAPTURE(name);
    CHECK(check_document_name(name).has_value());
  }
}

TEST_CASE("a document name has at least one byte and at most 512", "[document_name]") {
  CHECK(refusal_of("").find("empty") != std::string::npos);
  CHECK(check_document_name(std::string(512, 'n')).has_value());
  CHECK(refusal_of(std::string(513, 'n')).find("longer than 512 bytes") != std::string::npos);
  std::string accented;
  for (int i = 0; i < 256; ++i) accented += "\xC3\xA9";
  CHECK(check_document_name(accented).has_value());  // bytes count, not characters
  CHECK(refusal_of(accented + "n").find("512") != std::string::npos);
}

TEST_CASE("a document name with control characters is refused", "[document_name]") {
  for (std::string_view name : {std::string_view{"a\0b", 3}, std::string_view{"\n"},
                                std::string_view{"a\x1F"}, std::string_view{"\x7F"}})
    CHECK(refusal_of(name).find("control") != std::string::npos);
}

TEST_CASE("a document name that is not UTF-8 is refused", "[document_name]") {
  for (std::string_view name : {"\xFF", "\xC3", "\xED\xA0\x80", "\xC0\xAF", "a\x80"})
    CHECK(refusal_of(name).find("UTF-8") != std::string::npos);
}

}  // namespace troupe::document_name_test
