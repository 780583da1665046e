// The sessions of one io_unit: by id, and by the document they are subscribed to. It belongs to the
// unit's thread; the hub actor is its mailbox, session actors enter and leave it by plain calls.
#pragma once

#include <chrono>
#include <deque>
#include <unordered_map>
#include <vector>

#include "actors/interfaces.hpp"

namespace troupe {

/// A session as its table sees it.
class table_session {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~table_session() = default;
  virtual void deliver(const shared_bytes& frame) = 0;
  virtual void on_handled(const deliver_batch::handled& progress) = 0;
  virtual void on_second(time_point now) = 0;
  virtual void close(close_reason reason) = 0;
};

/// Thread: the unit's.
class session_table {
 public:
  void add(session_id id, table_session* session) { sessions_.emplace(id, session); }
  void remove(session_id id) { sessions_.erase(id); }
  /// Returns false if the document has failed meanwhile: its subscribers have been closed already.
  bool subscribe(document_id document, session_id id);
  void unsubscribe(document_id document, session_id id);

  /// Pushes each delivery to its receivers. No message per receiver: the frames go to their write
  /// queues.
  void deliver(const deliver_batch& batch);
  void close_subscribers(document_id document, close_reason reason);
  void close_all(close_reason reason);
  void on_second(table_session::time_point now);

  std::size_t size() const noexcept { return sessions_.size(); }

 private:
  table_session* find(session_id id) const;

  /// A subscriber's session, found without a look-up when a frame goes to all.
  struct subscriber {
    session_id id;
    table_session* session;
  };

  std::unordered_map<session_id, table_session*> sessions_;
  std::unordered_map<document_id, std::vector<subscriber>> subscribers_;
  std::deque<document_id> failed_;  // the last few, for sessions that were told of one too late
};

}  // namespace troupe
