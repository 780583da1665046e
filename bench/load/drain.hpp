// The end of a run: waits for what is still under way.
#pragma once

#include "bench/load/delivery_book.hpp"
#include "bench/load/event_loop.hpp"

namespace troupe::load {

/// Turns until every client has everything, or until nothing has arrived for a while: a slow server
/// has not lost anything.
inline void drain(event_loop& loop, const delivery_counts& counts) {
  constexpr std::chrono::seconds silence_max{5};
  constexpr std::chrono::seconds draining_max{60};
  const auto is_over = [&] { return counts.sent == counts.done || counts.gaps > 0; };
  const loop_clock::time_point end = loop_clock::now() + draining_max;
  while (!is_over() && loop_clock::now() < end) {
    const std::uint64_t before = counts.delivered;
    loop.turn_until([&] { return is_over() || counts.delivered != before; },
                    loop_clock::now() + silence_max);
    if (counts.delivered == before) return;
  }
}

}  // namespace troupe::load
