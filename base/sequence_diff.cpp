#include "base/sequence_diff.hpp"

#include <algorithm>

namespace troupe {

namespace {

using elements = std::span<const std::uint32_t>;

void add(std::vector<diff_run>& to, diff_run::kind what, std::size_t size) {
  if (size == 0) return;
  if (!to.empty() && to.back().what == what)
    to.back().size += size;
  else
    to.push_back({what, size});
}

/// The edits between two sequences, last first: true deletes, false inserts; between them what is
/// equal. Empty if there are more than `changes_max`, or none.
class search {
 public:
  search(elements before, elements after, std::size_t changes_max)
      : before_(before), after_(after), changes_max_(static_cast<std::ptrdiff_t>(changes_max)) {}

  /// Returns whether the end was reached.
  bool run() {
    const auto size_before = static_cast<std::ptrdiff_t>(before_.size());
    const auto size_after = static_cast<std::ptrdiff_t>(after_.size());
    for (std::ptrdiff_t changes = 0; changes <= changes_max_; ++changes) {
      // Of each diagonal (how many more of `before` than of `after` are used), how far it reaches.
      reached_.emplace_back(static_cast<std::size_t>(2 * changes + 1), std::ptrdiff_t{-1});
      for (std::ptrdiff_t diagonal = -changes; diagonal <= changes; diagonal += 2) {
        std::ptrdiff_t at = changes == 0 ? 0 : start_of(changes, diagonal);
        if (at > size_before || at - diagonal > size_after) continue;
        while (at < size_before && at - diagonal < size_after &&
               before_[static_cast<std::size_t>(at)] ==
                   after_[static_cast<std::size_t>(at - diagonal)])
          ++at;
        reached(changes, diagonal) = at;
        if (at == size_before && at - diagonal == size_after) return true;
      }
    }
    return false;
  }

  /// Requires: run() returned true.
  std::vector<diff_run> runs() {
    std::vector<diff_run> backwards;
    auto changes = static_cast<std::ptrdiff_t>(reached_.size()) - 1;
    auto at = static_cast<std::ptrdiff_t>(before_.size());
    std::ptrdiff_t diagonal = at - static_cast<std::ptrdiff_t>(after_.size());
    for (; changes > 0; --changes) {
      const bool deletes = is_deletion(changes, diagonal);
      const std::ptrdiff_t start = start_of(changes, diagonal);
      add(backwards, diff_run::kind::equal, static_cast<std::size_t>(at - start));
      add(backwards, deletes ? diff_run::kind::deleted : diff_run::kind::inserted, 1);
      at = deletes ? start - 1 : start;
      diagonal += deletes ? -1 : 1;
    }
    add(backwards, diff_run::kind::equal, static_cast<std::size_t>(at));
    std::ranges::reverse(backwards);
    return backwards;
  }

 private:
  std::ptrdiff_t& reached(std::ptrdiff_t changes, std::ptrdiff_t diagonal) {
    return reached_[static_cast<std::size_t>(changes)]
                   [static_cast<std::size_t>(diagonal + changes)];
  }
  /// -1 beyond the diagonals of so many changes.
  std::ptrdiff_t reach(std::ptrdiff_t changes, std::ptrdiff_t diagonal) {
    return diagonal < -changes || diagonal > changes ? -1 : reached(changes, diagonal);
  }

  /// Whether the last change on the way to a diagonal is a deletion: that leads farther.
  bool is_deletion(std::ptrdiff_t changes, std::ptrdiff_t diagonal) {
    const std::ptrdiff_t by_deletion = reach(changes - 1, diagonal - 1);
    const std::ptrdiff_t by_insertion = reach(changes - 1, diagonal + 1);
    return by_deletion >= 0 && by_deletion + 1 > by_insertion;
  }
  /// Where the last change on the way to a diagonal ends; beyond the end if there is no way.
  std::ptrdiff_t start_of(std::ptrdiff_t changes, std::ptrdiff_t diagonal) {
    if (is_deletion(changes, diagonal)) return reach(changes - 1, diagonal - 1) + 1;
    const std::ptrdiff_t by_insertion = reach(changes - 1, diagonal + 1);
    return by_insertion >= 0 ? by_insertion : static_cast<std::ptrdiff_t>(before_.size()) + 1;
  }

  elements before_;
  elements after_;
  std::ptrdiff_t changes_max_;
  std::vector<std::vector<std::ptrdiff_t>> reached_;  // by changes, then by diagonal
};

}  // namespace

std::vector<diff_run> diff_sequences(elements before, elements after, std::size_t changes_max) {
  const std::size_t shorter = std::min(before.size(), after.size());
  std::size_t front = 0;
  while (front < shorter && before[front] == after[front]) ++front;
  std::size_t back = 0;
  while (back < shorter - front &&
         before[before.size() - 1 - back] == after[after.size() - 1 - back])
    ++back;
  const elements old_part = before.subspan(front, before.size() - front - back);
  const elements new_part = after.subspan(front, after.size() - front - back);

  std::vector<diff_run> runs;
  add(runs, diff_run::kind::equal, front);
  search between{old_part, new_part, changes_max};
  if (old_part.empty() || new_part.empty() || !between.run()) {
    add(runs, diff_run::kind::deleted, old_part.size());
    add(runs, diff_run::kind::inserted, new_part.size());
  } else {
    for (const diff_run& each : between.runs()) add(runs, each.what, each.size);
  }
  add(runs, diff_run::kind::equal, back);
  return runs;
}

}  // namespace troupe
