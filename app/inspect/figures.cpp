#include "app/inspect/figures.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace troupe::inspection {

namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, values...);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Two units, the smaller with two digits.
std::string two_units(std::uint64_t large, const char* large_unit, std::uint64_t small,
                      const char* small_unit) {
  return std::to_string(large) + " " + large_unit +
         formatted(" %02u ", static_cast<unsigned>(small)) + small_unit;
}

constexpr std::uint64_t second = 1000;
constexpr std::uint64_t minute = 60 * second;
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t day = 24 * hour;

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  constexpr double step = 1024;
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / step;
  std::size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  return formatted("%.1f ", value) + units[unit];
}

std::string time_text(std::uint64_t milliseconds) {
  if (milliseconds < second) return std::to_string(milliseconds) + " ms";
  if (milliseconds < minute)
    return formatted("%.1f s", static_cast<double>(milliseconds / 100) / 10);
  if (milliseconds < hour)
    return two_units(milliseconds / minute, "m", milliseconds % minute / second, "s");
  if (milliseconds < day)
    return two_units(milliseconds / hour, "h", milliseconds % hour / minute, "m");
  return two_units(milliseconds / day, "d", milliseconds % day / hour, "h");
}

std::string short_time_text(std::uint64_t nanoseconds) {
  constexpr std::array<const char*, 3> units{"us", "ms", "s"};
  constexpr double step = 1000;
  if (nanoseconds < 1000) return std::to_string(nanoseconds) + " ns";
  double value = static_cast<double>(nanoseconds) / step;
  std::size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  return formatted("%.1f ", value) + units[unit];
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string date_text(std::uint64_t milliseconds) {
  if (milliseconds == 0) return "-";
  const auto seconds = static_cast<std::time_t>(milliseconds / second);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "-";
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%F %T UTC", &parts);
  return {text.data(), size};
}

}  // namespace troupe::inspection
