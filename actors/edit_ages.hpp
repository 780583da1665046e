// How long edits take from their arrival until they are confirmed, one figure for the edits of a
// turn. It takes no time by itself: arrivals have theirs, and confirmations ask for one only where
// an edit is confirmed. Pure. Owner: a document actor.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/fifo.hpp"
#include "storage/backend.hpp"

namespace troupe {

class edit_ages {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// While so many turns wait, as where other keepers are away for long, later ones are left out.
  static constexpr std::size_t waiting_max = 1024;

  /// Requests have come; the first of a turn counts for its edits.
  void on_arrival(time_point now) noexcept {
    if (!arrived_) arrived_ = now;
  }

  /// The turn ends with the log at this number; `has_edits`: some of it is new.
  void on_turn_end(storage::sequence last, bool has_edits) {
    if (arrived_ && has_edits && waiting_.size() < waiting_max)
      waiting_.push_back({last, *arrived_});
    arrived_.reset();
  }

  bool has_confirmed(storage::sequence up_to) const noexcept {
    return !waiting_.empty() && waiting_.front().last <= up_to;
  }

  /// Calls `report(age)` for each turn whose edits are confirmed by now.
  template <class Report>
  void confirm(storage::sequence up_to, time_point now, Report&& report) {
    for (; has_confirmed(up_to); waiting_.pop_front()) report(now - waiting_.front().arrived);
  }

  void release_memory() { waiting_.release_memory(); }

 private:
  struct turn {
    storage::sequence last = 0;
    time_point arrived;
  };

  std::optional<time_point> arrived_;  // of the first of this turn
  fifo<turn> waiting_;
};

}  // namespace troupe
