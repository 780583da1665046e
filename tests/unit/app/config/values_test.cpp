#include "app/config/values.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

namespace troupe::values_test {

using namespace std::chrono_literals;

TEST_CASE("a size is plain bytes or a number with a decimal or binary unit", "[config]") {
  struct row {
    std::string_view text;
    std::uint64_t bytes;
  };
  constexpr std::array rows{row{"0", 0},         row{"65536", 65536},   row{"1B", 1},
                            row{"3kB", 3000},    row{"2MB", 2'000'000}, row{"1GB", 1'000'000'000},
                            row{"64KiB", 65536}, row{"1 MiB", 1 << 20}, row{"4GiB", 4ull << 30}};
  for (const row& each : rows) {
    INFO(each.text);
    const auto size = parse_size(each.text);
    REQUIRE(size.has_value());
    CHECK(*size == each.bytes);
  }
}

TEST_CASE("a size with another unit, a fraction, a sign or nothing is refused", "[config]") {
  for (const std::string_view text :
       {"", " ", "MiB", "1mb", "1M", "1.5MiB", "-1", "+1", "0x10", "1MiBs", "1 MiB ",
        "99999999999999999999", "18446744073709551615", "9999999999GiB"}) {
    INFO(text);
    const auto size = parse_size(text);
    REQUIRE_FALSE(size.has_value());
    CHECK(size.error().code == errc::invalid_config);
    CHECK_FALSE(size.error().detail.empty());
  }
}

TEST_CASE("a duration has a unit", "[config]") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  for (const std::string_view text :
       {"", "s", "1.5s", "-1s", "1d", "1 sec", "99999999999999999h"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("a duration without a unit is refused with a hint", "[config]") {
  const auto duration = parse_duration("30");
  REQUIRE_FALSE(duration.has_value());
  CHECK(duration.error().detail == "\"30\" has no unit; write 30s or 30ms");
}

TEST_CASE("a count is decimal digits only", "[config]") {
  CHECK(parse_count("0") == 0u);
  CHECK(parse_count("18446744073709551615") == UINT64_MAX);
  for (const std::string_view text :
       {"", "-1", "+1", "1 ", " 1", "1e3", "0x1", "1_000", "18446744073709551616"}) {
    INFO(text);
    CHECK_FALSE(parse_count(text).has_value());
  }
}

TEST_CASE("an address is IPv4 or IPv6, not a host name", "[config]") {
  for (const std::string_view text :
       {"127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1", "::ffff:10.0.0.1"}) {
    INFO(text);
    CHECK(parse_address(text) == std::string{text});
  }
  for (const std::string_view text :
       {"", "localhost", "1.2.3", "256.0.0.1", "1.2.3.4:80", "[::1]", "example.org"}) {
    INFO(text);
    CHECK_FALSE(parse_address(text).has_value());
  }
}

TEST_CASE("a log level is one of four words", "[config]") {
  for (const log_level level :
       {log_level::error, log_level::warning, log_level::info, log_level::debug})
    CHECK(parse_log_level(to_string(level)) == level);
  CHECK_FALSE(parse_log_level("INFO").has_value());
  CHECK_FALSE(parse_log_level("").has_value());
}

TEST_CASE("sizes and durations are written in the shortest exact notation and read back",
          "[config]") {
  for (const std::uint64_t bytes :
       {0ull, 1ull, 1000ull, 1024ull, 1500ull, 1ull << 20, 3ull << 29, 4ull << 30}) {
    INFO(format_size(bytes));
    CHECK(parse_size(format_size(bytes)) == bytes);
  }
  for (const auto duration :
       {0ms, 1ms, 1500ms, 60'000ms, 90'000ms, 300'000ms, 3'600'000ms, 86'400'000ms}) {
    INFO(format_duration(duration));
    CHECK(parse_duration(format_duration(duration)) == duration);
  }
  CHECK(format_size(1 << 20) == "1MiB");
  CHECK(format_duration(60s) == "60s");
  CHECK(format_duration(1h) == "1h");
}

}  // namespace troupe::values_test
