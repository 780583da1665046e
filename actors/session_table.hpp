// The sessions of one I/O unit: by id, and by the documents they are subscribed to. It belongs to
// the unit's thread; the hub actor is its mailbox, session actors enter and leave it by plain
// calls. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <unordered_map>
#include <vector>

#include "actors/deliveries.hpp"
#include "actors/operator_view.hpp"
#include "actors/unit_tally.hpp"
#include "net/frame_output.hpp"
#include "protocol/dialects/codec.hpp"

namespace troupe {

/// Frames that lie one behind the other.
struct frame_run {
  shared_slice bytes;
  std::uint32_t count = 1;

  /// Adds the frames if they continue these in memory.
  bool merge(const shared_slice& next) noexcept {
    const bool continues = bytes.bytes.view().data() == next.bytes.view().data() &&
                           bytes.offset + bytes.size == next.offset;
    if (!continues) return false;
    bytes.size += next.size;
    ++count;
    return true;
  }
};

/// A session as its table sees it.
class subscriber_session {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~subscriber_session() = default;
  /// Where its frames go, for as long as it is subscribed to any document.
  virtual frame_output& output() noexcept = 0;
  /// Whether it reads so slowly that presence is left out for it. If so, it asks the document for
  /// all presence once it reads again.
  virtual bool skips_presence(document_id document) = 0;
  virtual void on_handled(document_id document, credit_amount amount) = 0;
  /// The document wants to know whether the client is there, and is notified if it seems not to be.
  virtual void on_probe(document_id /*document*/) {}
  virtual void on_second(time_point now) = 0;
  /// The whole process has stood still: what clients sent meanwhile is not read yet.
  virtual void on_pause_ended(time_point now) = 0;
  virtual void close(close_reason reason) = 0;
  /// The document has failed: it is closed to this session.
  virtual void on_document_failed(document_id document, close_reason reason) = 0;
  /// Carries out what concerns it, and adds itself to `changed` if anything does.
  virtual void change_access(const access_change& /*change*/, changed_access& /*changed*/) {}
  virtual session_info describe() const = 0;
  /// The same in few words, and much cheaper.
  virtual session_load load() const {
    const session_info all = describe();
    return {all.id,
            all.queued_bytes,
            all.bytes_in,
            all.bytes_out,
            static_cast<std::uint32_t>(all.documents.size()),
            all.idle};
  }
  /// Whether it has joined the document of this name.
  virtual bool has_joined(const std::string& document) const {
    const session_info all = describe();
    return std::ranges::find(all.documents, document) != all.documents.end();
  }
};

/// What one batch has in one dialect, sorted out once for all subscribers: a subscriber that no
/// delivery names gets the common runs. Keeps its memory from batch to batch.
class delivery_plan {
 public:
  /// The deliveries must last until the next call.
  void make(const delivery_list& deliveries);

  bool has_presence() const noexcept { return has_presence_; }
  bool is_named(session_id id) const;
  /// For all that are not named.
  const std::vector<frame_run>& common(bool without_presence) const noexcept {
    return without_presence ? common_without_presence_ : common_;
  }
  /// The deliveries for one session, from a position on; `push(frame_run)` for each run.
  template <class Push>
  void for_each_run(session_id id, std::size_t from, bool without_presence, Push&& push) const;
  /// Where the first delivery for this session alone stands; the number of deliveries if nowhere.
  std::size_t first_for(session_id id) const;
  std::size_t size() const noexcept { return deliveries_->size(); }

 private:
  const delivery_list* deliveries_ = nullptr;
  std::vector<frame_run> common_;
  std::vector<frame_run> common_without_presence_;
  std::vector<session_id> named_;  // in some delivery, sorted
  bool has_presence_ = false;
};

/// Thread: the unit's.
class session_table {
 public:
  /// Sessions of one slice: about 0.1 ms of the unit's time.
  static constexpr std::size_t survey_slice_max = 256;

  void add(session_id id, subscriber_session* session) { sessions_.emplace(id, session); }
  void remove(session_id id) { sessions_.erase(id); }
  /// Returns false if the document has failed meanwhile: its subscribers have been closed already.
  /// It receives nothing yet: a client speaks first.
  bool subscribe(document_id document, session_id id);
  /// Why that was so.
  close_reason why_failed(document_id document) const;
  /// From now on it receives this dialect, too: one that joins by its address at once; one that
  /// joins by a sync from the first message that is for it alone, the answer to its sync, so that
  /// nothing comes before that.
  void enable_dialect(document_id document, session_id id, dialect spoken);
  /// From now on it no longer receives this dialect.
  void disable_dialect(document_id document, session_id id, dialect spoken);
  void unsubscribe(document_id document, session_id id);

  /// Pushes each delivery to its receivers. No message per receiver: the frames go to their write
  /// queues, neighbouring ones by one push.
  void deliver(const deliver_batch& batch);
  void close_subscribers(document_id document, close_reason reason);
  /// `share`: in thousandths.
  void close_all(close_reason reason, unsigned share = all_sessions);
  changed_access change_access(const access_change& change);
  void on_second(subscriber_session::time_point now);
  /// The process has stood still (second_watch): no session judges its client by that time.
  void on_pause_ended(subscriber_session::time_point now);
  /// A page of the sessions, by their ids.
  listed_sessions list(const list_sessions& which) const;
  /// Those of the named ones that are here.
  listed_sessions describe(const describe_sessions& which) const;
  /// A slice of all of them, of about as many as are asked for, at most survey_slice_max.
  surveyed_sessions survey(const survey_sessions& which) const;

  std::size_t size() const noexcept { return sessions_.size(); }
  /// What its sessions do, for the metrics.
  unit_tally& tally() noexcept { return tally_; }

 private:
  /// A subscriber's session and output, found without a look-up when a frame goes to all.
  struct subscriber {
    session_id id;
    subscriber_session* session;
    frame_output* output;
    dialect_set hears;
    dialect_set awaits_reply;  ///< It will receive these from the answer to its sync on.
  };
  using failed_list = std::deque<std::pair<document_id, close_reason>>;
  using subscriber_list = std::vector<subscriber>;

  subscriber_session* find(session_id id) const;
  failed_list::const_iterator find_failed(document_id document) const;
  subscriber* find_subscriber(document_id document, session_id id);
  void deliver(document_id document, subscriber_list& to, const delivery_list& deliveries,
               dialect in);

  std::unordered_map<session_id, subscriber_session*> sessions_;
  std::unordered_map<document_id, subscriber_list> subscribers_;
  /// The last few, for sessions that subscribe too late.
  failed_list failed_;
  delivery_plan plan_;  // of the batch that is being delivered
  unit_tally tally_;
};

}  // namespace troupe
