// When something that others publish is fetched again: now and then, sooner after a failure,
// soonest until it has been there once, and when somebody misses something in it, but then never
// more often than a least time apart. Pure; times come from the caller.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe::webhook {

class refresh_schedule {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    std::chrono::milliseconds every{std::chrono::minutes{10}};
    std::chrono::milliseconds after_failure{std::chrono::minutes{1}};
    std::chrono::milliseconds least{std::chrono::minutes{1}};  ///< Between two fetches.
  };

  explicit refresh_schedule(settings with) : settings_(with) {}

  enum class step : std::uint8_t {
    fetch_now,  ///< The caller does.
    wait,       ///< It is being fetched.
    too_soon,   ///< What there is must do for now.
  };
  /// Somebody misses something.
  step on_missing(time_point now) {
    if (is_fetching_) return step::wait;
    if (begun_ && now - *begun_ < settings_.least) return step::too_soon;
    begin(now);
    return step::fetch_now;
  }

  /// Whether the caller fetches now, because it is time.
  bool on_tick(time_point now) {
    if (is_fetching_ || (due_ && now < *due_)) return false;
    begin(now);
    return true;
  }

  void on_done(bool is_good, time_point now) {
    is_fetching_ = false;
    was_good_ = was_good_ || is_good;
    due_ = now + (is_good ? settings_.every : was_good_ ? settings_.after_failure : next_retry_);
    next_retry_ = std::min(2 * next_retry_, settings_.after_failure);
  }

  bool is_fetching() const noexcept { return is_fetching_; }

 private:
  void begin(time_point now) {
    is_fetching_ = true;
    begun_ = now;
  }

  settings settings_;
  bool is_fetching_ = false;
  bool was_good_ = false;
  std::chrono::milliseconds next_retry_{std::chrono::seconds{1}};  // doubles until was_good_
  std::optional<time_point> begun_;                                // the last fetch
  std::optional<time_point> due_;                                  // nothing: at once
};

}  // namespace troupe::webhook
