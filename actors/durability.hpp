// How durable a document is: it numbers the updates, gathers those of a turn for storage, and knows
// who has confirmed up to which number. An update counts as stored when enough keepers have
// confirmed it (alone: the node's own store; in a cluster: `write_acks` keepers); then its origin
// gets the acknowledgement. It also knows when the log has grown so long that a checkpoint should
// replace it. Pure; owner: a document actor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/fifo.hpp"
#include "protocol/hosted_document.hpp"
#include "protocol/origin.hpp"
#include "storage/backend.hpp"

namespace troupe {

/// Names a keeper, which stores the document: this node's store, or that of a peer.
using keeper_id = std::uint64_t;

class durability {
 public:
  /// This node's own store.
  static constexpr keeper_id local_store = 0;

  /// A write whose origin is to be notified that all up to it is stored.
  struct unconfirmed {
    storage::sequence number = 0;  ///< Of the last update up to it; set by await().
    origin from;
    dialect in = dialect::y_websocket;
    bool has_confirmation = false;   ///< Else only its credit is given back.
    std::uint32_t acknowledged = 1;  ///< How many requests the confirmation acknowledges.
    shared_slice change;             ///< What it changed; empty: nothing.
    shared_slice message_id;         ///< Empty: none.
    std::size_t credit_bytes = 0;
    /// It has written nothing, as all of it was here, perhaps from a peer: keepers must have that.
    bool needs_whole = false;
    bool is_credited = false;  ///< Its credit was given back before; see next_to_credit().
  };

  /// Of what waits for other keepers, while this node has stored it. Beyond, its senders must wait.
  static constexpr std::size_t waiting_bytes_max = std::size_t{16} * 1024 * 1024;

  /// `confirmations_needed`: how many keepers must have stored an update until it is acknowledged;
  /// at least one.
  explicit durability(std::size_t confirmations_needed = 1)
      : confirmations_needed_(std::max<std::size_t>(confirmations_needed, 1)) {}

  /// From now on these keepers count, and so many of them must have stored an update until it is
  /// acknowledged. `keepers`: with local_store if this node is one. What was loaded is confirmed
  /// only once they have it: it may have come from here and reached nobody.
  void expect(std::size_t confirmations_needed, std::vector<keeper_id> keepers);

  /// The log is that of all nodes (cluster::shared_log): what comes from peers gets a number, and
  /// is not appended.
  void share_log() noexcept { is_shared_ = true; }
  bool is_shared() const noexcept { return is_shared_; }
  /// How long the shared log is behind the newest checkpoint, whoever has written both.
  void note_log(std::size_t log_bytes, std::size_t checkpoint_size) noexcept {
    size_ = log_bytes;
    checkpoint_size_ = checkpoint_size;
  }

  /// Continues behind what was loaded.
  void load(const storage::stored_document& stored) {
    checkpoint_size_ = stored.checkpoint.size();
    for (const shared_slice& update : stored.updates) size_ += update.size + record_overhead;
    last_ = confirmed_ = confirmed_whole_ = stored_here_ = stored.last;
    keepers_ = {{local_store, stored.last, stored.last}};
    wants_checkpoint_ = !stored.damage.empty();
  }

  /// What was loaded is better replaced, though nobody edits the document.
  void want_checkpoint() noexcept { wants_checkpoint_ = true; }

  /// The update gets the next number and waits for take_append().
  void append(shared_slice update) {
    ++last_;
    if (gathered_.updates.empty()) gathered_.first = last_;
    size_ += update.size + record_overhead;
    wants_checkpoint_ = true;
    gathered_.updates.push_back(std::move(update));
  }

  /// An update that another node appends.
  void note_foreign() noexcept { ++last_; }

  /// Of those since the last take_append(). Requires: there is one.
  const shared_slice& last_appended() const noexcept { return gathered_.updates.back(); }

  /// What was appended since the last call.
  storage::log_append take_append() { return std::exchange(gathered_, {}); }

  /// Appends what a hosted document wants stored, and remembers whom to confirm it to. Bytes that
  /// are part of the event's are shared with it, others are copied.
  void add(const document_effects::storage_write& write, const shared_bytes& event_bytes,
           std::size_t credit_bytes);

  void await(unconfirmed one) {
    one.number = last_;
    waiting_bytes_ += one.change.size;
    if (one.needs_whole) whole_awaited_ = last_;
    unconfirmed_.push_back(std::move(one));
  }

  /// A keeper has stored all updates up to this number.
  void on_stored(keeper_id by, storage::sequence up_to) { on_stored(by, up_to, up_to); }
  /// It has stored those that came from sessions and the server up to this number, and those from
  /// peers as well up to `whole`.
  void on_stored(keeper_id by, storage::sequence up_to, storage::sequence whole);

  /// The first that waits, if what it waits for is stored; else null. Holds until pop_confirmed().
  unconfirmed* next_confirmed() noexcept {
    if (unconfirmed_.empty()) return nullptr;
    unconfirmed& first = unconfirmed_.front();
    return first.number <= (first.needs_whole ? confirmed_whole_ : confirmed_) ? &first : nullptr;
  }
  void pop_confirmed() {
    waiting_bytes_ -= unconfirmed_.front().change.size;
    unconfirmed_.pop_front();
    if (credited_ > 0) --credited_;
  }

  /// The next that is stored here and waits for other keepers, while not too much does: its sender
  /// may send more. Null: none.
  unconfirmed* next_to_credit() noexcept {
    if (counted_.empty() || credited_ >= unconfirmed_.size()) return nullptr;
    unconfirmed& next = unconfirmed_.at(credited_);
    if (next.number > stored_here_ || waiting_bytes_ > waiting_bytes_max) return nullptr;
    ++credited_;
    next.is_credited = true;
    return &next;
  }

  bool is_awaited() const noexcept { return !unconfirmed_.empty(); }
  /// Whether anybody waits for what came from peers.
  bool is_whole_awaited() const noexcept { return whole_awaited_ > confirmed_whole_; }
  /// Whether anything has yet to be stored here.
  bool is_storing() const noexcept { return stored_here_ < last_; }
  storage::sequence last() const noexcept { return last_; }
  /// Enough keepers have stored all up to this number.
  storage::sequence confirmed() const noexcept { return confirmed_; }

  /// Whether a checkpoint would save much: what must be read to load the document would be halved.
  /// Never for a document that was only read, here and below: it is not written.
  bool is_long() const noexcept {
    return wants_checkpoint_ && size_ > std::max(worthwhile_size, checkpoint_size_);
  }
  /// The same for a document that will not change for a while.
  bool is_worth_checkpoint() const noexcept {
    return wants_checkpoint_ && size_ > checkpoint_size_ / 2;
  }
  bool is_checkpointed() const noexcept { return !wants_checkpoint_; }

  /// A checkpoint of this moment is being made; what is appended from now on comes behind it.
  void begin_checkpoint() noexcept {
    size_ = 0;
    wants_checkpoint_ = false;
  }
  void end_checkpoint(std::size_t size) noexcept { checkpoint_size_ = size; }

  std::size_t checkpoint_size() const noexcept { return checkpoint_size_; }
  /// Of checkpoint and log, in bytes: about the size of the encoded state.
  std::size_t state_size() const noexcept { return checkpoint_size_ + size_; }

  void release_memory() { unconfirmed_.release_memory(); }

 private:
  /// A log below this is not worth a checkpoint: it loads within some milliseconds, and a document
  /// that many edit at once would be encoded, checked and compressed again and again.
  static constexpr std::size_t worthwhile_size = 256 * 1024;
  /// What a record of the log costs beside its bytes.
  static constexpr std::size_t record_overhead = 32;

  struct keeper {
    keeper_id id;
    storage::sequence stored;
    storage::sequence whole;
  };

  void advance_confirmed();
  void raise(storage::sequence& confirmed, storage::sequence keeper::*of) const;
  bool counts(keeper_id id) const noexcept {
    return counted_.empty() || std::ranges::find(counted_, id) != counted_.end();
  }

  storage::log_append gathered_;
  fifo<unconfirmed> unconfirmed_;
  std::vector<keeper> keepers_;  // those that have confirmed anything
  std::size_t confirmations_needed_;
  std::vector<keeper_id> counted_;  // empty: whoever confirms
  storage::sequence last_ = 0;
  storage::sequence confirmed_ = 0;
  storage::sequence confirmed_whole_ = 0;
  storage::sequence stored_here_ = 0;
  storage::sequence whole_awaited_ = 0;
  std::size_t credited_ = 0;       // of unconfirmed_, from the front
  std::size_t waiting_bytes_ = 0;  // of unconfirmed_
  std::size_t size_ = 0;           // of the log, since the last checkpoint
  bool is_shared_ = false;
  bool wants_checkpoint_ = false;  // it was appended to, or what is stored is better replaced
  std::size_t checkpoint_size_ = 0;
};

}  // namespace troupe
