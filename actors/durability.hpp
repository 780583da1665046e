// What a document has for its log, and who waits to hear that it is stored. Numbers the updates,
// gathers those of a turn, and knows when the log has grown so long that a checkpoint should
// replace it. Pure; owner: a document actor.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "actors/interfaces.hpp"
#include "base/fifo.hpp"

namespace troupe {

class durability {
 public:
  /// Someone who waits to hear that all before it is stored.
  struct unconfirmed {
    storage::sequence number = 0;  ///< Of the last update before it; set by await().
    session_id sender = no_session;
    shared_slice update;  ///< For its binary dialect; empty: nothing.
    std::string ack;      ///< For its JSON dialect; empty: nothing.
    std::size_t credit_bytes = 0;
  };

  /// Goes on behind what was loaded.
  void load(const storage::stored_document& stored) {
    checkpoint_size_ = stored.checkpoint.size();
    for (const shared_slice& update : stored.updates) size_ += update.size + record_overhead;
    last_ = stored_ = stored.last;
  }

  /// The update gets the next number and waits for take_append().
  void append(shared_slice update) {
    ++last_;
    if (gathered_.updates.empty()) gathered_.first = last_;
    size_ += update.size + record_overhead;
    gathered_.updates.push_back(std::move(update));
  }

  /// What was appended since the last call.
  append_updates take_append() { return std::exchange(gathered_, {}); }

  void await(unconfirmed one) {
    one.number = last_;
    unconfirmed_.push_back(std::move(one));
  }

  void on_stored(storage::sequence up_to) noexcept { stored_ = up_to; }

  /// The first who waits, if what it waits for is stored; else null. Holds until pop_confirmed().
  unconfirmed* next_confirmed() noexcept {
    const bool has_one = !unconfirmed_.empty() && unconfirmed_.front().number <= stored_;
    return has_one ? &unconfirmed_.front() : nullptr;
  }
  void pop_confirmed() { unconfirmed_.pop_front(); }

  bool is_awaited() const noexcept { return !unconfirmed_.empty(); }
  storage::sequence last() const noexcept { return last_; }

  /// Whether a checkpoint would save much: what must be read to load the document would be halved.
  bool is_long() const noexcept { return size_ > std::max(worthwhile_size, checkpoint_size_); }
  /// The same for a document that will not change for a while.
  bool is_worth_folding() const noexcept { return size_ > checkpoint_size_ / 2; }
  bool is_folded() const noexcept { return size_ == 0; }

  /// A checkpoint of this moment is being made; what is appended from now on comes behind it.
  void begin_checkpoint() noexcept { size_ = 0; }
  void end_checkpoint(std::size_t size) noexcept { checkpoint_size_ = size; }

  std::size_t checkpoint_size() const noexcept { return checkpoint_size_; }
  /// Of checkpoint and log, in bytes: about what the state takes when it is encoded.
  std::size_t state_size() const noexcept { return checkpoint_size_ + size_; }

  void release_memory() { unconfirmed_.release_memory(); }

 private:
  /// A log below this is not worth a checkpoint.
  static constexpr std::size_t worthwhile_size = 64 * 1024;
  /// What a record of the log costs beside its bytes.
  static constexpr std::size_t record_overhead = 32;

  append_updates gathered_;
  fifo<unconfirmed> unconfirmed_;
  storage::sequence last_ = 0;
  storage::sequence stored_ = 0;
  std::size_t size_ = 0;  // of the log, since the last checkpoint
  std::size_t checkpoint_size_ = 0;
};

}  // namespace troupe
