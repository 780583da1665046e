// A document as a server hosts it: its Yjs state, its awareness, its subscribers, and what they
// must be sent. Requests and updates go in, effects come out; whoever drives it (the document
// actor, a test) carries them out. It knows no socket, clock, thread or actor and no bytes of any
// dialect, so everything a document decides can be tested by plain calls.
//
// Order of effects: an update is handed to storage with the notice that confirms it to its author;
// all others receive it at once. A sync is answered with the state, then the presence, then the
// acknowledgement. Changes of presence gather until end_turn(): of several states of a client
// within a turn only the last is sent. Pure.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/budget.hpp"
#include "base/flat_map.hpp"
#include "protocol/audience.hpp"
#include "protocol/contents_query.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/edits/apply.hpp"
#include "protocol/foldable_state.hpp"
#include "protocol/identity.hpp"
#include "protocol/message_id_window.hpp"
#include "protocol/notice.hpp"
#include "protocol/origin.hpp"
#include "protocol/pending_ledger.hpp"
#include "protocol/request.hpp"
#include "protocol/sync/awareness.hpp"

namespace troupe {

/// What is to be done after an event, in this order within each list.
struct document_effects {
  /// For subscribers, in the dialects named.
  struct delivery {
    audience to = audience::all;
    session_id session = no_session;  ///< The one, or the one left out.
    dialect_set in;
    notice what;
    std::vector<session_id> sessions = {};  ///< If there are any, those instead of all of this.
  };
  /// To be appended to the log; once it and all before it are stored, its origin gets the
  /// confirmation.
  struct storage_write {
    effect_bytes update;  ///< As validated. Empty: nothing is appended, only confirmed.
    origin from;
    dialect in = dialect::y_websocket;   ///< Of the confirmation.
    std::optional<notice> confirmation;  ///< Nothing: only its credit is given back.
    std::string origin_name = {};  ///< What a program calls itself that edits; empty: nothing.
  };
  /// The origin sent what cannot be used; it concerns nobody else.
  struct refusal {
    origin from;
    dialect in = dialect::y_websocket;
    request_part part = request_part::message;
    failure why;
    std::string message_id;                      ///< Of the request; empty: none.
    std::optional<std::size_t> edit_index = {};  ///< Which of its edit operations was wrong.
  };
  /// Presence that was rejected. Its session continues; it is counted and logged.
  struct left_out_presence {
    session_id from = no_session;
    std::size_t clients = 0;
    failure why;  ///< The first of them was not.
  };

  /// For the nodes whose sessions use the document, too.
  struct peer_effects {
    struct event {
      shared_bytes payload;  ///< JSON text.
      std::string user;      ///< Whose id the next is; empty: it has none that lasts.
      std::string message_id;
    };
    std::vector<byte_buffer> presence;  ///< Awareness updates of this node's sessions.
    std::vector<event> events;

    bool empty() const noexcept { return presence.empty() && events.empty(); }
  };

  std::vector<delivery> deliveries;
  std::vector<storage_write> writes;
  std::vector<refusal> refusals;
  std::vector<left_out_presence> left_out;
  /// Sessions whose client another one says it is: it may have come back while its old connection
  /// is not known to be dead. Whether they give a sign of life is to be found out; if not,
  /// hosted_document::on_silent().
  std::vector<session_id> to_probe;
  peer_effects for_peers;

  bool empty() const noexcept {
    return deliveries.empty() && writes.empty() && refusals.empty() && left_out.empty() &&
           to_probe.empty() && for_peers.empty();
  }
  void clear() {
    deliveries.clear();
    writes.clear();
    refusals.clear();
    left_out.clear();
    to_probe.clear();
    if (!for_peers.empty()) for_peers = {};
  }
};

class hosted_document {
 public:
  using time_point = sync::awareness::time_point;

  /// A session whose client another one claims is probed again after so long.
  static constexpr std::chrono::seconds probe_interval{5};

  /// Of the name of a program that edits.
  static constexpr std::size_t origin_name_bytes_max = 128;
  /// A root that is larger is announced by its name alone, and so are all roots behind so many.
  static constexpr std::size_t sent_contents_bytes_max = 16 * 1024;
  static constexpr std::size_t sent_roots_max = 64;

  /// `seed`: chooses the awareness client ids of sessions that have none of their own; random, so
  /// that documents and nodes choose differently. `window` outlives the document: its clients may
  /// come back after it was unloaded. `pending`: of the node; null: only the document's own limit.
  /// `presence_size_max`: see awareness.
  explicit hosted_document(
      crdt::doc_settings settings, std::uint64_t seed = 0,
      std::shared_ptr<message_id_window> window = nullptr,
      std::shared_ptr<budget> pending = nullptr,
      std::size_t presence_size_max = sync::awareness::default_message_size_max);
  hosted_document(const hosted_document&) = delete;
  hosted_document& operator=(const hosted_document&) = delete;

  /// Applies an update from storage. Fails as crdt::doc::load_update does.
  result<void> load(byte_view update);

  /// The structs whose stored content no client could use, and which load() has repaired.
  const std::vector<crdt::repaired_struct>& repaired() const noexcept { return repaired_; }

  /// Until this is called with null, an update that would change anything is refused for that
  /// cause: it could not be stored. All else works as before.
  void refuse_edits(std::shared_ptr<const failure> why) noexcept { refusing_ = std::move(why); }

  /// A session subscribes. It receives nothing until it speaks a dialect.
  void on_join(const joining_session& who);

  /// From now on the session may do no more than this. What it shows goes with the right to.
  void on_rights(session_id session, rights may, time_point now);

  /// A request of a subscriber. What it has no right to is refused with `forbidden`, and nothing of
  /// it is done; an update with nothing new needs none. Whatever is wrong with it is refused and
  /// concerns nobody else. A request of a session that has left is ignored. Returns false, and
  /// nothing has happened, if an update might take more than `steps_for_now` steps
  /// (crdt::doc::apply_update): it is to be brought again, with more.
  bool on_request(session_id from, const client_request& what, time_point now,
                  document_effects& out, std::uint64_t steps_for_now = crdt::unlimited_steps);

  /// An update that comes from a peer or from the server. Its confirmation is the storage write
  /// itself.
  void on_update(const origin& from, byte_view update, document_effects& out);

  // --- peers: the other nodes of a cluster (hosted_document_peers.cpp) ---

  /// From now on there are nodes that may want presence and events.
  void expect_peers() noexcept { has_peers_ = true; }

  /// What becomes of an update of a peer.
  enum class peer_taking : std::uint8_t {
    /// Also if it waits for missing updates: it is stored, and sent to whoever lacks it. That
    /// something is missing shows when the peer compares its flow again.
    taken,
    refused,   ///< While edits are, or since it cannot be read.
    deferred,  ///< It might take more steps than allowed for now; nothing has happened.
  };
  /// An update that a peer has accepted; it is applied whatever the limits of this node are.
  /// `steps_for_now`: see on_request().
  peer_taking on_peer_update(std::uint32_t peer, byte_view update, document_effects& out,
                             std::uint64_t steps_for_now = crdt::unlimited_steps);

  /// What the sessions of a peer show. `is_all`: nothing else of them.
  void on_peer_presence(std::uint32_t peer, byte_view update, bool is_all, time_point now,
                        document_effects& out);

  /// The peer is gone, or none of its sessions uses the document; their presence goes.
  void on_peer_gone(std::uint32_t peer, time_point now);

  /// An event of a session of a peer. `user`, `message_id`: as in peer_effects.
  void on_peer_event(std::string_view payload, std::string_view user, std::string_view message_id,
                     time_point now, document_effects& out);

  /// All that the sessions of this node show, as one awareness update, however large: what it does
  /// not show is gone.
  byte_buffer presence_here() const;

  /// Brings back what the document showed in the state `then`, an update for an empty document: as
  /// one edit in the name of a client of the server's own (crdt::doc_edit::restore). Nothing where
  /// it shows that already. Its confirmation is the storage write itself.
  void on_restore(const origin& from, byte_view then, document_effects& out);

  /// Carries out edit operations of a program that has no Yjs library, all of them or none, in the
  /// name of a client of the server's own. All sessions receive it, and its confirmation is the
  /// storage write itself. Nothing where they change nothing. `origin_name`: what the program calls
  /// itself, at most origin_name_bytes_max; it goes with the write.
  void on_edit(const origin& from, const edits::batch& what, std::string_view origin_name,
               document_effects& out);

  /// An event of the server's own for its sessions, as JSON text.
  void on_event(std::string_view payload, document_effects& out);

  /// A session that was to be probed has given no sign of life: sessions of the same user that
  /// claim its client get it.
  void on_silent(session_id session, time_point now);

  /// The session is gone, its presence with it.
  void on_leave(session_id session, time_point now);

  /// The session has missed changes of presence: it receives all of it, including who is gone.
  void on_presence_missed(session_id session, document_effects& out);

  /// Time passes: presence that was not renewed vanishes, that of set_own() is renewed.
  void on_tick(time_point now);

  /// Asks the sessions that left a gap and could not be asked again so soon; acknowledges updates
  /// of clients that do not sync.
  void ask_again(time_point now, document_effects& out);

  /// Forgets what waits for missing updates if all who sent it have been gone for an hour: it was
  /// not acknowledged, so they have it still. Returns how many bytes that were.
  std::size_t drop_abandoned(time_point now);

  /// Nothing more comes for the moment: the gathered presence and changes of contents go out.
  void end_turn(document_effects& out);
  bool has_gathered() const noexcept {
    return !presence_changed_.empty() || !presence_changed_here_.empty() || !changed_roots_.empty();
  }

  /// The whole state. Updates that wait for missing ones are part of it.
  byte_buffer whole_state() const;

  /// The same to replace what is stored: a document that loads it is in the same state, which is
  /// tried here. Fails with corrupt_document if it is not. Cost: that of a load.
  result<shared_bytes> checked_state() const;

  /// The answer to a sync of a session that has nothing.
  notice whole_state_notice(dialect in) const;

  /// Gives back memory that is kept for growth.
  void shrink() { state_.shrink(); }

  /// Keeps the state as foldable_state::fold() does, which its subscribers do not notice. The first
  /// edit decodes it again.
  bool fold(shared_bytes whole = {}) { return state_.fold(std::move(whole)); }
  bool is_folded() const noexcept { return state_.is_folded(); }
  /// Whether this request would decode a folded state.
  bool would_unfold(const client_request& what) const;
  foldable_state::figures describe() const noexcept { return state_.describe(); }
  /// Whether anything is missing below what is known, or waits.
  bool has_gap() const noexcept { return state_.has_gap(); }

  /// Grows with every change of the state.
  std::uint64_t version() const noexcept { return version_; }
  /// As version_of() (state_version.hpp), also of a folded one.
  std::string state_version() const { return state_.version(); }

  byte_buffer state_vector() const { return state_.encode_state_vector(); }
  /// What a document with this state vector lacks, as updates to be applied in order: one if it has
  /// at most `whole_max` bytes, else some of about `part_size` each.
  std::vector<byte_buffer> difference(const crdt::state_vector& from,
                                      std::size_t whole_max = whole_difference_max,
                                      std::size_t part_size = difference_part_size) const;
  static constexpr std::size_t whole_difference_max = std::size_t{16} * 1024 * 1024;
  static constexpr std::size_t difference_part_size = std::size_t{4} * 1024 * 1024;

  /// Decodes a folded one, which stays so until the next fold().
  const crdt::doc& state() const { return state_.decoded(); }
  const sync::awareness& presence() const noexcept { return presence_; }

 private:
  /// What few sessions need, so that an idle one takes little.
  /// A session that has sent updates before it synced.
  struct early_session {
    session_id session = no_session;
    dialect in = dialect::y_websocket;
    time_point since;
  };
  struct subscriber_details {
    identity_ptr who;
    quota_ticket ticket;
    pending_payer payer;
    sync::awareness::client_id client = 0;  ///< Of its own presence; 0: none yet.
    time_point asked = time_point::min();   ///< When it was last asked for what is missing.
    std::optional<time_point> probed;       ///< When it was last to be probed.
    crdt::sender_usage used;                ///< Of the limits of the document.
    std::optional<contents_query> reads;    ///< What it receives instead of updates.
    // Where every update is acknowledged (count_update).
    std::uint32_t owed = 0;        ///< Acknowledgements.
    std::uint32_t questions = 0;   ///< It was asked besides those that belong to a sync.
    bool awaits_answer = false;    ///< To the question that belongs to its last sync.
    crdt::state_vector announced;  ///< With that sync, until the answer to it.
    bool has_begun = false;        ///< It has synced, or will not (settle_early).
    // Where clients ask for receipts (give_receipt).
    byte_buffer receipt;        ///< What comes back with the one that is owed.
    bool owes_receipt = false;  ///< To the client.
    bool has_left_gap = false;  ///< The last update of the client.
    bool was_refused = false;   ///< An update of the client, since its last sync.
  };
  struct subscriber {
    time_point heard;  ///< When it last sent anything.
    std::unique_ptr<subscriber_details> details;
    rights may;
    dialect_set speaks;
    bool is_opening = true;   ///< It has sent neither presence nor an answer to a sync.
    bool may_return = false;  ///< It had contents when it came, or there were none.

    const identity_ptr& who() const {
      static const identity_ptr nobody;
      return details ? details->who : nobody;
    }
    sync::awareness::client_id client() const noexcept { return details ? details->client : 0; }
    subscriber_details& more() {
      if (!details) details = std::make_unique<subscriber_details>();
      return *details;
    }
  };
  /// A request with the subscriber that sent it.
  struct asked {
    session_id from;
    subscriber& by;
    const client_request& what;
  };

  /// An update of a client that has nothing of its own.
  static constexpr std::array<std::uint8_t, 2> empty_update{0, 0};

  void on_sync(const asked& by, document_effects& out);
  bool on_session_update(const asked& by, time_point now, std::uint64_t steps_for_now,
                         document_effects& out);
  void on_contents(const asked& by, document_effects& out);
  /// Whose message ids these are: a user may reconnect, a session without a user is alone.
  static std::string message_id_owner(session_id session, const identity_ptr& who);
  void on_session_edit(const asked& by, time_point now, document_effects& out);
  void on_presence(const asked& by, time_point now, document_effects& out);
  bool may_be_known_elsewhere(const sync::awareness_entry& shown, time_point now) const;
  bool may_take_over(const sync::awareness_entry& shown, const asked& by) const;
  void probe_owner(const asked& by, time_point now, document_effects& out);
  void notify_heirs(document_effects& out);
  void show_who_stayed(const asked& by, std::optional<sync::awareness::client_id> client,
                       time_point now, document_effects& out);
  void show_presence(const std::vector<sync::awareness::client_id>& clients, session_id to,
                     dialect_set in, document_effects& out) const;
  void broadcast_presence(std::vector<byte_buffer> parts, document_effects& out) const;
  void on_own_presence(const asked& by, time_point now, document_effects& out);
  void on_session_event(const asked& by, time_point now, document_effects& out);
  void on_session_leave(const asked& by, time_point now);

  result<crdt::applied_update> apply(byte_view update, subscriber* by = nullptr,
                                     std::uint64_t steps_for_now = crdt::unlimited_steps);
  bool may_not_store(byte_view update) const;
  bool has_news(byte_view update) const;
  bool is_forbidden(const asked& by, document_effects& out) const;
  tl::expected<edits::applied_edits, edits::edit_error> apply(const edits::batch& what);
  static document_effects::refusal refusal_of(const edits::edit_error& why, const origin& from,
                                              dialect in, std::string_view message_id);
  crdt::client_id new_client() const;
  crdt::client_id editing_client();
  void note_changed_roots();
  void stop_reading(subscriber& of);
  void send_contents(document_effects& out);
  std::optional<std::string> changed_contents(const contents_query& what);
  std::optional<std::string> small_contents(const contents_query& what);
  void ask_for_missing(const asked& by, time_point now, document_effects& out);
  void count_update(const asked& by, bool leaves_gap, std::size_t write, time_point now,
                    document_effects& out);
  void settle_early(time_point now, document_effects& out);
  void on_receipt(const asked& by, document_effects& out);
  static void give_receipt(const asked& by, std::size_t write, document_effects& out);
  void ask(session_id session, subscriber& of, dialect in, std::string_view message_id,
           document_effects& out);
  void forget_small_state(std::size_t size) const;
  notice state_notice(const crdt::state_vector& from, dialect in) const;
  static void reply(const asked& to, notice_kind kind, effect_bytes body, document_effects& out);
  static void acknowledge(const asked& by, document_effects& out);
  static void refuse(const asked& by, request_part part, failure why, document_effects& out);
  void broadcast_update(session_id knows_all, effect_bytes change, document_effects& out);
  effect_bytes change_of(const crdt::applied_update& applied, byte_view update) const;
  void note_presence(const std::vector<sync::awareness::client_id>& changed);
  void note_peer_presence(const std::vector<sync::awareness::client_id>& changed);
  std::vector<byte_buffer> encode_presence_here();
  sync::awareness::client_id client_of(session_id session, subscriber& of);
  void count_dialect(subscriber& of, dialect spoken);
  void forget_dialects(const subscriber& of);
  void forget_dialect(dialect one);

  foldable_state state_;
  sync::awareness presence_;
  std::uint64_t seed_;
  std::shared_ptr<message_id_window> window_;
  pending_ledger pending_;
  std::size_t pending_max_;                // of this document
  flat_map<session_id, bool> waited_for_;  // the sessions that are here and sent what waits
  std::optional<time_point> abandoned_since_;
  flat_map<session_id, subscriber> subscribers_;
  std::array<std::uint32_t, dialect_count_max> speakers_{};   // how many subscribers speak each
  dialect_set spoken_;                                        // those that anybody speaks
  std::vector<sync::awareness::client_id> presence_changed_;  // since the last end_turn
  std::vector<sync::awareness::client_id> presence_changed_here_;  // not by a peer
  flat_map<session_id, dialect> to_ask_;                           // that were asked a moment ago
  std::vector<early_session> early_;
  std::uint64_t version_ = 0;
  std::optional<time_point> first_shown_;  // when any presence came first
  std::vector<crdt::repaired_struct> repaired_;
  std::shared_ptr<const failure> refusing_;  // edits; null: they are accepted
  crdt::client_id editing_client_ = 0;       // in whose name programs edit; 0: none yet
  crdt::clock_type editing_clock_ = 0;       // its next one, as far as this document wrote it
  bool has_peers_ = false;
  std::size_t readers_ = 0;              // sessions that read contents
  std::set<std::string> changed_roots_;  // roots that have changed, for them
  std::set<std::string> large_roots_;    // not worth looking at before the next tick
};

}  // namespace troupe
