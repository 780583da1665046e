// An amount that many share, such as places or bytes, and how much of it is used. Pure.
// Thread: any.
#pragma once

#include <atomic>
#include <cstddef>

namespace troupe {

class budget {
 public:
  explicit budget(std::size_t max) noexcept : max_(max) {}

  /// Returns whether there was room; then the amount has to be given back.
  bool take(std::size_t amount) noexcept {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (amount > max_ || used > max_ - amount) return false;
    } while (!used_.compare_exchange_weak(used, used + amount, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::size_t amount) noexcept {
    used_.fetch_sub(amount, std::memory_order_relaxed);
  }

  /// What somebody uses has changed from one amount to another, whether there is room or not.
  void change(std::size_t from, std::size_t to) noexcept {
    used_.fetch_add(to - from, std::memory_order_relaxed);  // wraps where it shrinks
  }

  /// How much more there is now; somebody else may take it at the same time.
  std::size_t room() const noexcept {
    const std::size_t used = this->used();
    return used < max_ ? max_ - used : 0;
  }
  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace troupe
