#include "base/utf8.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::utf8_test {

namespace {

std::optional<std::size_t> units(std::string_view text) {
  return utf16_length_if_valid(as_bytes(text));
}
bool valid(std::string_view text) { return is_valid_utf8(as_bytes(text)); }

}  // namespace

TEST_CASE("utf8 counts UTF-16 code units", "[utf8]") {
  CHECK(units("") == 0);
  CHECK(is_valid_utf8({}));
  CHECK(units("hello") == 5);
  CHECK(units("\xC3\xA9") == 1);          // U+00E9
  CHECK(units("\xE2\x82\xAC") == 1);      // U+20AC
  CHECK(units("\xF0\x9F\x98\x80") == 2);  // U+1F600, a surrogate pair in UTF-16
  CHECK(units("a\xF0\x9F\x98\x80z\xC3\xA9") == 5);
  CHECK(units(std::string_view{"\0", 1}) == 1);
}

TEST_CASE("utf8 accepts the first and last character of each length", "[utf8]") {
  CHECK(valid("\x7F"));
  CHECK(valid("\xC2\x80"));
  CHECK(valid("\xDF\xBF"));
  CHECK(valid("\xE0\xA0\x80"));
  CHECK(valid("\xED\x9F\xBF"));  // U+D7FF, just below the surrogates
  CHECK(valid("\xEE\x80\x80"));  // U+E000, just above them
  CHECK(valid("\xEF\xBF\xBF"));
  CHECK(valid("\xF0\x90\x80\x80"));
  CHECK(valid("\xF4\x8F\xBF\xBF"));  // U+10FFFF
}

TEST_CASE("utf8 rejects overlong forms, surrogates and characters above U+10FFFF", "[utf8]") {
  CHECK_FALSE(valid("\xC0\x80"));
  CHECK_FALSE(valid("\xC1\xBF"));
  CHECK_FALSE(valid("\xE0\x9F\xBF"));
  CHECK_FALSE(valid("\xF0\x8F\xBF\xBF"));
  CHECK_FALSE(valid("\xED\xA0\x80"));
  CHECK_FALSE(valid("\xED\xBF\xBF"));
  CHECK_FALSE(valid("\xF4\x90\x80\x80"));
  CHECK_FALSE(valid("\xF5\x80\x80\x80"));
  CHECK_FALSE(valid("\xFF"));
}

TEST_CASE("utf8 rejects sequences that are cut short or have stray bytes", "[utf8]") {
  CHECK_FALSE(valid("\x80"));
  CHECK_FALSE(valid("\xC3"));
  CHECK_FALSE(valid("\xC3z"));
  CHECK_FALSE(valid("\xE2\x82"));
  CHECK_FALSE(valid("\xE2\x82z"));
  CHECK_FALSE(valid("\xF0\x9F\x98"));
  CHECK_FALSE(valid("\xF0\x9F\x98z"));
  CHECK_FALSE(valid("\xC3\xA9\xA9"));
}

TEST_CASE("utf8 finds a bad byte at every offset of a long ASCII run", "[utf8]") {
  const std::string clean(40, 'x');
  CHECK(units(clean) == 40);
  for (std::size_t at = 0; at < clean.size(); ++at) {
    std::string broken = clean;
    broken[at] = '\xFF';
    CAPTURE(at);
    CHECK_FALSE(valid(broken));
    std::string accented = clean;
    accented.replace(at, 1, "\xC3\xA9");
    CHECK(units(accented) == 40);
  }
}

TEST_CASE("a part of a text is valid as far as its characters are whole", "[utf8]") {
  const auto check = [](std::string_view text, std::size_t valid, bool is_broken) {
    CAPTURE(text);
    const utf8_part part = check_utf8_part(as_bytes(text));
    CHECK(part.valid == valid);
    CHECK(part.is_broken == is_broken);
  };
  check("", 0, false);
  check("a long text in ASCII only", 25, false);
  check("\xC3\xA9", 2, false);
  // What may become a character waits.
  for (const char* begun : {"\xC3", "\xE2", "\xE2\x82", "\xE0", "\xE0\xA0", "\xED", "\xED\x9F",
                            "\xF0", "\xF0\x90", "\xF0\x9F\x98", "\xF4", "\xF4\x8F\xBF"})
    check(std::string{"ab"} + begun, 2, false);
  // What cannot is noticed with the byte that makes it so.
  for (const char* broken :
       {"\x80", "\xC0", "\xC1", "\xF5", "\xFF", "\xC3(", "\xE0\x80", "\xE0\x9F", "\xED\xA0",
        "\xE2\x82(", "\xF0\x80", "\xF0\x8F", "\xF4\x90", "\xF0\x9F\x98(", "\xE2(ab"})
    check(std::string{"ab"} + broken, 2, true);
}

TEST_CASE("a text is broken in parts if and only if it is as a whole", "[utf8]") {
  const std::string texts[] = {"na\xC3\xAFve \xF0\x9F\x98\x80 \xE2\x82\xAC", "a\xE2\x82(", "\xC3",
                               "\xF0\x9F\x98\x80\xED\xA0\x80", "\xF4\x8F\xBF\xBF"};
  for (const std::string& text : texts) {
    std::size_t checked = 0;
    bool is_broken = false;
    for (std::size_t end = 1; end <= text.size() && !is_broken; ++end) {
      const utf8_part part = check_utf8_part(as_bytes(text).subspan(checked, end - checked));
      checked += part.valid;
      is_broken = part.is_broken;
    }
    CHECK((!is_broken && checked == text.size()) == is_valid_utf8(as_bytes(text)));
  }
}

}  // namespace troupe::utf8_test
