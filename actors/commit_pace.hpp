// How often the store commits while many updates come. A sync costs the same for one update as for
// a hundred, much of it CPU time that documents and sockets need. So behind a commit of many
// updates the next one begins no sooner than a moment after that began, with all that has come
// meanwhile. Few updates, those of people who type, are committed at once, and a disk that takes
// longer than that moment is never waited for. Pure: time is passed in. Owner: the store actor.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace troupe {

class commit_pace {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// From so many updates in one commit on, the next one waits.
  static constexpr std::size_t updates_min = 24;
  /// From the begin of such a commit to that of the next.
  static constexpr std::chrono::microseconds interval{800};

  void on_commit(std::size_t updates, time_point began) noexcept {
    next_at_ = updates >= updates_min ? began + interval : time_point{};
  }

  /// How long to wait before the next commit.
  duration wait(time_point now) const noexcept { return std::max(duration{}, next_at_ - now); }

 private:
  time_point next_at_{};
};

}  // namespace troupe
