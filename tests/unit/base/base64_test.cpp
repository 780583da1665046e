#include "base/base64.hpp"

#include <array>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace troupe::base64_test {

namespace {

std::string encoded(byte_view bytes) {
  std::string text;
  append_base64(bytes, text);
  return text;
}

std::string encoded(std::string_view text) { return encoded(as_bytes(text)); }

std::string decoded(std::string_view text) {
  const auto bytes = decode_base64(text);
  REQUIRE(bytes.has_value());
  return std::string{as_text(*bytes)};
}

failure refusal_of(std::string_view text) {
  CAPTURE(text);
  const auto bytes = decode_base64(text);
  REQUIRE_FALSE(bytes.has_value());
  CHECK(bytes.error().code == errc::invalid_base64);
  return bytes.error();
}

struct example {
  std::string_view bytes;
  std::string_view text;
};

// RFC 4648, section 10.
constexpr std::array<example, 7> of_the_rfc = {{{"", ""},
                                                {"f", "Zg=="},
                                                {"fo", "Zm8="},
                                                {"foo", "Zm9v"},
                                                {"foob", "Zm9vYg=="},
                                                {"fooba", "Zm9vYmE="},
                                                {"foobar", "Zm9vYmFy"}}};

}  // namespace

TEST_CASE("base64 writes and reads the examples of its specification", "[base64]") {
  for (const example& each : of_the_rfc) {
    CHECK(encoded(each.bytes) == each.text);
    CHECK(decoded(each.text) == each.bytes);
    CHECK(base64_size(each.bytes.size()) == each.text.size());
  }
}

TEST_CASE("base64url uses the alphabet of tokens and no padding", "[base64]") {
  std::string text;
  append_base64url(byte_buffer{0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF}, text);
  CHECK(text == "----____");
  for (const example& each : of_the_rfc) {
    text.clear();
    append_base64url(as_bytes(each.bytes), text);
    CHECK(text == each.text.substr(0, each.text.find('=')));
    const auto back = decode_base64url(text);
    REQUIRE(back.has_value());
    CHECK(as_text(*back) == each.bytes);
    CHECK(decode_base64url_text(text) == std::string{each.bytes});
  }
}

TEST_CASE("base64url gives bytes one spelling", "[base64]") {
  for (const char* const text :
       {"Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "Zm8=", "Zm 8", "+/+/", "Zm8\n", "Zm\xC3\xA9v"}) {
    CAPTURE(text);
    const auto bytes = decode_base64url(text);
    REQUIRE_FALSE(bytes.has_value());
    CHECK(bytes.error().code == errc::invalid_base64);
    CHECK(decode_base64url_text(text).error().offset == bytes.error().offset);
  }
  CHECK(decode_base64url("Zm8=").error().offset == 3);
  CHECK(decode_base64url("Zg")->size() == 1);
  CHECK(decode_base64url("Zm8")->size() == 2);
  CHECK(decode_base64url("ab+d").error().offset == 2);
}

TEST_CASE("base64 uses the standard alphabet", "[base64]") {
  const byte_buffer bytes = {0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF};
  CHECK(encoded(bytes) == "++++////");
  CHECK(decode_base64("++++////") == bytes);
  CHECK(refusal_of("----").offset == 0);  // the alphabet for URLs
  CHECK(refusal_of("AAA_").offset == 3);
}

TEST_CASE("base64 is appended to what is there", "[base64]") {
  std::string text = "data:";
  append_base64(as_bytes("foob"), text);
  CHECK(text == "data:Zm9vYg==");
}

TEST_CASE("base64 of any bytes reads as the same bytes", "[base64]") {
  std::mt19937 random{4648};
  for (std::size_t size = 0; size < 200; ++size) {
    byte_buffer bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const std::string text = encoded(bytes);
    CAPTURE(text);
    CHECK(text.size() == base64_size(size));
    CHECK(decode_base64(text) == bytes);
  }
}

TEST_CASE("base64 of megabytes reads as the same bytes", "[base64]") {
  byte_buffer bytes(3 * 1024 * 1024 + 1);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 / 7);
  const auto again = decode_base64(encoded(bytes));
  CHECK((again == bytes));
}

TEST_CASE("base64 without its padding is refused", "[base64]") {
  for (std::string_view text : {"Z", "Zg", "Zg=", "Zm8", "Zm9vY", "Zm9vYg", "Zm9vYg=", "Zm9vYmE"})
    CHECK(refusal_of(text).detail.find("four") != std::string::npos);
}

TEST_CASE("base64 with padding in the wrong place is refused", "[base64]") {
  CHECK(refusal_of("Zg==Zg==").offset == 2);
  CHECK(refusal_of("Zm8=Zm9v").offset == 3);
  CHECK(refusal_of("Z===").offset == 1);
  CHECK(refusal_of("====").offset == 0);
  CHECK(refusal_of("Z=g=").offset == 1);
  CHECK(refusal_of("=AAA").detail.find("padding") != std::string::npos);
}

TEST_CASE("base64 names the first character that does not belong", "[base64]") {
  CHECK(refusal_of("Zm9v Zm9").offset == 4);
  CHECK(refusal_of("Zm9vZm9\n").offset == 7);
  CHECK(refusal_of("Zm9v\xC3\xA9Zg").offset == 4);
  CHECK(refusal_of(std::string_view{"Zm\0v", 4}).offset == 2);
  CHECK(refusal_of("Zm9vZ!==").offset == 5);
  CHECK(refusal_of("Zm9v*").offset == 5);  // the size is noticed first
}

TEST_CASE("base64 has one spelling for each byte string", "[base64]") {
  CHECK(refusal_of("Zh==").detail.find("bits") != std::string::npos);
  CHECK(refusal_of("Zm9=").offset == 2);
  CHECK(refusal_of("Zm9vZh==").offset == 5);
  std::size_t spellings = 0;
  for (char last = 'A'; last <= 'Z'; ++last)
    spellings += decode_base64(std::string{'A', last, '=', '='}).has_value();
  CHECK(spellings == 2);  // A and Q
}

}  // namespace troupe::base64_test
