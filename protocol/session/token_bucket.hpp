// How many messages a client may still send: so many tokens come back per second, up to a burst.
// The rate stands once in the settings of all; a bucket is one point in time, since ten thousand
// idle sessions hold two each. Time is passed in. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe {

/// How fast tokens come back, and how many there are at most.
class token_rate {
 public:
  using duration = std::chrono::nanoseconds;

  /// `per_second` 0: no limit. A burst is of one token at least.
  constexpr token_rate(std::size_t per_second, std::size_t burst) noexcept
      : interval_(per_second == 0
                      ? duration{0}
                      : duration{std::chrono::seconds{1}} / static_cast<std::int64_t>(per_second)),
        depth_(interval_ * static_cast<std::int64_t>(std::max<std::size_t>(burst, 1))) {}

  /// Between two tokens; zero: no limit.
  constexpr duration interval() const noexcept { return interval_; }
  /// In which an empty bucket becomes full.
  constexpr duration depth() const noexcept { return depth_; }

 private:
  duration interval_;
  duration depth_;
};

/// Full at first.
class token_bucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Spends a token for a message that has come. Returns whether there was one; if not, the debt is
  /// remembered.
  bool spend(const token_rate& rate, time_point now) noexcept {
    full_at_ = std::max(full_at_, now) + rate.interval();
    return full_at_ - now <= rate.depth();
  }

  /// Whether the next message would find a token.
  bool has_token(const token_rate& rate, time_point now) const noexcept {
    return lacking(rate, now) <= token_rate::duration::zero();
  }

  /// Whether nothing is missing.
  bool is_full(time_point now) const noexcept { return full_at_ <= now; }

  /// How long until has_token() holds; zero if it does.
  std::chrono::milliseconds wait_for_token(const token_rate& rate, time_point now) const noexcept {
    const auto wait = lacking(rate, now);
    if (wait <= token_rate::duration::zero()) return std::chrono::milliseconds{0};
    return std::chrono::milliseconds{1} +
           std::chrono::duration_cast<std::chrono::milliseconds>(wait);
  }

 private:
  /// How long until there is a token.
  token_rate::duration lacking(const token_rate& rate, time_point now) const noexcept {
    return std::max(full_at_, now) - now + rate.interval() - rate.depth();
  }

  time_point full_at_{};  // when it will be full again
};

}  // namespace troupe
