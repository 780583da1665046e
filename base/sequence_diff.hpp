// What was inserted into a sequence and what was deleted from it, as runs. The elements are
// numbers; whoever compares texts or values numbers them first. Pure. Source: E. Myers, An O(ND)
// Difference Algorithm and Its Variations (1986).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe {

struct diff_run {
  enum class kind : std::uint8_t { equal, deleted, inserted };

  kind what = kind::equal;
  std::size_t size = 0;  ///< Never 0.

  friend bool operator==(const diff_run&, const diff_run&) = default;
};

/// The shortest list of runs that turns `before` into `after`, if it has up to `changes_max`
/// insertions and deletions between the common beginning and end; else all between these is deleted
/// and inserted. Cost: time O(length * changes), memory O(changes^2), of those that there are.
std::vector<diff_run> diff_sequences(std::span<const std::uint32_t> before,
                                     std::span<const std::uint32_t> after, std::size_t changes_max);

}  // namespace troupe
