#include "protocol/lib0/decoder.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::decoder_test {

using lib0::decoder;
using test::hex;

namespace {

/// Reads one varUint that must be the whole input.
std::uint64_t var_uint(std::string_view digits) {
  const byte_buffer bytes = hex(digits);
  decoder in{bytes};
  const std::uint64_t value = in.read_var_uint();
  CHECK(in.ok());
  CHECK(in.at_end());
  return value;
}

errc var_uint_error(std::string_view digits) {
  const byte_buffer bytes = hex(digits);
  decoder in{bytes};
  CHECK(in.read_var_uint() == 0);
  REQUIRE_FALSE(in.ok());
  return in.error().value().code;
}

/// Skips one value and returns how many bytes it took; the rest stays unread.
std::size_t skipped(std::string_view digits, std::size_t depth_max = 100) {
  const byte_buffer bytes = hex(digits);
  decoder in{bytes};
  const byte_view value = in.skip_any(depth_max);
  CHECK(in.ok());
  CHECK(value.data() == bytes.data());
  CHECK(value.size() == in.offset());
  return value.size();
}

errc skip_error(const byte_buffer& bytes, std::size_t depth_max = 100) {
  decoder in{bytes};
  CHECK(in.skip_any(depth_max).empty());
  REQUIRE_FALSE(in.ok());
  return in.error().value().code;
}

}  // namespace

TEST_CASE("decoder reads a varuint of every length", "[lib0]") {
  CHECK(var_uint("00") == 0);
  CHECK(var_uint("7f") == 127);
  CHECK(var_uint("8001") == 128);
  CHECK(var_uint("ac02") == 300);
  CHECK(var_uint("ffffffff0f") == 0xffff'ffff);
  CHECK(var_uint("8080808010") == 0x1'0000'0000);
  CHECK(var_uint("ffffffffffff0f") == (std::uint64_t{1} << 46) - 1);
  CHECK(var_uint("ffffffffffffff0f") == lib0::max_safe_integer);
}

TEST_CASE("decoder accepts a varuint that is longer than necessary", "[lib0]") {
  CHECK(var_uint("8000") == 0);
  CHECK(var_uint("818000") == 1);
  CHECK(var_uint("81808080808080808080808000") == 1);
  CHECK(var_uint("ffffffffffffff8f808000") == lib0::max_safe_integer);
}

TEST_CASE("decoder rejects a varuint above 2^53 - 1", "[lib0]") {
  CHECK(var_uint_error("8080808080808010") == errc::number_too_large);  // 2^53
  CHECK(var_uint_error("ffffffffffffff1f") == errc::number_too_large);
  CHECK(var_uint_error("808080808080808001") == errc::number_too_large);
  CHECK(var_uint_error("ffffffffffffffffff01") == errc::number_too_large);
  CHECK(var_uint_error("8080808080808080808080808001") == errc::number_too_large);
}

TEST_CASE("decoder rejects a varuint that ends too early", "[lib0]") {
  CHECK(var_uint_error("") == errc::truncated);
  CHECK(var_uint_error("80") == errc::truncated);
  CHECK(var_uint_error("ffffff") == errc::truncated);
}

TEST_CASE("decoder reads signed integers with their sign kept apart", "[lib0]") {
  const auto var_int = [](std::string_view digits) {
    const byte_buffer bytes = hex(digits);
    decoder in{bytes};
    const auto value = in.read_var_int();
    CHECK(in.ok());
    CHECK(in.at_end());
    return std::pair{value.magnitude, value.is_negative};
  };
  using signed_value = std::pair<std::uint64_t, bool>;
  CHECK(var_int("00") == signed_value{0, false});
  CHECK(var_int("40") == signed_value{0, true});
  CHECK(var_int("3f") == signed_value{63, false});
  CHECK(var_int("7f") == signed_value{63, true});
  CHECK(var_int("8001") == signed_value{64, false});
  CHECK(var_int("c001") == signed_value{64, true});
  CHECK(var_int("c000") == signed_value{0, true});
  CHECK(var_int("bfffffffffffff1f") == signed_value{lib0::max_safe_integer, false});
  CHECK(var_int("ffffffffffffff9f808000") == signed_value{lib0::max_safe_integer, true});
}

TEST_CASE("decoder rejects signed integers above 2^53 - 1 or cut short", "[lib0]") {
  const auto error = [](std::string_view digits) {
    const byte_buffer bytes = hex(digits);
    decoder in{bytes};
    in.read_var_int();
    REQUIRE_FALSE(in.ok());
    return in.error().value().code;
  };
  CHECK(error("8080808080808020") == errc::number_too_large);  // 2^53
  CHECK(error("bfffffffffffff3f") == errc::number_too_large);
  CHECK(error("8080808080808080808001") == errc::number_too_large);
  CHECK(error("") == errc::truncated);
  CHECK(error("80") == errc::truncated);
  CHECK(error("ffff") == errc::truncated);
}

TEST_CASE("decoder names the field whose limit a varuint exceeds", "[lib0]") {
  const byte_buffer bytes = hex("05 06 07");
  decoder in{bytes};
  CHECK(in.read_var_uint(5, "low") == 5);
  CHECK(in.ok());
  CHECK(in.read_var_uint(5, "high") == 0);
  REQUIRE_FALSE(in.ok());
  const failure why = in.error().value();
  CHECK(why.code == errc::number_too_large);
  CHECK(why.detail == "high");
  CHECK(why.offset == 2);
}

TEST_CASE("decoder stays at its first failure", "[lib0]") {
  const byte_buffer bytes = hex("01 ff 02 03");
  decoder in{bytes};
  CHECK(in.read_uint8() == 1);
  in.fail(errc::unknown_content, "first");
  in.fail(errc::truncated, "second");
  CHECK_FALSE(in.ok());
  CHECK(in.at_end());
  CHECK(in.remaining() == 0);
  CHECK(in.read_uint8() == 0);
  CHECK(in.read_var_uint() == 0);
  CHECK(in.read_bytes(1).empty());
  CHECK(in.read_var_string("name").empty());
  CHECK(in.skip_any(10).empty());
  const failure why = in.error().value();
  CHECK(why.code == errc::unknown_content);
  CHECK(why.detail == "first");
  CHECK(why.offset == 1);
}

TEST_CASE("decoder reads bytes as views of its input", "[lib0]") {
  const byte_buffer bytes = hex("02 0a 0b 0c");
  decoder in{bytes};
  const byte_view two = in.read_var_bytes();
  CHECK(two.data() == bytes.data() + 1);
  CHECK(two.size() == 2);
  CHECK(in.offset() == 3);
  CHECK(in.remaining() == 1);
  CHECK(in.read_bytes(0).empty());
  CHECK(in.read_bytes(1)[0] == 0x0c);
  CHECK(in.at_end());
  CHECK(in.ok());
}

TEST_CASE("decoder rejects bytes that reach behind the end", "[lib0]") {
  const byte_buffer bytes = hex("03 0a 0b");
  decoder in{bytes};
  CHECK(in.read_var_bytes().empty());
  CHECK(in.error().value().code == errc::truncated);

  const byte_buffer huge = hex("ffffffffffffff0f 0a");  // 2^53 - 1 bytes
  decoder far{huge};
  CHECK(far.read_var_bytes().empty());
  CHECK(far.error().value().code == errc::truncated);
}

TEST_CASE("decoder reads strings and counts their UTF-16 units", "[lib0]") {
  const byte_buffer bytes = hex("00 | 02 6869 | 07 61 f09f9880 c3a9 | 03 efbbbf");
  decoder in{bytes};
  std::uint32_t units = 99;
  CHECK(in.read_var_string("empty", units).empty());
  CHECK(units == 0);
  CHECK(in.read_var_string("ascii", units) == "hi");
  CHECK(units == 2);
  CHECK(in.read_var_string("emoji", units) == "a\xF0\x9F\x98\x80\xC3\xA9");
  CHECK(units == 4);
  CHECK(in.read_var_string("byte order mark", units) == "\xEF\xBB\xBF");
  CHECK(units == 1);
  CHECK(in.at_end());
  CHECK(in.ok());
}

TEST_CASE("decoder rejects strings that are not UTF-8 and names them", "[lib0]") {
  for (const char* digits : {"01 ff", "02 c080", "03 eda080", "01 c3", "04 f4908080"}) {
    CAPTURE(digits);
    const byte_buffer bytes = hex(digits);
    decoder in{bytes};
    CHECK(in.read_var_string("key").empty());
    REQUIRE_FALSE(in.ok());
    CHECK(in.error().value().code == errc::invalid_utf8);
    CHECK(in.error().value().detail == "key");
  }
}

TEST_CASE("decoder rejects a count that the remaining bytes cannot hold", "[lib0]") {
  const byte_buffer fits = hex("02 00 00 00 00");
  decoder enough{fits};
  CHECK(enough.read_count(2, "pairs") == 2);
  CHECK(enough.ok());

  const byte_buffer short_by_one = hex("02 00 00 00");
  decoder too_few{short_by_one};
  CHECK(too_few.read_count(2, "pairs") == 0);
  CHECK(too_few.error().value().code == errc::truncated);
  CHECK(too_few.error().value().detail == "pairs");

  const byte_buffer huge = hex("ffffffffffffff0f 00");
  decoder many{huge};
  CHECK(many.read_count(1, "bytes") == 0);
  CHECK(many.error().value().code == errc::truncated);
}

TEST_CASE("decoder steps over every kind of any value and no further", "[lib0]") {
  CHECK(skipped("7f 00") == 1);                                       // undefined
  CHECK(skipped("7e 00") == 1);                                       // null
  CHECK(skipped("79 00") == 1);                                       // false
  CHECK(skipped("78 00") == 1);                                       // true
  CHECK(skipped("7d 40 00") == 2);                                    // -0
  CHECK(skipped("7d bf01 00") == 3);                                  // 127
  CHECK(skipped("7c 3fc00000 00") == 5);                              // 1.5
  CHECK(skipped("7b 3ff199999999999a 00") == 9);                      // 1.1
  CHECK(skipped("7a ffffffffffffffff 00") == 9);                      // -1n
  CHECK(skipped("77 02 6869 00") == 4);                               // "hi"
  CHECK(skipped("74 03 010203 00") == 5);                             // three bytes
  CHECK(skipped("75 00 00") == 2);                                    // []
  CHECK(skipped("76 00 00") == 2);                                    // {}
  CHECK(skipped("75 03 78 75 02 79 7e 7d 01 00") == 9);               // [true, [false, null], 1]
  CHECK(skipped("76 02 01 61 76 01 01 62 78 01 63 75 00 00") == 13);  // {a: {b: true}, c: []}
}

TEST_CASE("decoder rejects any values with an unknown tag", "[lib0]") {
  CHECK(skip_error(hex("73")) == errc::invalid_any);
  CHECK(skip_error(hex("80")) == errc::invalid_any);
  CHECK(skip_error(hex("00")) == errc::invalid_any);
  CHECK(skip_error(hex("ff")) == errc::invalid_any);
  CHECK(skip_error(hex("75 02 78 00")) == errc::invalid_any);
}

TEST_CASE("decoder rejects any values that end too early", "[lib0]") {
  for (const char* digits :
       {"", "7d", "7d 80", "7c 000000", "7b 00000000000000", "7a 00", "77 02 68", "74 01", "75",
        "75 01", "75 02 78", "76 01", "76 01 01 61", "76 01 02 61"})
    CHECK(skip_error(hex(digits)) == errc::truncated);
}

TEST_CASE("decoder rejects any values with strings or keys that are not UTF-8", "[lib0]") {
  CHECK(skip_error(hex("77 01 ff")) == errc::invalid_utf8);
  CHECK(skip_error(hex("76 01 01 ff 78")) == errc::invalid_utf8);
}

TEST_CASE("decoder rejects an any integer that lib0 cannot read", "[lib0]") {
  // lib0 gives up on a varInt that goes on above 2^53 - 1; a value it accepted is passed on to
  // clients, so it must not be one that makes them throw.
  CHECK(skip_error(hex("7d ffffffffffffffffff7f")) == errc::number_too_large);
  CHECK(skipped("7d bfffffffffffff1f") == 9);  // 2^53 - 1
  CHECK(skipped("7d ffffffffffffff1f") == 9);  // -(2^53 - 1)
}

TEST_CASE("decoder bounds the nesting of any values", "[lib0]") {
  const auto nested = [](std::size_t depth) {
    byte_buffer bytes;
    for (std::size_t i = 0; i < depth; ++i) {
      bytes.push_back(0x75);
      bytes.push_back(1);
    }
    bytes.push_back(0x7e);
    return bytes;
  };
  const byte_buffer just_right = nested(100);
  decoder in{just_right};
  CHECK(in.skip_any(100).size() == just_right.size());
  CHECK(in.ok());
  CHECK(skip_error(nested(101), 100) == errc::too_deep);
  CHECK(skip_error(nested(5000), 100) == errc::too_deep);
  CHECK(skip_error(nested(1), 0) == errc::too_deep);
  const byte_buffer most = nested(lib0::any_depth_limit);
  decoder capped{most};
  CHECK(capped.skip_any(5000).size() == most.size());
  CHECK(skip_error(nested(lib0::any_depth_limit + 1), 5000) == errc::too_deep);
}

TEST_CASE("decoder keeps its place in nested any objects after they close", "[lib0]") {
  // {a: [1, {b: 2}], c: 3} and then a byte of something else
  CHECK(skipped("76 02 0161 75 02 7d01 76 01 0162 7d02 0163 7d03 aa") == 18);
}

}  // namespace troupe::decoder_test
