// What one replica of a document knows of the copies on other nodes, and what it must send them:
// which updates each of them has on disk, who wants to receive new ones, and whether enough keepers
// have said what they have for the document to be shown. Messages of peers and facts about links go
// in, messages for peers come out; the document actor (or a simulator) carries them. It holds no
// Yjs state: it asks a replica_state. The rules stand in docs/cluster.md.
//
// To each keeper, and to each peer whose sessions use the document, it keeps a *flow*: it compares
// digests once, then streams its own updates; what the peer lacks is filled in. A flow that is
// interrupted, for whatever reason, begins again with the comparison, so nothing depends on what
// happened before. What peers send is confirmed to them once it is durable here and nothing before
// it is missing.
//
// Owner: a document actor; one thread at a time. Pure: time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/errc.hpp"
#include "base/fifo.hpp"
#include "protocol/cluster/peer_message.hpp"

namespace troupe::cluster {

/// Names a peer on this node: given by its cluster actor, the same as long as the process runs.
using peer_id = std::uint32_t;

/// Where the copies of a document belong, as the member list says.
struct document_placement {
  std::uint64_t list = 0;          ///< Number of that list.
  std::vector<peer_id> keepers;    ///< The others that keep it.
  bool keeps_itself = true;        ///< So does this node.
  std::size_t write_acks = 1;      ///< Keepers that must have an update until it is acknowledged.
  std::vector<peer_id> asked;      ///< Whom to ask at opening.
  std::size_t answers_needed = 0;  ///< By so many of them.
  /// Goes on without those that cannot be reached, both for acknowledgements and at opening.
  bool is_available = false;
  /// Nobody can read by an earlier list any longer (membership::is_widely_known()); before, nothing
  /// is acknowledged.
  bool is_widely_known = true;
  /// A copy that is not kept here may go (sweep::may_drop()).
  bool may_drop = false;
  /// All nodes write one log (shared_log), so that a document is open where its sessions are, and
  /// nobody keeps it for others.
  bool is_shared = false;

  bool operator==(const document_placement&) const = default;
};

/// The Yjs state as a replica asks for it.
class replica_state {
 public:
  virtual ~replica_state() = default;
  /// The same on every node that has the same insertions and deletions.
  virtual hash128 digest() const = 0;
  virtual byte_buffer state_vector() const = 0;
  /// What a document with this state vector lacks, as updates to be applied in order: mostly one,
  /// more if it is large. Fails as crdt::state_vector::decode does.
  virtual result<std::vector<byte_buffer>> difference(byte_view state_vector) const = 0;
};

class replica {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    replica_life life = 0;         ///< Random.
    std::uint64_t generation = 2;  ///< Of the document; see peer_generation.
    std::chrono::milliseconds load_timeout{10'000};
    /// After changes a flow is compared again so often.
    std::chrono::milliseconds compare_interval{5'000};
    /// It is compared at once where somebody waits for it, but not more often than this.
    std::chrono::milliseconds compare_pause{100};
    /// A document that a peer has closed is opened there again so often.
    std::chrono::milliseconds reopen_interval{1'000};
    /// Parts of an answer that nobody asks for are kept so long.
    std::chrono::milliseconds parts_patience{30'000};
    /// Of one update; a larger one cannot be sent.
    std::size_t update_bytes_max = std::size_t{64} * 1024 * 1024;
  };

  replica(settings how, document_placement where);

  /// For the peers `to`: what one turn has for them, the same for all.
  struct block {
    std::vector<peer_id> to;
    std::vector<document_message> messages;
  };

  // --- opening ---

  /// What this node has stored is loaded, up to this number, all of it durable. From now on peers
  /// are answered. `generation`: of what is stored; 0: nothing is.
  void begin(const replica_state& own, state_number number, time_point now,
             std::uint64_t generation = 0);
  /// Somebody here wants to see the document: asks the others what they have, once.
  void load(const replica_state& own, time_point now);
  /// What they have answered does not suffice: asks them once more.
  void load_again(const replica_state& own) {
    const byte_buffer vector = own.state_vector();
    for (peer& each : peers_)
      if (each.is_asked && each.is_up)
        push(each, peer_load{own.digest(), shared_bytes::copy_of(vector), round_});
  }
  /// Answers a peer_load of this peer by what proves nothing.
  void refuse_load(peer_id from, const peer_load& load) {
    send_to(from, peer_loaded{
                      .life = of(from).life, .update = {}, .is_whole = false, .round = load.round});
  }
  /// The document was looked for outside of the cluster, too: who asks what this node has of it
  /// is notified (see peer_loaded), though nothing was found.
  void note_looked_for() noexcept { is_looked_for_ = true; }
  /// Enough others have answered since load(): the document may be shown.
  bool is_loaded() const noexcept { return opening_ == opening::done; }
  /// Time has run out for that; see has_failed().
  bool is_late(time_point now) const noexcept {
    return opening_ == opening::asking && now >= deadline_;
  }
  /// Not enough have answered in time. Where it continues without those that cannot be reached, it
  /// is loaded instead.
  bool has_failed(time_point now);

  // --- facts ---

  /// The link to a peer is up, or up again: whatever was sent before may be lost.
  void on_up(peer_id peer, const replica_state& own, time_point now);
  void on_down(peer_id peer);
  /// Messages about this document could not be sent to a peer.
  void on_lost(peer_id peer, const replica_state& own, time_point now);
  /// The replica of a peer has ended; it may have missed what was sent last.
  void on_gone(peer_id peer, const replica_state& own, time_point now);
  void on_placement(document_placement where, const replica_state& own, time_point now);
  /// Sessions of this node begin, or cease, to use the document. If this node does not keep it, it
  /// has received nothing while nobody used it, so that it must be loaded again: is_loaded() is
  /// false.
  void on_used(bool is_used);
  /// Somebody wants to see the document without being a session of it: if this node has received
  /// nothing since the last one has left, it must be loaded again.
  void on_reader();
  void on_tick(const replica_state& own, time_point now);
  /// A visit begins: see visited_up_to().
  void on_visit() noexcept { visited_up_to_ = number_; }

  /// Something was written to the log under this number. `update`: by this node's sessions or the
  /// server, for the peers; empty: it came from a peer.
  void on_written(state_number number, shared_slice update);
  /// The same for an update that is too large to be streamed: all flows begin anew, and bring it in
  /// parts.
  void on_written_apart(state_number number, const replica_state& own, time_point now);
  /// What is written next is by these; nothing if nobody asks.
  void on_authors(peer_authors who);
  /// Somebody waits until keepers have confirmed all of the state under the list of this node,
  /// though this node may have some of it from peers.
  void on_whole_awaited(const replica_state& own, time_point now);
  /// All up to this number is durable here.
  void on_durable(state_number up_to);

  // --- messages ---

  /// The update of a message, which is to be applied before on_applied(). Null: it has none, and
  /// goes to on_message().
  static const shared_slice* update_of(const document_message& message) noexcept;

  /// Before the messages of a block: the life of the replica that sent them, and which list it
  /// obeys.
  void on_life(peer_id from, replica_life life, std::uint64_t list, const replica_state& own,
               time_point now);
  void on_message(peer_id from, const document_message& message, const replica_state& own,
                  time_point now);
  /// The update of a message has been applied; `worked`: it could be.
  void on_applied(peer_id from, const document_message& message, bool worked,
                  const replica_state& own, time_point now);

  /// Queues a message for every peer whose sessions use the document.
  void send_to_users(const document_message& message);
  void send_to(peer_id to, document_message message);

  /// What this turn has for peers.
  std::vector<block> take_blocks();
  bool has_blocks() const noexcept { return has_blocks_; }

  // --- questions ---

  /// The generation of the document that a peer has, if it is newer: what is known here is of no
  /// use to anybody, and nothing more is accepted from peers. 0: none has.
  std::uint64_t outdated_by() const noexcept { return outdated_by_; }
  /// Whether a peer speaks of the same generation, so that what it says can be taken.
  bool fits(peer_id from) const noexcept;

  /// Whether a peer has asked for what cannot be sent, as one update of it is too large; forgets
  /// it.
  bool take_unsendable() noexcept { return std::exchange(is_unsendable_, false); }

  /// The peers that newly use the document, for whom all presence is due; forgets them.
  std::vector<peer_id> take_new_users();
  /// Whether any peer's sessions use the document.
  bool has_users() const noexcept;
  /// Whether this node keeps the document, and somebody elsewhere uses it.
  bool is_kept_in_use() const noexcept {
    return where_.keeps_itself && !where_.is_shared && has_users();
  }

  struct confirmation {
    peer_id keeper = 0;
    state_number stored = 0;  ///< Of what was written here for this node's sessions and the server.
    state_number whole = 0;   ///< Of all, wherever it came from.
  };
  /// What the other keepers have confirmed, as far as it counts for acknowledgements.
  std::vector<confirmation> confirmations() const;
  /// How many keepers must have an update now, until it is acknowledged. Where nothing may be
  /// acknowledged it is more than there are.
  std::size_t acks_needed() const noexcept;
  /// The other keepers that have not confirmed, obeying the same list, all that this replica has
  /// written, up to this number.
  std::vector<peer_id> lacking(state_number up_to) const;
  std::vector<peer_id> lacking() const { return lacking(number_); }
  /// Whether any of these is up, so that waiting makes sense.
  bool is_being_kept(state_number up_to) const noexcept;
  /// Whether all keepers have confirmed all that this replica has written, up to this number. If it
  /// keeps the document itself, all of that is durable here as well.
  bool is_kept_everywhere(state_number up_to) const noexcept;
  bool is_kept_everywhere() const noexcept { return is_kept_everywhere(number_); }
  /// What keepers must have confirmed for the visit to end: what there was when it began, since
  /// where people type something is always under way. Another list may want elsewhere what was
  /// written until it came, so that is waited for, too.
  state_number visited_up_to() const noexcept { return visited_up_to_; }
  /// Whether the copy on this node can go: it belongs elsewhere, and is there.
  bool may_be_dropped() const noexcept;
  const document_placement& placement() const noexcept { return where_; }
  replica_life life() const noexcept { return how_.life; }
  state_number number() const noexcept { return number_; }

 private:
  enum class opening : std::uint8_t { not_wanted, asking, done };

  /// That a state of a peer is contained in what this node has at `here`.
  struct taken_state {
    state_number theirs = 0;
    state_number here = 0;
    bool is_whole = false;  // with what the peer had from others
  };
  /// What a peer has confirmed while it obeyed a list that is newer than the one here. It counts
  /// once that has come: what a peer takes after it has moved for the newer list, nobody moves to
  /// where that list wants it, but those who obey it.
  struct early_confirmation {
    std::uint64_t list = 0;
    peer_stored what;
  };
  /// An answer of several parts: those that were not sent yet, and the message that is the last.
  struct answer_parts {
    fifo<shared_slice> left;
    document_message last;
    time_point sent_at;
  };
  struct peer {
    peer_id id = 0;
    std::uint64_t list = 0;  // which its replica obeys
    bool is_up = false;
    bool is_keeper = false;
    bool is_user = false;  // its sessions use the document
    // What is sent to it.
    bool is_streaming = false;
    state_number stored = 0;
    state_number whole = 0;
    state_number kept = 0;  // as whole, under the list here
    early_confirmation early;
    state_number compared = 0;
    time_point compared_at;
    // What comes from it.
    replica_life life = 0;
    bool fits = false;         // its document is of the same generation
    bool is_complete = false;  // nothing that it streams can lack what came before
    bool has_asked = false;
    time_point asked_at;
    state_number missed = 0;  // the last that it streamed and that could not be applied
    state_number ahead = 0;   // the last that was applied while it was not complete
    fifo<taken_state> unconfirmed;
    peer_stored confirmed;
    // The opening.
    bool is_asked = false;
    std::optional<std::uint64_t> answered_under;  // a list
    std::optional<time_point> load_part_at;       // when a part of the answer has come last
    // What is left of answers to it that have several parts.
    std::optional<answer_parts> fill;
    std::optional<answer_parts> load;
    // What this turn has for it: some messages, then the updates from `streams_from` on.
    std::vector<document_message> messages;
    std::size_t streams_from = 0;

    bool is_target() const noexcept { return is_up && (is_keeper || is_user); }
  };

  peer& of(peer_id id);
  peer* find(peer_id id) noexcept;
  void apply_placement();
  void note_stored(peer& by, std::uint64_t list, const peer_stored& what);
  void ask_to_load(peer& to, const replica_state& own, time_point now);
  template <class Last>
  void answer(peer& to, std::vector<byte_buffer> parts, Last last, time_point now);
  void send_part(peer& to, answer_to what, time_point now);
  static std::optional<answer_parts>& parts_of(peer& to, answer_to what) noexcept {
    return what == answer_to::load ? to.load : to.fill;
  }
  void on_part(peer& from, const peer_part& part, bool worked, const replica_state& own,
               time_point now);
  void check_loaded(const replica_state& own, time_point now);
  void begin_flow(peer& to, const replica_state& own, time_point now);
  void begin_flows(const replica_state& own, time_point now);
  bool may_begin_flows() const noexcept { return has_begun_ && opening_ != opening::asking; }
  void end_flow(peer& to);
  bool is_streaming() const noexcept;
  void push(peer& to, document_message message);
  void ask(peer& from, const replica_state& own, time_point now);
  void note_taken(peer& from, taken_state what);
  void confirm(peer& to);
  void note_user(peer& of, bool is_user);
  void forget_incoming(peer& of);
  void announce(peer& to);

  void on(peer& from, const peer_generation& news);
  void on(peer& from, const peer_compare& compare, const replica_state& own, time_point now);
  void on(peer& from, const peer_stored& stored);
  void on(peer& from, const peer_ask& wish, const replica_state& own, time_point now);
  void on(peer& from, const peer_load& load, const replica_state& own, time_point now);
  void on(peer& from, const peer_more& more, time_point now);
  void on(peer& from, const peer_loaded& answer, const replica_state& own, time_point now);

  settings how_;
  document_placement where_;
  std::vector<peer> peers_;                // a handful
  std::vector<document_message> written_;  // updates of this turn
  std::vector<peer_id> new_users_;
  state_number number_ = 0;
  state_number foreign_ = 0;  // of the last that came from a peer
  state_number durable_ = 0;
  state_number visited_up_to_ = 0;
  std::uint64_t outdated_by_ = 0;
  time_point deadline_;
  bool has_begun_ = false;
  opening opening_ = opening::not_wanted;
  std::uint64_t round_ = 0;  // of opening
  bool is_stale_ = false;    // it has received no events for a while
  bool is_used_ = false;
  bool has_blocks_ = false;
  bool is_looked_for_ = false;  // see note_looked_for()
  bool is_unsendable_ = false;
};

}  // namespace troupe::cluster
