#include "protocol/lib0/encoder.hpp"

#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "protocol/lib0/decoder.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::encoder_test {

using lib0::encoder;
using test::to_hex;

namespace {

std::string var_uint(std::uint64_t value) {
  encoder out;
  out.write_var_uint(value);
  return to_hex(out.view());
}

}  // namespace

TEST_CASE("encoder writes a varuint in the fewest bytes", "[lib0]") {
  CHECK(var_uint(0) == "00");
  CHECK(var_uint(127) == "7f");
  CHECK(var_uint(128) == "8001");
  CHECK(var_uint(300) == "ac02");
  CHECK(var_uint(16383) == "ff7f");
  CHECK(var_uint(16384) == "808001");
  CHECK(var_uint(0xffff'ffff) == "ffffffff0f");
  CHECK(var_uint(lib0::max_safe_integer) == "ffffffffffffff0f");
  CHECK(var_uint(std::numeric_limits<std::uint64_t>::max()) == "ffffffffffffffffff01");
}

TEST_CASE("encoder writes strings and bytes behind their length", "[lib0]") {
  encoder out;
  out.write_uint8(0xfe);
  out.write_var_string("");
  out.write_var_string("h\xC3\xA9");
  out.write_var_bytes(test::hex("0a0b"));
  out.write_bytes(test::hex("0c"));
  out.write_bytes({});
  CHECK(to_hex(out.view()) == "fe"
                              "00"
                              "0368c3a9"
                              "020a0b"
                              "0c");
  CHECK(out.size() == 10);
}

TEST_CASE("encoder is empty after its bytes were taken or cleared", "[lib0]") {
  encoder out{4};
  CHECK(out.size() == 0);
  CHECK(out.view().empty());
  out.write_var_uint(5);
  CHECK(to_hex(out.take()) == "05");
  CHECK(out.size() == 0);
  out.write_var_uint(6);
  CHECK(to_hex(out.view()) == "06");
  out.clear();
  CHECK(out.size() == 0);
  out.write_var_uint(7);
  CHECK(to_hex(out.take()) == "07");
  CHECK(out.take().empty());
}

TEST_CASE("encoder grows beyond its first capacity without losing bytes", "[lib0]") {
  encoder out{1};
  byte_buffer expected;
  for (unsigned i = 0; i < 5000; ++i) {
    out.write_uint8(static_cast<std::uint8_t>(i));
    expected.push_back(static_cast<std::uint8_t>(i));
  }
  const byte_buffer large(100'000, 0x5a);
  out.write_bytes(large);
  expected.insert(expected.end(), large.begin(), large.end());
  CHECK(out.size() == expected.size());
  CHECK(out.take() == expected);
}

TEST_CASE("decoder reads back what encoder wrote", "[lib0]") {
  std::mt19937_64 random{17};
  std::vector<std::uint64_t> numbers;
  encoder out;
  for (int i = 0; i < 2000; ++i) {
    numbers.push_back(random() >> (11 + random() % 53));
    out.write_var_uint(numbers.back());
    out.write_var_string(std::string(numbers.back() % 40, 'x'));
  }
  const byte_buffer bytes = out.take();
  lib0::decoder in{bytes};
  for (const std::uint64_t number : numbers) {
    REQUIRE(in.read_var_uint() == number);
    REQUIRE(in.read_var_string("text") == std::string(number % 40, 'x'));
  }
  CHECK(in.ok());
  CHECK(in.at_end());
}

}  // namespace troupe::encoder_test
