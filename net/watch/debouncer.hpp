// Delays the report of a change until the changed thing has been quiet for a while, at the latest a
// fixed multiple of that while after its first change. Pure: time is passed in. One thread at a
// time.
//
// It does not limit how many names wait: the owner checks size().
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

class debouncer {
 public:
  using clock = std::chrono::steady_clock;

  /// A name that never becomes quiet is due this many quiet times after its first change.
  static constexpr int quiet_multiple_max = 10;

  explicit debouncer(std::chrono::milliseconds quiet) : quiet_(quiet) {}

  /// `name` has changed. Constant cost.
  void note(std::string_view name, clock::time_point now);

  /// Removes and returns one name that is due, the longest waiting first, or nothing.
  std::optional<std::string> take_due(clock::time_point now);

  /// When to call take_due again, or nothing if nothing waits. May be too early, never too late.
  std::optional<clock::time_point> next_look() const;

  /// How many names wait.
  std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct span {
    clock::time_point first, last;
  };
  struct look {
    clock::time_point at;
    const std::string* name;  ///< The key in waiting_.

    friend bool operator>(const look& a, const look& b) noexcept { return a.at > b.at; }
  };

  clock::time_point due(const span& changes) const;

  std::chrono::milliseconds quiet_;
  std::unordered_map<std::string, span> waiting_;
  // One for each waiting name. A change does not move it: take_due puts it back if the name has
  // changed since.
  std::priority_queue<look, std::vector<look>, std::greater<>> looks_;
};

}  // namespace troupe
