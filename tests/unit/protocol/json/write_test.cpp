#include "protocol/json/write.hpp"

#include <limits>

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

TEST_CASE("the writer puts commas between members and elements", "[json][write]") {
  json::writer out;
  out.open('{').name("a\"").value(1).name("list").open('[').value("x").value(2);
  out.open('[').close(']').open('{').close('}').close(']').name("").value("").close('}');
  CHECK(out.take() == R"({"a\"":1,"list":["x",2,[],{}],"":""})");
}

}  // namespace troupe::write_test
