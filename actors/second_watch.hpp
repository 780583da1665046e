// Notices that the whole process has stood still, as on a laptop whose lid was closed: what should
// come each second comes late. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "protocol/session/pulse.hpp"

namespace troupe {

class second_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// A second that comes this late tells of a pause.
  static constexpr std::chrono::milliseconds pause_max{3000};
  /// One that comes a little late is that of a busy process.
  static constexpr std::chrono::milliseconds pause_min{1250};

  /// A shorter pause is taken for one where the heartbeat leaves a client less time than
  /// `pause_max` for its answer to a ping. Pings come with the seconds.
  explicit second_watch(const pulse_settings& heartbeat) noexcept
      : pause_(std::clamp<duration>(
            heartbeat.timeout - std::max<duration>(heartbeat.interval, std::chrono::seconds{1}),
            pause_min, pause_max)) {}

  /// A second has passed. Returns whether there was a pause before it.
  bool on_second(time_point now) noexcept {
    const auto last = std::exchange(last_, now);
    return last && now - *last > pause_;
  }

 private:
  duration pause_;
  std::optional<time_point> last_;
};

}  // namespace troupe
