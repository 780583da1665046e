// The heartbeat of one session: when to ping, when a peer that does not answer counts as gone, and
// when a client that receives nothing needs a keep-alive. Time is passed in. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe {

struct pulse_settings {
  std::chrono::milliseconds interval{30'000};  ///< Between two pings.
  std::chrono::milliseconds timeout{60'000};   ///< Without a sign of life until the peer is gone.
};

class pulse {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A y-websocket client drops a connection on which it receives nothing for 30 s.
  static constexpr std::chrono::seconds keep_alive_after{20};

  enum class action : std::uint8_t { none, ping, terminate };

  explicit pulse(time_point now) noexcept : last_ping_(now), last_pong_(now) {}

  /// The connection is open; the time before does not count.
  void restart(time_point now) noexcept { last_ping_ = last_pong_ = now; }

  void on_pong(time_point now) noexcept { last_pong_ = now; }

  /// What is due now. While reading is paused pongs are not seen, so the peer cannot be late.
  /// `last_life`: when it last gave another sign of life: on a slow link a pong may wait behind
  /// much else.
  action on_second(time_point now, time_point last_life, bool is_reading_paused,
                   const pulse_settings& settings) noexcept {
    if (is_reading_paused) {
      last_pong_ = now;
      return action::none;
    }
    if (now - std::max(last_pong_, last_life) >= settings.timeout) return action::terminate;
    if (now - last_ping_ < settings.interval) return action::none;
    last_ping_ = now;
    return action::ping;
  }

  static bool needs_keep_alive(time_point now, time_point last_sent) noexcept {
    return now - last_sent >= keep_alive_after;
  }

  time_point last_pong() const noexcept { return last_pong_; }

 private:
  time_point last_ping_;
  time_point last_pong_;
};

}  // namespace troupe
