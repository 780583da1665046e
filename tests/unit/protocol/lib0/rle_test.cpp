#include "protocol/lib0/rle.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

#include "base/utf8.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::rle_test {

using lib0::max_safe_integer;
using test::hex;
using test::to_hex;

namespace {

using values = std::vector<std::uint64_t>;

/// Values and the bytes that lib0 0.2.120 writes for them.
struct golden {
  values written;
  std::string bytes;
};

/// A value as often as the count says.
values times(std::uint64_t value, std::size_t count) { return values(count, value); }

values joined(values first, const values& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const std::vector<golden> bytes_in_runs = {
    // RleEncoder over writeUint8
    {{}, ""},
    {{7}, "07"},
    {{0, 0}, "00"},
    {{255, 255, 255}, "ff"},
    {{1, 1, 2, 3, 3, 3, 0}, "01010200030200"},
    {joined(times(9, 300), {1}), "09ab0201"},
    {{1, 2, 1, 2}, "01000200010002"},
};

const std::vector<golden> optional_runs = {
    // UintOptRleEncoder
    {{}, ""},
    {{0}, "00"},
    {{0, 0}, "4000"},
    {times(0, 5), "4003"},
    {{1}, "01"},
    {{1, 1}, "4100"},
    {{1, 1, 1}, "4101"},
    {{1, 2, 2, 3, 0, 0, 5}, "01420003400005"},
    {{63}, "3f"},
    {{64}, "8001"},
    {times(64, 130), "c0018001"},
    {{max_safe_integer}, "bfffffffffffff1f"},
    {{max_safe_integer, max_safe_integer}, "ffffffffffffff1f00"},
    {{0xffff'ffff, 0xffff'ffff, 1}, "ffffffff1f0001"},
};

const std::vector<golden> differences = {
    // IntDiffOptRleEncoder
    {{}, ""},
    {{0}, "00"},
    {{0, 0, 0}, "0101"},
    {{1}, "02"},
    {{1, 2, 3, 4, 5}, "0303"},
    {{0, 1, 2, 3}, "000301"},
    {{10, 8, 6, 4, 4, 4}, "1443010100"},
    {{0, 1'000'000, 3}, "008092f401fa91f401"},
    {{5, 5, 5}, "0a0100"},
    {{31, 63, 95}, "3e810100"},
    {{0x8000'0000, 0, 0x8000'0000}, "8080808020c0808080208080808020"},
    {{100, 0}, "8803c803"},
    {{std::uint64_t{1} << 51, 0, 5}, "8080808080808010c0808080808080100a"},
};

template <class Encoder>
std::string written(const values& of) {
  Encoder out;
  for (const std::uint64_t value : of) out.write(value);
  return to_hex(out.finish());
}

template <>
std::string written<lib0::rle_encoder>(const values& of) {
  lib0::rle_encoder out;
  for (const std::uint64_t value : of) out.write(static_cast<std::uint8_t>(value));
  return to_hex(out.view());
}

template <class Decoder>
values read(const byte_buffer& column, std::size_t count) {
  Decoder in{column};
  values found;
  for (std::size_t i = 0; i < count; ++i) found.push_back(in.read());
  CHECK(in.input().ok());
  CHECK(in.input().at_end());
  return found;
}

template <class Encoder, class Decoder>
void check_golden(const std::vector<golden>& cases) {
  for (const golden& each : cases) {
    INFO(each.bytes);
    CHECK(written<Encoder>(each.written) == each.bytes);
    CHECK(read<Decoder>(hex(each.bytes), each.written.size()) == each.written);
  }
}

/// Reads until something fails; the failure, and how many values came before it.
template <class Decoder>
std::pair<errc, std::size_t> first_failure(const byte_buffer& column) {
  Decoder in{column};
  for (std::size_t count = 0; count < 1000; ++count) {
    in.read();
    if (!in.input().ok()) return {in.input().error().value().code, count};
  }
  FAIL("nothing failed");
  return {};
}

/// Values with runs and jumps, up to `max`.
values random_values(std::mt19937& random, std::uint64_t max) {
  values all;
  while (all.size() < 200) {
    const std::uint64_t scale = std::uint64_t{1} << random() % 54;
    const std::uint64_t value = (random() * std::uint64_t{0x1'0000'0001}) % scale % (max + 1);
    const std::size_t run = random() % 3 == 0 ? 1 + random() % 40 : 1;
    const std::uint64_t step = random() % 2 == 0 ? 0 : random() % 5;
    for (std::size_t i = 0; i < run; ++i) all.push_back(std::min(value + i * step, max));
  }
  return all;
}

}  // namespace

TEST_CASE("runs of bytes are written and read as lib0 does", "[lib0][rle]") {
  check_golden<lib0::rle_encoder, lib0::rle_decoder>(bytes_in_runs);
}

TEST_CASE("optional runs are written and read as lib0 does", "[lib0][rle]") {
  check_golden<lib0::uint_opt_rle_encoder, lib0::uint_opt_rle_decoder>(optional_runs);
}

TEST_CASE("runs of differences are written and read as lib0 does", "[lib0][rle]") {
  check_golden<lib0::int_diff_opt_rle_encoder, lib0::int_diff_opt_rle_decoder>(differences);
}

TEST_CASE("a string column is written as lib0 does", "[lib0][rle]") {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, "0100"},
      {{"", ""}, "03004000"},
      {{"a", "b", "cc", ""}, "09046162636341000200"},
      {{"\u00e4", "\U0001f600", "x"}, "0b07c3a4f09f988078010201"},
      {{"ab", "cd", "ef"}, "09066162636465664201"},
  };
  for (const auto& [texts, expected] : cases) {
    lib0::string_encoder column;
    for (const std::string& text : texts)
      column.write(text, *utf16_length_if_valid(as_bytes(text)));
    lib0::encoder out;
    column.finish(out);
    CHECK(to_hex(out.view()) == expected);
  }
}

TEST_CASE("what the run-length encoders write, their decoders read", "[lib0][rle]") {
  std::mt19937 random{7};
  for (int round = 0; round < 200; ++round) {
    const values small = random_values(random, 255);
    CHECK(read<lib0::rle_decoder>(hex(written<lib0::rle_encoder>(small)), small.size()) == small);
    const values any = random_values(random, max_safe_integer);
    const std::string runs = written<lib0::uint_opt_rle_encoder>(any);
    CHECK(read<lib0::uint_opt_rle_decoder>(hex(runs), any.size()) == any);
    const values half = random_values(random, max_safe_integer / 4);
    const std::string steps = written<lib0::int_diff_opt_rle_encoder>(half);
    CHECK(read<lib0::int_diff_opt_rle_decoder>(hex(steps), half.size()) == half);
  }
}

TEST_CASE("a run of zeros is told from a single zero by its sign alone", "[lib0][rle]") {
  const byte_buffer column = hex("40 01 00 05");  // -0 and a count: three zeros; then 0, 5
  lib0::uint_opt_rle_decoder in{column};
  for (const std::uint64_t expected : {0, 0, 0, 0, 5}) CHECK(in.read() == expected);
  CHECK(in.input().at_end());
}

TEST_CASE("the last run of bytes never ends, the runs of numbers do", "[lib0][rle]") {
  const byte_buffer endless = hex("05 01 07");
  lib0::rle_decoder bytes{endless};
  for (const int expected : {5, 5, 7, 7, 7, 7, 7, 7}) CHECK(bytes.read() == expected);
  CHECK(bytes.input().ok());
  CHECK(first_failure<lib0::uint_opt_rle_decoder>(hex("41 00 02")) ==
        std::pair{errc::truncated, std::size_t{3}});
  CHECK(first_failure<lib0::int_diff_opt_rle_decoder>(hex("03 00 02")) ==
        std::pair{errc::truncated, std::size_t{3}});
}

TEST_CASE("an empty or cut column fails when it is read, not before", "[lib0][rle]") {
  CHECK(first_failure<lib0::rle_decoder>({}) == std::pair{errc::truncated, std::size_t{0}});
  CHECK(first_failure<lib0::uint_opt_rle_decoder>({}) ==
        std::pair{errc::truncated, std::size_t{0}});
  CHECK(first_failure<lib0::int_diff_opt_rle_decoder>({}) ==
        std::pair{errc::truncated, std::size_t{0}});
  CHECK(first_failure<lib0::rle_decoder>(hex("05 80")).first == errc::truncated);
  CHECK(first_failure<lib0::uint_opt_rle_decoder>(hex("41")).first == errc::truncated);
  CHECK(first_failure<lib0::uint_opt_rle_decoder>(hex("80")).first == errc::truncated);
  CHECK(first_failure<lib0::int_diff_opt_rle_decoder>(hex("03")).first == errc::truncated);
  CHECK(lib0::rle_decoder{{}}.input().ok());
}

TEST_CASE("numbers of a column above 2^53 - 1 or below 0 are refused", "[lib0][rle]") {
  CHECK(first_failure<lib0::uint_opt_rle_decoder>(hex("80808080808080 20")).first ==
        errc::number_too_large);
  CHECK(first_failure<lib0::int_diff_opt_rle_decoder>(hex("42")) ==  // -1
        std::pair{errc::number_too_large, std::size_t{0}});
  CHECK(first_failure<lib0::int_diff_opt_rle_decoder>(hex("04 43 03")) ==  // 2, then -2 each
        std::pair{errc::number_too_large, std::size_t{2}});
  // 2^52 - 1 again and again: the third sum is too large.
  CHECK(first_failure<lib0::int_diff_opt_rle_decoder>(hex("bfffffffffffff 1f ffffffffffffff 0f")) ==
        std::pair{errc::number_too_large, std::size_t{2}});
}

TEST_CASE("a run of 2^53 values costs nothing until it is read", "[lib0][rle]") {
  const byte_buffer zeros = hex("40 ffffffffffffff0f");
  lib0::uint_opt_rle_decoder runs{zeros};
  const byte_buffer same = hex("09 ffffffffffffff0f 01");
  lib0::rle_decoder bytes{same};
  const byte_buffer still = hex("01 ffffffffffffff0f");
  lib0::int_diff_opt_rle_decoder steps{still};
  for (int i = 0; i < 100'000; ++i) {
    REQUIRE(runs.read() == 0);
    REQUIRE(bytes.read() == 9);
    REQUIRE(steps.read() == 0);
  }
  CHECK(runs.input().ok());
  CHECK(bytes.input().ok());
  CHECK(steps.input().ok());
}

}  // namespace troupe::rle_test
