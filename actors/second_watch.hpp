// Notices that the whole process has stood still, as on a laptop whose lid was closed: what should
// come each second comes late. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

namespace troupe {

class second_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A second that comes this late tells of a pause.
  static constexpr std::chrono::seconds pause_min{3};

  /// A second has passed. Returns whether there was a pause before it.
  bool on_second(time_point now) noexcept {
    const auto last = std::exchange(last_, now);
    return last && now - *last > pause_min;
  }

 private:
  std::optional<time_point> last_;
};

}  // namespace troupe
