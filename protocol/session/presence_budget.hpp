// How often one session may send presence, so that it never costs the tokens of edits. A
// y-websocket client sends back every change of presence that it hears, so its rate grows with the
// number of people; these echoes have a wide budget and are dropped above it, which loses nothing.
// What the session shows of itself has a budget of its own: above it the latest waits until there
// is room. Pure; time is passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/session/token_bucket.hpp"

namespace troupe {

struct presence_rates {
  std::size_t own_per_second = 100;       ///< 0: no limit. Twice as many in a burst.
  std::size_t relayed_per_second = 5000;  ///< 0: no limit. As many in a burst.
};

class presence_budget {
 public:
  using time_point = token_bucket::time_point;

  /// A frame of presence that has to wait is kept up to this size; a larger one is dropped.
  static constexpr std::size_t held_bytes_max = std::size_t{64} * 1024;

  enum class verdict : std::uint8_t { pass, hold, drop };

  struct decision {
    verdict what = verdict::pass;
    std::uint32_t dropped = 0;  ///< Updates that are lost by it: this one, what waited, or both.
  };

  presence_budget(const presence_rates& rates, time_point now) noexcept
      : own_(static_cast<double>(rates.own_per_second),
             static_cast<double>(rates.own_per_second * 2), now),
        relayed_(static_cast<double>(rates.relayed_per_second),
                 static_cast<double>(rates.relayed_per_second), now) {}

  /// What becomes of an awareness update of the session. One that passes replaces what waits.
  decision on_update(byte_view update, time_point now) {
    if (!is_own(update)) {
      if (take(relayed_, now)) return {verdict::pass};
      return {verdict::drop, 1};
    }
    const std::uint32_t replaced = held_.empty() ? 0 : 1;
    held_.clear();
    if (take(own_, now)) return {verdict::pass, replaced};
    if (update.size() > held_bytes_max) return {verdict::drop, replaced + 1};
    held_.assign(update.begin(), update.end());
    return {verdict::hold, replaced};
  }

  /// What waits, once there is room for it.
  std::optional<byte_buffer> take_held(time_point now) {
    if (held_.empty() || !take(own_, now)) return std::nullopt;
    return std::exchange(held_, {});
  }
  bool has_held() const noexcept { return !held_.empty(); }

 private:
  static bool take(token_bucket& from, time_point now) noexcept {
    return from.has_token(now) && from.spend(now);
  }

  /// Whether the update is of one client, the first that the session has shown alone: y-websocket
  /// shows its own client first.
  bool is_own(byte_view update) noexcept {
    lib0::decoder in{update};
    const std::uint64_t count = in.read_var_uint();
    const std::uint64_t client = in.read_var_uint();
    if (!in.ok() || count != 1) return false;
    if (!own_client_) own_client_ = client;
    return client == *own_client_;
  }

  token_bucket own_;
  token_bucket relayed_;
  std::optional<std::uint64_t> own_client_;
  byte_buffer held_;
};

}  // namespace troupe
