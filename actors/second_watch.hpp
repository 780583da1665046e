// Notices that the whole process has stood still, as on a laptop whose lid was closed: what should
// come each second comes late. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "protocol/session/pulse.hpp"

namespace troupe {

class second_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// A second that comes this late means a pause.
  static constexpr std::chrono::milliseconds pause_max{3000};
  /// One that comes a little late is that of a busy process.
  static constexpr std::chrono::milliseconds pause_min{1250};

  /// A shorter pause counts as one where the heartbeat leaves a client less time than
  /// `pause_max` for its answer to a ping. Pings come with the seconds.
  second_watch(const pulse_settings& heartbeat, time_point begins) noexcept
      : pause_(std::clamp<duration>(
            heartbeat.timeout - std::max<duration>(heartbeat.interval, std::chrono::seconds{1}),
            pause_min, pause_max)),
        last_(begins) {}

  /// A second has passed. Returns whether there was a pause before it.
  bool on_second(time_point now) noexcept { return now - std::exchange(last_, now) > pause_; }

 private:
  duration pause_;
  time_point last_;
};

}  // namespace troupe
