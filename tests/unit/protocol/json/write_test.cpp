#include "protocol/json/write.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::write_test {

using test::hex;

namespace {

std::string written(std::string_view text) {
  std::string out;
  json::append_string(text, out);
  return out;
}

std::string base64(std::string_view digits) {
  std::string out;
  json::append_base64_string(hex(digits), out);
  return out;
}

std::string number(double value) {
  std::string out;
  json::append_number(value, out);
  return out;
}

}  // namespace

TEST_CASE("strings are written with the escapes they need and no others", "[json][write]") {
  CHECK(written("") == R"("")");
  CHECK(written("notes") == R"("notes")");
  CHECK(written("a\"b\\c\n\x01/") == R"("a\"b\\c\n\u0001/")");
  CHECK(written("\"\\") == R"("\"\\")");
  CHECK(written("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(written(std::string_view{"\0\x01\x1f", 3}) == R"("\u0000\u0001\u001f")");
  CHECK(written("/\x7f\xC3\xA9\xF0\x9F\x98\x80") == "\"/\x7f\xC3\xA9\xF0\x9F\x98\x80\"");
}

TEST_CASE("an escape is written wherever it stands in a long string", "[json][write]") {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '"';
    CHECK(written(text) == nlohmann::json(text).dump());
    text.replace(at, 1, "\x1f\\");
    CHECK(written(text) == nlohmann::json(text).dump());
  }
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD in a string", "[json][write]") {
  CHECK(written("\xFF") == "\"\xEF\xBF\xBD\"");
  CHECK(written("a\xFF\n") == "\"a\xEF\xBF\xBD\\n\"");
}

TEST_CASE("bytes are written as a string of base64", "[json][write]") {
  CHECK(base64("") == "\"\"");
  CHECK(base64("66") == "\"Zg==\"");
  CHECK(base64("666f") == "\"Zm8=\"");
  CHECK(base64("666f6f") == "\"Zm9v\"");
  CHECK(base64("666f6f62") == "\"Zm9vYg==\"");
  CHECK(base64("fbefbe") == "\"++++\"");
  CHECK(base64("ffffff") == "\"////\"");
}

TEST_CASE("numbers are written as JavaScript prints them", "[json][write]") {
  CHECK(number(0) == "0");
  CHECK(number(-0.0) == "0");
  CHECK(number(-1.5) == "-1.5");
  CHECK(number(1e20) == "100000000000000000000");
  CHECK(number(1e21) == "1e+21");
  CHECK(number(1e-6) == "0.000001");
  CHECK(number(1e-7) == "1e-7");
  CHECK(number(std::numeric_limits<double>::infinity()) == "null");
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "null");
}

TEST_CASE("numbers are as short as they can be and read back the same", "[json][write]") {
  const auto digits_of = [](std::string_view text) {
    std::string digits;
    for (const char c : text.substr(0, text.find('e')))
      if (c >= '0' && c <= '9') digits.push_back(c);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    return digits.substr(0, digits.find_last_not_of('0') + 1);
  };
  const auto check = [&](double value) {
    const std::string text = number(value);
    INFO(text);
    REQUIRE(std::strtod(text.c_str(), nullptr) == value);
    char shortest[40];
    const auto end =
        std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific);
    const std::string_view known{shortest, static_cast<std::size_t>(end.ptr - shortest)};
    REQUIRE(digits_of(text) == digits_of(known));
    REQUIRE(text.find("..") == std::string::npos);
  };
  std::mt19937_64 random{1};
  for (int i = 0; i < 20'000; ++i) {
    double scale = 1;
    for (auto decimals = random() % 7; decimals > 0; --decimals) scale *= 10;
    const double whole = static_cast<double>(random() >> (10 + random() % 54));
    check((random() % 2 == 0 ? whole : -whole) / scale);
    const double any = std::bit_cast<double>(random());
    if (std::isfinite(any)) check(any);
  }
  CHECK(number(0.05) == "0.05");
  CHECK(number(-12.5) == "-12.5");
  CHECK(number(0.0001) == "0.0001");
  CHECK(number(1'000'000'000'000'000) == "1000000000000000");
  CHECK(number(0.1 + 0.2) == "0.30000000000000004");
}

TEST_CASE("the writer puts commas between members and elements", "[json][write]") {
  json::writer out;
  out.open('{').name("a\"").value(1).name("list").open('[').value("x").value(2);
  out.open('[').close(']').open('{').close('}').close(']').name("").value("").close('}');
  CHECK(out.take() == R"({"a\"":1,"list":["x",2,[],{}],"":""})");
}

}  // namespace troupe::write_test
