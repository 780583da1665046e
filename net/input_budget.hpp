// Memory for large messages that have arrived in part or are not handled yet, shared by all
// connections of a node: a thousand clients that come back with a large document each must not
// exhaust it. Pure. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>

namespace troupe {

class input_budget {
 public:
  explicit input_budget(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

  /// Returns whether there was room; then the bytes have to be given back.
  bool take(std::size_t bytes) noexcept {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > bytes_max_ || used > bytes_max_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace troupe
