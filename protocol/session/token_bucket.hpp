// How many messages a client may still send: `rate` tokens come back per second, up to `burst`.
// Time is passed in. A rate of 0 means no limit.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe {

class token_bucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  token_bucket(double rate, double burst, time_point now) noexcept
      : rate_(static_cast<float>(rate)),
        burst_(static_cast<float>(std::max(burst, 1.0))),
        tokens_(burst_),
        refilled_(now) {}

  /// Spends a token for a message that has come. Returns whether there was one; if not, the debt is
  /// remembered.
  bool spend(time_point now) noexcept {
    if (rate_ == 0) return true;
    refill(now);
    tokens_ -= 1;
    return tokens_ >= 0;
  }

  /// Whether the next message would find a token.
  bool has_token(time_point now) noexcept {
    if (rate_ == 0) return true;
    refill(now);
    return tokens_ >= 1;
  }

  /// How long until has_token() holds; zero if it does.
  std::chrono::milliseconds wait_for_token(time_point now) noexcept {
    if (has_token(now)) return std::chrono::milliseconds{0};
    return std::chrono::milliseconds{1 + static_cast<std::int64_t>((1 - tokens_) / rate_ * 1000)};
  }

 private:
  void refill(time_point now) noexcept {
    const std::chrono::duration<double> passed = now - refilled_;
    tokens_ = std::min<double>(burst_, tokens_ + passed.count() * rate_);
    refilled_ = now;
  }

  float rate_;  // these two need no more digits
  float burst_;
  double tokens_;
  time_point refilled_;
};

}  // namespace troupe
