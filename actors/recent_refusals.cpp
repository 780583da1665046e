#include "actors/recent_refusals.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Whom a cause of a close would meet at the next attempt.
enum class meets : std::uint8_t { nobody, the_client, everybody };

meets who_meets(close_reason cause) noexcept {
  switch (cause) {
    case close_reason::peer_closed:
    case close_reason::server_stopping:
    case close_reason::node_restarting:
    case close_reason::heartbeat_timeout:
    case close_reason::io_error: return meets::nobody;
    case close_reason::server_at_capacity:
    case close_reason::too_many_documents:
    case close_reason::storage_unavailable: return meets::everybody;
    default: return meets::the_client;
  }
}

/// Occasions after which a client still comes back at once. A full server is one at once.
std::uint32_t free_occasions(close_reason cause) noexcept {
  return who_meets(cause) == meets::everybody ? 0 : 1;
}

template <class Duration>
Duration doubled(Duration first, std::uint32_t times, Duration most) noexcept {
  return std::min(first * (1 << std::min(times, 10U)), most);
}

std::chrono::seconds whole_seconds(std::chrono::steady_clock::duration time) noexcept {
  return std::max(std::chrono::ceil<std::chrono::seconds>(time), std::chrono::seconds{1});
}

}  // namespace

bool is_refusal(close_reason cause) noexcept { return who_meets(cause) != meets::nobody; }

void recent_refusals::note(visitor_id who, close_reason why, time_point now) {
  if (who == 0 || !is_refusal(why)) return;
  const std::lock_guard lock{mutex_};
  visitor* const of = find_or_add(who, now);
  if (of == nullptr) return;
  of->last = now;
  const auto same = std::ranges::find_if(of->streaks, [&](const streak& each) {
    return each.occasions > 0 && each.cause == why && now - each.last < forgotten_after;
  });
  if (same == of->streaks.end()) {
    *std::ranges::min_element(of->streaks, {}, &streak::last) = {why, 1, now, now};
    return;
  }
  same->last = now;
  if (now - same->counted_at < occasion) return;
  same->counted_at = now;
  ++same->occasions;
}

recent_refusals::visitor* recent_refusals::find_or_add(visitor_id who, time_point now) {
  if (const auto found = visitors_.find(who); found != visitors_.end()) return &found->second;
  if (visitors_.size() >= visitors_max_ && now - swept_at_ >= std::chrono::seconds{1}) {
    swept_at_ = now;
    std::erase_if(visitors_,
                  [&](const auto& one) { return now - one.second.last >= forgotten_after; });
  }
  return visitors_.size() < visitors_max_ ? &visitors_[who] : nullptr;
}

const recent_refusals::streak* recent_refusals::find_streak(visitor_id who, time_point now) const {
  const auto found = visitors_.find(who);
  if (found == visitors_.end()) return nullptr;
  const streak* longest = nullptr;
  for (const streak& each : found->second.streaks) {
    const bool delays = each.occasions > free_occasions(each.cause);
    if (!delays || now - each.last >= forgotten_after) continue;
    if (longest == nullptr || each.occasions > longest->occasions) longest = &each;
  }
  return longest;
}

recent_refusals::turn recent_refusals::begin(visitor_id who, time_point now) {
  const std::lock_guard lock{mutex_};
  const streak* const of = find_streak(who, now);
  if (of == nullptr) return {};
  const refusal no_turn{of->cause, whole_seconds(delay_max)};
  if (waiting_ >= waiting_max_) return {duration{0}, no_turn, of->cause};
  ++waiting_;
  const std::uint32_t counted = of->occasions - free_occasions(of->cause) - 1;
  time_point& next = visitors_.at(who).next_turn;
  const time_point mine = std::max(next, now + doubled(first_delay, counted, delay_max));
  if (mine - now > wait_max) return {wait_max, no_turn, of->cause};
  next = mine + gap;
  return {std::chrono::ceil<duration>(mine - now), std::nullopt, of->cause};
}

std::optional<recent_refusals::refusal> recent_refusals::refusal_after_wait(visitor_id who,
                                                                            time_point now) {
  const std::lock_guard lock{mutex_};
  const streak* const of = find_streak(who, now);
  if (of == nullptr || who_meets(of->cause) != meets::everybody) return std::nullopt;
  const auto shut = of->last + doubled(first_shut, of->occasions - 1, shut_max) - now;
  if (shut <= shut.zero()) return std::nullopt;
  return refusal{of->cause, whole_seconds(shut)};
}

void recent_refusals::end_wait() {
  const std::lock_guard lock{mutex_};
  --waiting_;
}

std::size_t recent_refusals::visitors() const {
  const std::lock_guard lock{mutex_};
  return visitors_.size();
}

std::size_t recent_refusals::waiting() const {
  const std::lock_guard lock{mutex_};
  return waiting_;
}

}  // namespace troupe
