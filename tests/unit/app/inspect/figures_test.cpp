// Numbers as people read them.
#include "app/inspect/figures.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace troupe::inspect_figures_test {

using namespace troupe::inspection;

TEST_CASE("sizes have a unit that suits them", "[inspect]") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1024) == "1.0 KiB");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(5 * 1024 * 1024) == "5.0 MiB");
  CHECK(size_text(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("times have two units at most", "[inspect]") {
  CHECK(time_text(0) == "0 ms");
  CHECK(time_text(999) == "999 ms");
  CHECK(time_text(1000) == "1.0 s");
  CHECK(time_text(59'999) == "59.9 s");
  CHECK(time_text(60'000) == "1 m 00 s");
  CHECK(time_text(3'599'000) == "59 m 59 s");
  CHECK(time_text(3'600'000) == "1 h 00 m");
  CHECK(time_text(86'400'000 + 6 * 3'600'000) == "1 d 06 h");
}

TEST_CASE("short times are in nanoseconds", "[inspect]") {
  CHECK(short_time_text(0) == "0 ns");
  CHECK(short_time_text(999) == "999 ns");
  CHECK(short_time_text(1'500) == "1.5 us");
  CHECK(short_time_text(2'500'000) == "2.5 ms");
  CHECK(short_time_text(7'000'000'000) == "7.0 s");
  CHECK(short_time_text(7'000'000'000'000) == "7000.0 s");
}

TEST_CASE("counts are grouped by three digits", "[inspect]") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(1234567) == "1,234,567");
}

TEST_CASE("dates are those of UTC", "[inspect]") {
  CHECK(date_text(0) == "-");
  CHECK(date_text(1'767'225'600'000) == "2026-01-01 00:00:00 UTC");
}

}  // namespace troupe::inspect_figures_test
