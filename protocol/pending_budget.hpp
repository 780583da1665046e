// How much memory the waiting updates of all documents of a node take together, and how much they
// may take. Each hosted document charges what waits in it. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>

namespace troupe {

class pending_budget {
 public:
  explicit pending_budget(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

  /// How much more may wait now. Another document may take it at the same time: the total is kept
  /// but for one update per thread.
  std::size_t room() const noexcept {
    const std::size_t used = used_.load(std::memory_order_relaxed);
    return used < bytes_max_ ? bytes_max_ - used : 0;
  }
  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

  /// What waited in a document has changed from one size to another.
  void change(std::size_t from, std::size_t to) noexcept {
    used_.fetch_add(to - from, std::memory_order_relaxed);  // wraps where it shrinks
  }

 private:
  std::atomic<std::size_t> used_ = 0;
  std::size_t bytes_max_;
};

}  // namespace troupe
