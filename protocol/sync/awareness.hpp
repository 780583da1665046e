// The awareness (presence) of one document: for each client a clock and a JSON state.
// A client belongs to the session that shows it first by itself, and only that session changes it;
// its state goes when the session goes. A session that says of itself that it is a client of
// another session claims it: its last state is kept, and it gets the client once the other one is
// gone. Sessions are numbered in the order in which they connect: what one opens with is no claim
// to a client that a later one has shown, only late. What a session relays of clients whose session
// is not here (another tab relayed it) belongs to nobody: anybody may renew it, and it vanishes
// when nobody does, or with the last one who relayed it. So does what a session shows first
// together with others, as yrs does, which greets with all that it knows: it gets the one of them
// that it renews alone. Clocks of vanished clients are remembered for a while, so that a late frame
// does not bring a ghost back. What finds no room, or is no JSON, is left out; the rest of its
// update is not. Format: varUint count, then (varUint client, varUint clock, varString JSON or
// `null`) each. Source: y-protocols 1.0 awareness.js.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
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
  /// So are those of a client that is silent while its session is there, as a hidden tab of a
  /// browser is, which wakes once a minute.
  static constexpr std::chrono::seconds silent_renewal{25};
  /// How long the clock of a vanished client is remembered.
  static constexpr std::chrono::seconds clock_age_max{60};
  static constexpr std::size_t clients_max = 20'000;
  /// Above it there is no room for further clients that are only relayed.
  static constexpr std::size_t relayed_clients_max = clients_max / 2;
  static constexpr std::size_t state_depth_max = 100;
  /// Bytes of all states together.
  static constexpr std::size_t state_bytes_max = std::size_t{16} * 1024 * 1024;
  /// What one session has shown or relayed, remembered clocks included.
  static constexpr std::size_t session_clients_max = 64;
  static constexpr std::size_t session_bytes_max = std::size_t{1024} * 1024;
  /// A clock that jumps further, or beyond the last, would leave its client, which counts on from
  /// it, no numbers.
  static constexpr std::uint64_t clock_step_max = std::uint64_t{1} << 32;
  static constexpr std::uint64_t clock_max = (std::uint64_t{1} << 53) - (std::uint64_t{1} << 20);
  /// With more clients that show a state, or more bytes of states, clocks are not raised twice:
  /// everyone would receive the state of everyone.
  static constexpr std::size_t raised_again_max = 100;
  static constexpr std::size_t raised_again_bytes_max = std::size_t{256} * 1024;
  /// Nor if all have received more bytes for it: so many at once, and this many a second. Somebody
  /// who comes back again and again would cost all of them the whole room each time.
  static constexpr std::size_t raised_again_bytes_per_second = std::size_t{16} * 1024;
  /// How far the clock that some have received may be ahead of the one of its client; see
  /// raise_for().
  static constexpr std::uint64_t raised_by_max = 2;
  /// A client that others may remember, from before this node was started or from elsewhere, is
  /// shown under a clock so far ahead of its own at first: beyond one that was raised then.
  static constexpr std::uint64_t raised_at_first = raised_by_max + 1;
  /// Bytes from which on encode_in_parts() begins another part; less where messages are smaller.
  static constexpr std::size_t part_size_max = std::size_t{64} * 1024;
  static constexpr std::size_t default_message_size_max = std::size_t{1024} * 1024;
  /// Around one state in an update, however far its clock is counted: the number of clients, id,
  /// clock, length of the state.
  static constexpr std::size_t framing_size_max = 3 + 8 + 8 + 5;

  /// Of at most so many sessions it is remembered that they have relayed a client.
  static constexpr std::size_t relayers_max = 8;

  /// Who sends an update.
  struct sender {
    session_id session = no_session;
    /// It has received no presence yet, so what it shows is no echo.
    bool is_opening = false;
    /// It may be the one, come back, to which a client of another session belongs.
    bool may_take_over = false;
    /// A JSON value that each of its states gets as `user`, whatever it says; empty: none.
    std::string_view stamp = {};
    /// It may show the client that it is, and relay nobody.
    bool shows_own_only = false;
    /// Others may have seen the client that it announces elsewhere, under a clock of up to
    /// raised_by_max more, and that it vanished; they ignore it under those that they know.
    bool may_be_known = false;
  };
  /// A client that belongs to another session than before.
  struct handed_over {
    client_id client = 0;
    session_id to = no_session;
  };
  /// What became of an update.
  struct applied {
    std::vector<client_id> changed;  ///< Whose clock advanced or whose state vanished.
    std::size_t left_out = 0;        ///< Entries with news that were rejected.
    std::optional<failure> why;      ///< The first of them was not.
    /// The client that it shows under a clock that others may know already, and the clock that it
    /// is to count on from: notified that it is gone under this one, it does so, keeps its state,
    /// and shows it anew, unless it is a provider of Hocuspocus 4, which only counts.
    std::optional<std::pair<client_id, std::uint64_t>> counts_from;
    /// Of a first update with several clients: those that others know to be gone, and those that
    /// the session may not relay, each with its clock. Notified, it shows its own client anew, and
    /// drops the others, if they are gone.
    std::vector<std::pair<client_id, std::uint64_t>> gone;
  };

  /// `message_size_max`: the largest update that a client may send (limits.max_message_size).
  /// Clients send back what they receive, so all that is shown fits into such updates, also when
  /// the clocks are raised, the states stamped, and the JSON is rewritten.
  explicit awareness(std::size_t message_size_max = default_message_size_max) noexcept
      : message_size_max_(message_size_max) {}

  /// Applies a session's update, entry by entry; of several of one client only the first. A first
  /// state with clock 0 is ignored, as clients do. Left out is what is not_owner, quota_exceeded
  /// (of the session), too_many_clients, state_too_large (of a message, of the document),
  /// invalid_json, invalid_utf8, number_too_large (a clock that jumps), and from where it cannot be
  /// read the rest (truncated, trailing_bytes, number_too_large).
  applied apply(byte_view update, const sender& by, time_point now);

  /// Takes what a peer says its sessions show: they belong to `peer` (peer_session) from then on. A
  /// client of a session of this node goes over to it if it shows a newer clock there, since the
  /// client has moved. `is_all`: whatever else belonged to it is gone. The budget of a session is
  /// ignored, the one of the document counts. Left out and failures as apply().
  applied apply_of_peer(byte_view update, session_id peer, bool is_all, time_point now);

  struct raised {
    std::vector<byte_buffer> for_all;  ///< What all must receive first, in parts.
    std::vector<client_id> clients;    ///< Whose clocks were raised.
  };

  /// The states of all other clients for a client that has come back. It has dropped them but knows
  /// their clocks still, so each gets the next one, which nobody else has received yet. If it was
  /// raised before, all others receive that, unless there are many or this happens often; the
  /// client then sees them when they move or renew. Source: y-websocket 1.5 to 3.1, which drops
  /// states when its connection ends; y-protocols 1.0, which keeps the clocks.
  raised raise_for(std::optional<client_id> returning, time_point now);

  /// Sets the state that the server holds for a session, as JSON text; "null" clears it. Unlike
  /// others it is renewed by expire() as long as the session is there, and its clock is kept as
  /// long even if it is cleared. Returns whether anything changed for others (false: it was cleared
  /// already). Fails with too_many_clients, state_too_large, quota_exceeded.
  result<bool> set_own(client_id client, std::string_view state, session_id owner, time_point now);

  /// Removes the states that belong to a session, or that it alone has relayed; those that another
  /// session claims go over to that one. Returns the clients that changed.
  std::vector<client_id> remove_session(session_id session, time_point now);

  /// The client that a session says it is while it belongs to another one.
  std::optional<client_id> claimed_by(session_id session) const;

  /// The clients of a session that seems to be dead go over to those who claim them, as far as
  /// `may_have(claimant)`; if it speaks all the same, it gets them back. Returns which.
  std::vector<client_id>
  hand_over_from(session_id owner, const std::function<bool(session_id)>& may_have, time_point now);

  /// What has gone over to whoever claimed it since the last call. These sessions were not notified
  /// that they are shown, and under which clock.
  std::vector<handed_over> take_handed_over() { return std::exchange(handed_over_, {}); }

  /// Removes states that were not renewed, renews those of sessions and forgets old clocks;
  /// returns the clients whose states are to be sent to others.
  std::vector<client_id> expire(time_point now);

  /// The one client that an update shows, if it shows one and no other. Nothing if the update
  /// cannot be read.
  static std::optional<awareness_entry> only_client_of(byte_view update);

  /// The entries of `clients` as an awareness update; a vanished state is `null`.
  byte_buffer encode(std::span<const client_id> clients) const;

  /// The same as several updates of at most `part_size_max`, or what a message may have if that is
  /// less; one has more only for a single larger state, which fits into a message.
  std::vector<byte_buffer> encode_in_parts(std::span<const client_id> clients) const;

  /// That clients are gone, each under its clock.
  static byte_buffer encode_gone(std::span<const std::pair<client_id, std::uint64_t>> clients);
  static byte_buffer encode_gone(client_id client, std::uint64_t clock);

  /// The clients that show a state.
  std::vector<client_id> shown() const;

  /// Those of them whose sessions are on this node.
  std::vector<client_id> shown_here() const;

  /// The clients that show a state, and those that vanished a short while ago.
  std::vector<client_id> known() const;

  /// All states as JSON text, each with the session that owns it (no_session: it is relayed).
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
  /// The session to which a client belongs; no_session: to none.
  session_id owner_of(client_id client) const;

  bool has_states() const noexcept { return state_count_ > 0; }

 private:
  /// Who counts the clock of a client on.
  enum class counting : std::uint8_t {
    client,            ///< The client, or whoever relays it.
    client_is_behind,  ///< The client, but all have received a clock that it has not counted to.
    server,            ///< The server, which holds the state: set_own().
  };
  struct entry {
    std::uint64_t clock = 0;
    std::uint64_t published_clock =
        0;              ///< The clock that all have received; one less if it was raised since.
    std::string state;  ///< JSON; empty: the state has vanished.
    std::size_t size_when_rewritten = 0;
    session_id owner = no_session;
    session_id payer = no_session;         ///< In whose budget it counts.
    session_id taken_from = no_session;    ///< That owned it before, and may be here still.
    session_id announced_by = no_session;  ///< The session of this node that owned it last.
    time_point updated;
    counting counts = counting::client;
    /// The last that the session or peer has sent to whom it belongs.
    std::uint64_t sent_clock = 0;
    /// All have received its client under this clock, to which it counts once it was notified that
    /// it is gone under the one before; what it sends before that is new all the same. 0: none.
    std::uint64_t raised_to = 0;
    std::uint64_t changed_in = 0;  ///< The number of the update.
    /// Other sessions than the payer that have shown it while it belonged to nobody.
    std::vector<session_id> also_relayed_by;
    bool is_relayed_by_many = false;  ///< More than that.
  };
  /// What a session shows of the client that it claims.
  struct claim {
    std::uint64_t clock = 0;
    std::string state;         ///< In the budget of the session.
    std::uint64_t number = 0;  ///< Of the update: of several who claim a client, who spoke last.
  };
  /// What a session has shown.
  struct showing {
    std::optional<client_id> own;
    bool may_announce = true;  ///< False: it took a client whose session was there.
    bool claims_own = false;   ///< It has said first that it is its own, which another session has.
    std::optional<claim> waiting;
    std::size_t clients = 0;
    std::size_t bytes = 0;
  };

  /// What became of an entry. Changed: its clock advanced or its state vanished; raised: the same,
  /// under a clock to which its client has not counted; gone: it shows, under a clock that is not
  /// new, a client that others know to be gone.
  enum class taking : std::uint8_t { unchanged, gone, changed, raised };

  /// How an update lists a client: alone, as the only one of a session's first that belongs to
  /// nobody who is here, or otherwise.
  enum class listing : std::uint8_t { alone, only_free, among_others };

  result<taking> take(const awareness_entry& incoming, const sender& by, listing how,
                      time_point now);
  std::optional<client_id> only_free_client_of(byte_view update) const;
  static void note_taken(const awareness_entry& incoming, const result<taking>& taken,
                         std::uint64_t clock, const sender& by, applied& outcome);
  result<taking> take_of_peer(const awareness_entry& incoming, session_id peer, time_point now);
  bool has_moved_to(const awareness_entry& incoming, const entry& known, session_id peer) const;
  void note_heard(const awareness_entry& incoming, entry& known, const sender& by, bool announces);
  static std::uint64_t last_clock(const entry* known, const sender& by);
  static bool crosses(const awareness_entry& incoming, const entry* known, session_id from);
  static bool has_moved(const awareness_entry& incoming, const entry* known, const sender& by);
  bool is_announced(const awareness_entry& incoming, const sender& by, bool is_alone,
                    bool is_newer) const;
  static bool is_overtaken(const entry* known, const sender& by);
  bool become_owner(client_id client, entry& known, const sender& by, bool announces,
                    bool is_newer);
  bool claims(client_id client, const sender& by) const;
  void note_claim(const awareness_entry& incoming, const entry& known, const sender& by);
  void drop_claim(showing& of);
  bool hand_over(client_id client, entry& of, time_point now,
                 const std::function<bool(session_id)>& may_have = {});
  result<void> find_room(const entry* known, std::string_view state, session_id payer,
                         bool is_own) const;
  bool fits_into_message(std::string_view state) const;
  bool may_raise_again(std::span<const client_id> clients, time_point now);
  void set_owner(entry& of, session_id owner);
  void charge(entry& to_pay, session_id payer);
  static bool was_raised_by(const entry& known, session_id session);
  static void note_relayer(entry& of, session_id relayer);
  void pass_to_relayer(entry& of);
  void set_state(entry& of, std::string_view state);
  void remove(entry& of, time_point now);
  static void publish_clock(entry& of, std::uint64_t clock);
  entry* find(client_id client);

  std::size_t message_size_max_;
  std::unordered_map<client_id, entry> entries_;
  std::unordered_map<session_id, showing> sessions_;
  std::size_t state_count_ = 0;
  std::size_t state_bytes_ = 0;  // those of claims, too
  std::size_t claim_count_ = 0;
  std::vector<handed_over> handed_over_;  // since the last call
  std::uint64_t update_count_ = 0;
  std::size_t raised_again_left_ = raised_again_bytes_max;  // as of raised_again_at_
  time_point raised_again_at_;
};

}  // namespace troupe::sync
