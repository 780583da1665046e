// Whether the peer of one session gives a sign of life when somebody asks for it, sooner than its
// heartbeat would show: asked, it is pinged, and looked at a moment later. Whatever leaves a doubt
// counts as life. Time is passed in. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "protocol/document_id.hpp"

namespace troupe {

class life_check {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// For the answer to the ping.
  static constexpr std::chrono::milliseconds patience{1'000};
  /// A look that comes later than that says nothing: it was not the peer who was late.
  static constexpr std::chrono::milliseconds lateness_max{500};

  /// Returns whether the peer is to be pinged now, and look() called after `patience`; if not, it
  /// was already.
  bool ask(document_id by, time_point now) {
    const bool is_first = asked_by_.empty();
    if (is_first) asked_at_ = now;
    if (std::ranges::find(asked_by_, by) == asked_by_.end()) asked_by_.push_back(by);
    return is_first;
  }

  /// The documents that have asked, if the peer has given no sign of life since. `may_be_held_up`:
  /// its answer may have come and is not read, or the ping waits behind other output.
  std::vector<document_id> look(time_point now, time_point last_life, bool may_be_held_up) {
    auto asked_by = std::exchange(asked_by_, {});
    const bool is_late = now - asked_at_ > patience + lateness_max;
    if (is_late || may_be_held_up || last_life >= asked_at_) asked_by.clear();
    return asked_by;
  }

 private:
  std::vector<document_id> asked_by_;
  time_point asked_at_;
};

}  // namespace troupe
