// How often one session may send presence, so that it never costs the tokens of edits. A
// y-websocket client sends back every change of presence that it receives, so its rate grows with
// the number of people; these echoes have a wide budget and are dropped above it, which loses
// nothing. What the session shows of itself has a budget of its own: above it the latest waits
// until there is room. A large one waits in memory that all sessions share. Pure; time is passed
// in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/budget.hpp"
#include "base/bytes.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/session/token_bucket.hpp"

namespace troupe {

struct presence_rates {
  std::size_t own_per_second = 100;       ///< 0: no limit. Twice as many in a burst.
  std::size_t relayed_per_second = 5000;  ///< 0: no limit. As many in a burst.
  /// Bytes of the node for what waits and is large (limits.max_large_messages); null: none.
  std::shared_ptr<budget> large_messages = nullptr;

  token_rate own() const noexcept { return {own_per_second, own_per_second * 2}; }
  token_rate relayed() const noexcept { return {relayed_per_second, relayed_per_second}; }
};

class presence_budget {
 public:
  using time_point = token_bucket::time_point;

  /// What has to wait is kept up to this size whatever others keep.
  static constexpr std::size_t small_bytes_max = std::size_t{64} * 1024;

  enum class verdict : std::uint8_t { pass, hold, drop };

  struct decision {
    verdict what = verdict::pass;
    std::uint32_t dropped = 0;  ///< Updates that are lost by it: this one, what waited, or both.
  };

  presence_budget() = default;
  presence_budget(const presence_budget&) = delete;
  presence_budget& operator=(const presence_budget&) = delete;
  ~presence_budget() { forget_held(); }

  /// What becomes of an awareness update of the session. One that passes replaces what waits.
  decision on_update(byte_view update, const presence_rates& rates, time_point now) {
    if (!is_own(update)) {
      if (take(relayed_, rates.relayed(), now)) return {verdict::pass};
      return {verdict::drop, 1};
    }
    const std::uint32_t replaced = held_.empty() ? 0 : 1;
    forget_held();
    if (take(own_, rates.own(), now)) return {verdict::pass, replaced};
    if (!hold(update, rates.large_messages)) return {verdict::drop, replaced + 1};
    return {verdict::hold, replaced};
  }

  /// What waits, once there is room for it.
  std::optional<byte_buffer> take_held(const presence_rates& rates, time_point now) {
    if (held_.empty() || !take(own_, rates.own(), now)) return std::nullopt;
    give_back();
    return std::exchange(held_, {});
  }
  bool has_held() const noexcept { return !held_.empty(); }

 private:
  static bool take(token_bucket& from, const token_rate& rate, time_point now) noexcept {
    return from.has_token(rate, now) && from.spend(rate, now);
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

  /// Returns whether there is memory for it.
  bool hold(byte_view update, const std::shared_ptr<budget>& large) {
    if (update.size() > small_bytes_max) {
      if (!large || !large->take(update.size())) return false;
      charged_to_ = large;
    }
    held_.assign(update.begin(), update.end());
    return true;
  }
  void forget_held() noexcept {
    give_back();
    byte_buffer{}.swap(held_);
  }
  void give_back() noexcept {
    if (const auto from = std::exchange(charged_to_, nullptr)) from->give_back(held_.size());
  }

  token_bucket own_;
  token_bucket relayed_;
  std::optional<std::uint64_t> own_client_;
  byte_buffer held_;
  std::shared_ptr<budget> charged_to_;  // all of held_; null: none of it
};

}  // namespace troupe
