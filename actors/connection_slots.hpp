// How many connections the node has and may have. The supervisor's figure, kept in an atomic so
// that an I/O thread decides over a newcomer without asking.
#pragma once

#include <atomic>
#include <cstddef>

namespace troupe {

class connection_slots {
 public:
  explicit connection_slots(std::size_t connections_max) : connections_max_(connections_max) {}

  /// Takes a place. Returns whether there was one; if so, release() gives it back. Thread: any.
  bool acquire() noexcept {
    std::size_t taken = connections_.load(std::memory_order_relaxed);
    while (taken < connections_max_)
      if (connections_.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed))
        return true;
    return false;
  }
  void release() noexcept { connections_.fetch_sub(1, std::memory_order_relaxed); }

  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }

 private:
  const std::size_t connections_max_;
  std::atomic<std::size_t> connections_{0};
};

}  // namespace troupe
