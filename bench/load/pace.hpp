// The schedule of an open loop: each of several actors acts `rate` times a second, evenly spread,
// at moments that do not depend on how fast the server answers. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace troupe::load {

class pace {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct turn {
    std::size_t writer;
    time_point at;
  };

  /// A rate of 0 means never.
  pace(time_point start, double rate, std::size_t actors)
      : start_(start), actors_(actors), step_seconds_(1 / (rate * static_cast<double>(actors))) {}

  /// The next turn, if its moment has come.
  std::optional<turn> next_due(time_point now) {
    const time_point at = next_moment();
    if (at > now) return std::nullopt;
    return turn{count_++ % actors_, at};
  }

  time_point next_moment() const {
    const std::chrono::duration<double> since{step_seconds_ * static_cast<double>(count_ + 1)};
    if (since > longest) return time_point::max();
    return start_ + std::chrono::duration_cast<time_point::duration>(since);
  }

 private:
  static constexpr std::chrono::hours longest{24};

  time_point start_;
  std::size_t actors_;
  double step_seconds_;
  std::size_t count_ = 0;
};

}  // namespace troupe::load
