// What was inserted into a text and what was deleted from it, for texts of any length at a bounded
// cost: the lines that differ are found first, then the words that differ in them, then the
// characters. So a word that stays is seen to stay, where characters alone could be matched with
// those of another word. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/sequence_diff.hpp"

namespace troupe {

/// Steps that diff_texts() takes at most, about; a step takes some nanoseconds.
inline constexpr std::size_t text_diff_work_max = 4'000'000;

/// Runs that turn `before` into `after`, both as code points. The shortest list where the changed
/// parts are small; where they are large and have little in common, they are deleted and inserted
/// as a whole. Cost: sorting the lines and words between the common beginning and end, and
/// `work_max` steps.
std::vector<diff_run> diff_texts(std::span<const std::uint32_t> before,
                                 std::span<const std::uint32_t> after,
                                 std::size_t work_max = text_diff_work_max);

}  // namespace troupe
