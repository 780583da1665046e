// Decides when an index of a chain pays: long searches among concurrent insertions earn credit, and
// making an index costs some in proportion to the chain. So the indices of a document never cost
// much more than the searches that led to them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace troupe::crdt {

class scan_credit {
 public:
  /// `free_steps`: of each search, which earn nothing; ordinary documents never have more.
  explicit scan_credit(std::size_t free_steps) noexcept : free_steps_(free_steps) {}

  void add(std::size_t steps) noexcept {
    if (steps > free_steps_) earned_ += steps - free_steps_;
  }

  bool is_enough() const noexcept { return earned_ > 0 && earned_ / searches_ >= free_steps_; }

  /// Items that a chain may have for which an index may be made now.
  std::size_t items_max() const noexcept { return items_min + earned_ * items_per_step; }

  /// The credit was spent on an index, or, if `made` is false, on finding out that there is none.
  void spend(bool made) noexcept {
    earned_ = 0;
    searches_ = made ? searches_min : std::min(searches_ * 2, searches_max);
  }

 private:
  static constexpr std::size_t items_min = 64;
  static constexpr std::size_t items_per_step = 4;
  static constexpr std::size_t searches_min = 8;
  static constexpr std::size_t searches_max = std::size_t{1} << 17;

  std::size_t free_steps_;
  std::size_t earned_ = 0;
  std::size_t searches_ = searches_min;  // of free_steps_ each that make it enough
};

}  // namespace troupe::crdt
