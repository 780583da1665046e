// A queue that holds no memory while it is empty, unlike std::deque. One block of memory; the room
// of removed items is reclaimed when the queue empties, or when they are more than half of it.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace troupe {

template <class T>
class fifo {
 public:
  bool empty() const noexcept { return first_ == items_.size(); }
  std::size_t size() const noexcept { return items_.size() - first_; }

  /// Requires: not empty.
  T& front() noexcept { return items_[first_]; }
  const T& front() const noexcept { return items_[first_]; }

  /// Counted from the front. Requires: index < size().
  T& at(std::size_t index) noexcept { return items_[first_ + index]; }

  void push_back(T item) { items_.push_back(std::move(item)); }

  template <class... Args>
  void emplace_back(Args&&... args) {
    items_.emplace_back(std::forward<Args>(args)...);
  }

  /// Requires: not empty.
  void pop_front() {
    items_[first_++] = T{};
    if (empty()) {
      if (items_.capacity() > kept_capacity_max) std::vector<T>{}.swap(items_);
      items_.clear();
      first_ = 0;
    } else if (first_ > sweep_min && first_ > items_.size() / 2) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  /// Frees the memory of an empty queue.
  void release_memory() {
    if (empty()) std::vector<T>{}.swap(items_);
  }

 private:
  static constexpr std::size_t kept_capacity_max = 1024;
  static constexpr std::size_t sweep_min = 64;

  std::vector<T> items_;
  std::size_t first_ = 0;
};

}  // namespace troupe
