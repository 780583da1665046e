// The sessions of one io_unit: by id, and by the documents they are subscribed to. It belongs to
// the unit's thread; the hub actor is its mailbox, session actors enter and leave it by plain
// calls.
#pragma once

#include <chrono>
#include <deque>
#include <unordered_map>
#include <vector>

#include "actors/interfaces.hpp"
#include "protocol/dialect.hpp"

namespace troupe {

/// Frames that lie one behind the other.
struct frame_run {
  shared_slice bytes;
  std::uint32_t count = 1;

  /// Adds the frames if they continue these in memory.
  bool join(const shared_slice& next) noexcept {
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
  virtual void deliver(const frame_run& frames) = 0;
  /// Whether it reads so slowly that presence is left out for it. If so, it asks the document for
  /// all presence once it reads again.
  virtual bool skips_presence(document_id document) = 0;
  virtual void on_handled(document_id document, const deliver_batch::handled& progress) = 0;
  virtual void on_second(time_point now) = 0;
  virtual void close(close_reason reason) = 0;
  /// The document has failed: it is closed to this session.
  virtual void on_document_failed(document_id document, close_reason reason) = 0;
  virtual session_info describe() const = 0;
};

/// Thread: the unit's.
class session_table {
 public:
  void add(session_id id, subscriber_session* session) { sessions_.emplace(id, session); }
  void remove(session_id id) { sessions_.erase(id); }
  /// Returns false if the document has failed meanwhile: its subscribers have been closed already.
  /// It hears nothing yet: a client speaks first.
  bool subscribe(document_id document, session_id id);
  /// From now on it hears this dialect, too: the binary one at once; the JSON one from the first
  /// message that is for it alone, the answer to its sync, so that nothing comes before that.
  void hear(document_id document, session_id id, dialect spoken);
  void unsubscribe(document_id document, session_id id);

  /// Pushes each delivery to its receivers. No message per receiver: the frames go to their write
  /// queues, neighbouring ones by one push.
  void deliver(const deliver_batch& batch);
  void close_subscribers(document_id document, close_reason reason);
  void close_all(close_reason reason);
  void on_second(subscriber_session::time_point now);
  std::vector<session_info> list() const;

  std::size_t size() const noexcept { return sessions_.size(); }

 private:
  /// A subscriber's session, found without a look-up when a frame goes to all.
  struct subscriber {
    session_id id;
    subscriber_session* session;
    dialects hears;
    bool awaits_json = false;  ///< The answer to its sync has not come yet.
  };
  using subscriber_list = std::vector<subscriber>;
  using delivery_list = std::vector<deliver_batch::delivery>;

  subscriber_session* find(session_id id) const;
  void deliver(document_id document, subscriber_list& to, const delivery_list& deliveries,
               dialect which);
  void deliver_to_one(document_id document, const subscriber& to, const delivery_list& deliveries,
                      std::size_t from);
  static bool begins_to_hear(subscriber& who, const delivery_list& deliveries, std::size_t& from);
  void collect_common(const delivery_list& deliveries);
  bool is_named(session_id id) const;

  std::unordered_map<session_id, subscriber_session*> sessions_;
  std::unordered_map<document_id, subscriber_list> subscribers_;
  std::deque<document_id> failed_;  // the last few, for sessions that were told of one too late

  // Of the batch that is being delivered; kept for their memory.
  std::vector<frame_run> common_;              // for all who are not named
  std::vector<frame_run> common_no_presence_;  // the same without presence
  std::vector<session_id> named_;              // in some delivery, sorted
  bool has_presence_ = false;
};

}  // namespace troupe
