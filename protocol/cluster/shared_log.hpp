// What one replica knows of the log of its document where all nodes share one (cluster.durability:
// shared). There each update is written by the node whose client has made it, and reaches the other
// nodes by links before it is in the log. So a replica may have updates of others that nobody ever
// writes, as their node is lost; and what its own clients make on top of them would be of no use
// without them. It therefore
//
// * confirms nothing to its clients before all that it had then is in the log, whoever writes it;
// * reports to peers up to which of its states that is so, and receives it of theirs;
// * writes what a peer has not, once that is lost, or has not for long;
// * looks at the log now and then: what came there by no link is found so. A checkpoint that is new
//   is read as well, since it may have what its maker had not written yet, and never will.
//
// Owner: a document actor; one thread at a time. Pure: time is passed in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "base/fifo.hpp"
#include "protocol/cluster/peer_message.hpp"
#include "protocol/cluster/replica.hpp"

namespace troupe::cluster {

/// Of an update in the log.
using log_number = std::uint64_t;

class shared_log {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    /// So often the log is looked at.
    std::chrono::milliseconds look_interval{2'000};
    /// And so often where nothing has changed for quiet_after.
    std::chrono::milliseconds quiet_look_interval{10'000};
    std::chrono::milliseconds quiet_after{60'000};
    /// After a look that has failed, none is due for so long.
    std::chrono::milliseconds retry_interval{1'000};
    /// What a peer that is up has not written for so long is written here.
    std::chrono::milliseconds takeover_delay{5'000};
  };

  shared_log() : shared_log(settings{}) {}
  explicit shared_log(settings how) : how_(how) {}

  /// All of the log up to `known` is loaded, and the checkpoint of this number.
  void begin(log_number known, std::uint64_t checkpoint, time_point now) {
    known_ = known;
    checkpoint_ = checkpoint;
    changed_at_ = looked_at_ = now;
  }

  // --- what this node writes ---

  /// The state of this number is one by an update that this node writes to the log.
  void on_own(state_number number, time_point now) {
    own_.push_back(number);
    changed_at_ = now;
  }
  /// All that this node writes up to this number is in the log.
  void on_stored(state_number up_to) {
    while (!own_.empty() && own_.front() <= up_to) own_.pop_front();
    std::erase_if(unlogged_, [&](const foreign& each) {
      return each.written_as != 0 && each.written_as <= up_to;
    });
  }

  // --- what comes from peers ---

  /// Before the messages of a block: which replica has sent it.
  void on_life(peer_id from, replica_life life);
  /// The update of a message was applied. `here`: the state of this replica that it has made;
  /// nothing: all of it was there.
  void on_taken(peer_id from, const document_message& message, std::optional<state_number> here,
                time_point now);
  /// What a peer has said of its own states. Of ours, which others do not write, it is ignored.
  void on_stored(peer_id from, const peer_stored& what);
  /// The link to a peer is lost, or its replica has ended.
  void on_lost(peer_id from);
  /// This replica is to end, and will not wait for what peers say.
  void on_ending() noexcept {
    for (foreign& each : unlogged_) each.is_orphan = true;
  }

  // --- looks at the log ---

  log_number known() const noexcept { return known_; }
  /// Which one was read last; 0: none.
  std::uint64_t checkpoint() const noexcept { return checkpoint_; }
  /// Somebody waits for a look that begins from now on, since this replica may have received
  /// nothing for a while.
  void want_look() noexcept {
    is_look_awaited_ = true;
    awaits_next_look_ = is_looking_;
  }
  bool is_look_awaited() const noexcept { return is_look_awaited_; }
  bool is_look_due(time_point now) const noexcept;
  /// What is known of orphans from now on does not help.
  void begin_look(time_point now);
  /// The log has this update, which somebody else has written.
  void on_read(byte_view update);
  /// All up to this number was read and applied, and this checkpoint if it is another one.
  /// `is_all`: there is no more for now.
  void on_looked(log_number known, std::uint64_t checkpoint, bool is_all, time_point now);
  /// Whoever waits is not let wait longer.
  void on_look_failed() noexcept;
  /// Whether the look that is under way is the one that somebody waits for.
  bool is_awaited_now() const noexcept { return is_look_awaited_ && !awaits_next_look_; }

  // --- questions ---

  /// What this node must write in place of others, in order. The owner says with
  /// on_taken_over() as which state it has. `may_hurry`: the log can be written, so that what
  /// others do not write need not wait.
  std::vector<shared_slice> to_take_over(time_point now, bool may_hurry) const;
  /// All that to_take_over() has just named is written, as the states from this one on: on_own()
  /// has been said of each. What waited for it before waits until those are in the log.
  void on_taken_over(state_number first, time_point now, bool may_hurry);

  /// What peers receive of a replica whose last state is `last`: see peer_stored.
  peer_stored logged(replica_life life, state_number last) const;
  /// All up to this state is in the log.
  state_number settled(state_number last) const;
  /// Updates of others that may not be in the log.
  std::size_t unlogged() const noexcept { return unlogged_.size(); }

 private:
  struct foreign {
    peer_id from = 0;
    replica_life life = 0;
    state_number theirs = 0;  // no_number: of a part, whose number comes with the last one
    bool is_whole = false;    // may be from others: the peer must say so of all it had
    state_number here = 0;
    shared_slice update;
    time_point since;
    bool is_orphan = false;       // its replica is lost
    bool was_looked_for = false;  // a look has begun since it is one
    state_number written_as = 0;  // in place of its author; 0: it is not
  };
  struct sender {
    replica_life life = 0;
    peer_stored logged;
  };
  static constexpr state_number no_number = std::numeric_limits<state_number>::max();

  void forget_logged(peer_id from);
  bool is_to_be_taken_over(const foreign& each, time_point now, bool may_hurry) const noexcept {
    const bool is_missing = each.was_looked_for && !is_looking_;
    const bool is_late = may_hurry && now - each.since >= how_.takeover_delay;
    return each.written_as == 0 && (is_missing || is_late);
  }

  settings how_;
  log_number known_ = 0;
  std::uint64_t checkpoint_ = 0;
  fifo<state_number> own_;         // that are not in the log yet
  std::vector<foreign> unlogged_;  // in the order of `here`
  std::map<peer_id, sender> senders_;
  bool is_look_awaited_ = false;
  bool awaits_next_look_ = false;  // and not the one that is under way
  bool is_looking_ = false;
  bool has_failed_ = false;
  bool has_more_ = false;
  time_point looked_at_;
  time_point changed_at_;
};

}  // namespace troupe::cluster
