// The awareness (presence) of one document: for each client a clock and a JSON state, owned by the
// session that last sent it. A state vanishes with its session, when its client clears it, and when
// it was not renewed for `state_age_max`. Clocks of vanished clients are remembered for a while, so
// that a late frame does not bring a ghost back.
// Format: varUint count, then (varUint client, varUint clock, varString JSON or `null`) each.
// Source: y-protocols 1.0 awareness.js.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/session_id.hpp"

namespace troupe::sync {

/// One client of an awareness update.
struct awareness_entry {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;
  std::string_view state;  ///< JSON text; "null": it is gone.
};

/// Reads the clients of an awareness update that awareness::encode has made, in their order.
/// `visit(entry)` gets views into `update`.
void for_each_entry(byte_view update, const std::function<void(const awareness_entry&)>& visit);

class awareness {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using client_id = std::uint64_t;

  /// Clients renew their state every 15 s and drop others after 30 s.
  static constexpr std::chrono::seconds state_age_max{30};
  /// States that the server holds for a session are renewed as often.
  static constexpr std::chrono::seconds own_renewal{15};
  /// How long the clock of a vanished client is remembered.
  static constexpr std::chrono::seconds clock_age_max{60};
  static constexpr std::size_t clients_max = 20'000;
  static constexpr std::size_t state_depth_max = 100;
  /// Bytes of all states together.
  static constexpr std::size_t state_bytes_max = std::size_t{16} * 1024 * 1024;

  /// Applies a session's update, whole or not at all. A first state with clock 0 is ignored, as
  /// clients do. Returns the clients whose clock advanced or whose state vanished.
  /// Fails with truncated, trailing_bytes, number_too_large, invalid_utf8, invalid_json,
  /// too_many_clients, state_too_large.
  result<std::vector<client_id>> apply(byte_view update, session_id from, time_point now);

  /// Sets the state that the server holds for a session, as JSON text; "null" clears it. Unlike
  /// others it is renewed by expire() as long as the session is there, and its clock is kept as
  /// long even if it is cleared. Returns whether anything changed for others (false: it was cleared
  /// already). Fails with too_many_clients.
  result<bool> set_own(client_id client, std::string_view state, session_id owner, time_point now);

  /// Removes the states that belong to a session; returns whose.
  std::vector<client_id> remove_session(session_id session, time_point now);

  /// Removes states that were not renewed, renews those of set_own() and forgets old clocks;
  /// returns the clients whose states are to be sent to others.
  std::vector<client_id> expire(time_point now);

  /// The one client that an update shows, if it shows one and no other. Nothing if the update
  /// cannot be read.
  static std::optional<awareness_entry> only_client_of(byte_view update);

  /// The entries of `clients` as an awareness update; a vanished state is `null`.
  byte_buffer encode(const std::vector<client_id>& clients) const;

  /// That a client is gone, under this clock.
  static byte_buffer encode_gone(client_id client, std::uint64_t clock);

  /// All states.
  byte_buffer encode_all() const;

  /// All states, and `null` for clients that vanished a short while ago.
  byte_buffer encode_known() const;

  /// All states as JSON text, each with the session that owns it.
  std::vector<std::pair<session_id, std::string_view>> states_by_owner() const;

  /// The state of a client; "null" if it has none.
  std::string_view state_of(client_id client) const;

  /// Whether its clock is remembered, and whether its state, or the place of a state that
  /// set_own() has cleared, is that of this session.
  bool knows(client_id client) const { return entries_.contains(client); }
  /// The last clock that is known of a client; 0: none.
  std::uint64_t clock_of(client_id client) const {
    const auto found = entries_.find(client);
    return found == entries_.end() ? 0 : found->second.clock;
  }
  bool is_owned_by(client_id client, session_id session) const;

  bool has_states() const noexcept { return state_count_ > 0; }

 private:
  struct entry {
    std::uint64_t clock = 0;
    std::string state;  ///< JSON; empty: the state has vanished.
    session_id owner = no_session;
    time_point updated;
    bool is_own = false;  ///< Set by set_own().
  };
  result<void> decode(byte_view update);
  bool accepts(const awareness_entry& incoming) const;
  void set_state(entry& of, std::string_view state);
  void remove(entry& of, time_point now);

  std::unordered_map<client_id, entry> entries_;
  std::vector<awareness_entry> decoded_;  // kept for its memory
  std::size_t state_count_ = 0;
  std::size_t state_bytes_ = 0;
};

}  // namespace troupe::sync
