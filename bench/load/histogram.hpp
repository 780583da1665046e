// Counts durations in buckets whose width grows with them: 32 to each power of two, so a percentile
// is off by at most three per cent and recording one is a few instructions. Fixed size, no
// allocation.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe::load {

class histogram {
 public:
  void record(std::chrono::nanoseconds duration) noexcept {
    ++counts_[bucket_of(duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count()))];
    ++total_;
  }

  std::uint64_t total() const noexcept { return total_; }

  /// The middle of the bucket in which the given share (0 to 1) of all durations is reached; zero
  /// if there are none.
  std::chrono::nanoseconds at(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted || (seen == total_ && counts_[i] > 0)) return middle_of(i);
    }
    return {};
  }

 private:
  static constexpr unsigned precision = 5;  // bits behind the leading one that tell buckets apart
  static constexpr std::size_t per_power = std::size_t{1} << precision;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < per_power) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - precision - 1;
    return shift * per_power + static_cast<std::size_t>(value >> shift);
  }

  static std::chrono::nanoseconds middle_of(std::size_t bucket) noexcept {
    if (bucket < 2 * per_power) return std::chrono::nanoseconds{bucket};
    const std::size_t shift = bucket / per_power - 1;
    const std::uint64_t low = (bucket - shift * per_power) << shift;
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(low + (std::uint64_t{1} << shift) / 2)};
  }

  std::array<std::uint64_t, (64 - precision + 1) * per_power> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace troupe::load
