// How often something that others cause may be logged: once per key and interval, with the number
// of times since. The keys come from outside, so their number is bounded, too. Pure: time is passed
// in. The owner guards it if several threads use it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace troupe {

/// The end of a line that was due: nothing for the first, else " (5 since the last such line)".
inline std::string since_last_line(std::uint64_t count) {
  return count == 1 ? "" : " (" + std::to_string(count) + " since the last such line)";
}

class log_quota {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  explicit log_quota(duration interval = std::chrono::minutes{1}, std::size_t keys_max = 64)
      : interval_(interval), keys_max_(keys_max) {}

  /// Notes that it happened. Returns how often it has since the last line, this time included, if a
  /// line is due; else 0. Where there are too many keys, the others count as one.
  std::uint64_t note(std::string_view key, time_point now);

 private:
  struct entry {
    time_point logged_at;
    std::uint64_t since = 0;
  };

  bool is_due(const entry& of, time_point now) const noexcept {
    return now - of.logged_at >= interval_;
  }

  duration interval_;
  std::size_t keys_max_;
  std::map<std::string, entry, std::less<>> entries_;
};

}  // namespace troupe
