// Which connections the server closed lately, by visitor and cause, so that a client that comes
// back at once, again and again, waits for the answer to its upgrade. Clients before y-websocket
// 3.1 retry ten times a second after any close that follows an open, for ever.
//
// A visitor is an address and a user at one document, so nobody waits for what happens in another
// document. Whoever is closed once comes back at once. From the second time for the same cause
// within half a minute, the answers to this visitor come late and one by one. They are refusals
// where the cause would meet everybody of the document, and where more wait than have a turn.
// Otherwise the upgrade continues: behind an address there may be others, whose edits are good.
//
// Bounded in visitors and in waiting connections; what has no room is not delayed. Thread: any.
// Time is passed in.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/close_reason.hpp"

namespace troupe {

/// A hash of the address, the user and the document; 0: of nobody.
using visitor_id = std::uint64_t;

/// Whether the server closed a connection for what its client did, or found; not for its end, its
/// silence or the end of the server.
bool is_refusal(close_reason cause) noexcept;

class recent_refusals {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::milliseconds;

  /// After so long without a close the cause is forgotten.
  static constexpr std::chrono::seconds forgotten_after{30};
  /// Closes that follow each other faster are one occasion: several clients met the same cause.
  static constexpr duration occasion{100};
  /// How long an answer waits: doubles with each occasion.
  static constexpr duration first_delay{250};
  static constexpr duration delay_max{2000};
  /// Between two answers to one visitor.
  static constexpr duration gap{300};
  /// Whose turn would come later is refused then. So long that a crowd of thirty has a turn: where
  /// some have none, those who were just closed would take what comes free.
  static constexpr duration wait_max{10'000};
  /// How long a cause that meets everybody is assumed to last: doubles with each occasion.
  static constexpr duration first_shut{1000};
  static constexpr duration shut_max{8000};

  explicit recent_refusals(std::size_t visitors_max = 4096, std::size_t waiting_max = 1000)
      : visitors_max_(visitors_max), waiting_max_(waiting_max) {}

  /// The server has closed a connection of the visitor, or the connection has ended otherwise.
  void note(visitor_id who, close_reason why, time_point now);

  /// Why an upgrade is refused.
  struct refusal {
    close_reason cause;
    std::chrono::seconds retry_after;
  };
  /// How an upgrade is answered: after `wait`, by a refusal if there is one; otherwise
  /// refusal_after_wait() decides. A wait counts as one until end_wait().
  struct turn {
    duration wait{0};
    std::optional<refusal> refused;
    std::optional<close_reason> cause;  ///< Why it waits, or is refused.
  };
  turn begin(visitor_id who, time_point now);
  std::optional<refusal> refusal_after_wait(visitor_id who, time_point now);
  void end_wait();

  std::size_t visitors() const;
  std::size_t waiting() const;

 private:
  struct streak {
    close_reason cause = close_reason::peer_closed;
    std::uint32_t occasions = 0;
    time_point counted_at;
    time_point last;
  };
  /// Several causes of one visitor, the oldest of which makes room for another.
  struct visitor {
    std::array<streak, 3> streaks;
    time_point next_turn;
    time_point last;
  };

  /// The longest streak that is not forgotten; null: none that delays.
  const streak* find_streak(visitor_id who, time_point now) const;
  visitor* find_or_add(visitor_id who, time_point now);

  const std::size_t visitors_max_;
  const std::size_t waiting_max_;
  mutable std::mutex mutex_;  // guards the rest
  std::unordered_map<visitor_id, visitor> visitors_;
  std::size_t waiting_ = 0;
  time_point swept_at_;
};

}  // namespace troupe
