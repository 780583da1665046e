// Numbers as people read them in the tables of `troupe inspect`: sizes, times, counts. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace troupe::inspection {

/// "0 B", "1023 B", "1.0 KiB", "12.3 MiB"
std::string size_text(std::uint64_t bytes);

/// Milliseconds: "0 ms", "999 ms", "1.0 s", "59.9 s", "2 m 05 s", "3 h 20 m", "4 d 06 h"
std::string time_text(std::uint64_t milliseconds);

/// Nanoseconds: "120 ns", "1.2 us", "3.4 ms", "5.6 s"
std::string short_time_text(std::uint64_t nanoseconds);

/// "1,234,567"
std::string count_text(std::uint64_t count);

/// "2026-01-31 12:34:56 UTC" of milliseconds since 1970; "-" of 0.
std::string date_text(std::uint64_t milliseconds);

}  // namespace troupe::inspection
