// Which updates of one document were sent, and which clients have them. Each writer's updates are
// numbered; an update is done when every other client of the document has it. Counts by clocks, so
// that it does not matter how a server cuts or joins updates. Pure: time is passed in.
#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "bench/load/histogram.hpp"
#include "bench/load/update_ranges.hpp"

namespace troupe::load {

/// Sums over all documents.
struct delivery_counts {
  std::uint64_t sent = 0;       ///< Updates.
  std::uint64_t done = 0;       ///< Updates that all others have.
  std::uint64_t delivered = 0;  ///< Updates times receivers.
  std::uint64_t repeated = 0;   ///< Arrived again at a client that had them; allowed.
  std::uint64_t gaps = 0;       ///< A later update arrived while an earlier one was missing.
  std::uint64_t lost = 0;       ///< Deliveries that those gaps skipped.
  std::uint64_t foreign = 0;    ///< Ranges of clients that do not write here.
};

class delivery_book {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Latencies are recorded for updates that were due in here only.
  struct window {
    time_point begin = time_point::max();
    time_point end = time_point::max();
  };

  struct shape {
    std::size_t clients = 0;  ///< The first `writers` of them write, client i as first_author + i.
    std::size_t writers = 0;
    unsigned characters = 1;  ///< In each update.
    crdt::client_id first_author = 0;
  };

  delivery_book(const shape& document, delivery_counts& counts, histogram& latencies,
                const window& measured);

  /// A writer sends its next update, which was due at `due`.
  void sent(std::size_t writer, time_point due);

  /// A client received these clocks. Calls `on_done(writer)` for each update that this completes.
  template <class OnDone>
  void received(std::size_t receiver, const id_range& range, time_point now, OnDone&& on_done) {
    received(receiver, range, now, on_done, latencies_);
  }

  /// Likewise, with another place for the latencies of what this brings.
  template <class OnDone>
  void received(std::size_t receiver, const id_range& range, time_point now, OnDone&& on_done,
                histogram& latencies) {
    const std::size_t writer = range.client - shape_.first_author;
    if (range.client < shape_.first_author || writer >= shape_.writers) {
      ++counts_.foreign;
      return;
    }
    if (writer == receiver) return;  // its own echo
    const std::size_t done = advance(receiver, writer, range, now, latencies);
    for (std::size_t i = 0; i < done; ++i) on_done(writer);
  }

  std::size_t outstanding(std::size_t writer) const noexcept {
    return writers_[writer].updates.size();
  }
  /// Deliveries that have not arrived yet, of updates that were sent.
  std::uint64_t missing() const noexcept;

 private:
  struct update {
    time_point due;
    std::size_t receivers_left;
  };
  struct writer_state {
    std::deque<update> updates;  // not done yet
    std::uint64_t first = 0;     // the number of the front one
    std::uint64_t next = 0;      // of the next one to be sent
  };

  std::size_t advance(std::size_t receiver, std::size_t writer, const id_range& range,
                      time_point now, histogram& latencies);

  shape shape_;
  delivery_counts& counts_;
  histogram& latencies_;
  const window& measured_;
  std::vector<writer_state> writers_;
  std::vector<crdt::clock_type> positions_;  // by receiver, then writer: the next clock
};

}  // namespace troupe::load
