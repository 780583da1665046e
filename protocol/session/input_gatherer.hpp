// Gathers the requests that one read of a socket brings, per document, so that each document gets
// them as one batch. One gatherer serves all sessions of an I/O unit, since only one socket is read
// at a time; it keeps its memory from one read to the next. Pure.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "protocol/document_id.hpp"
#include "protocol/request.hpp"
#include "protocol/session_id.hpp"

namespace troupe {

class input_gatherer {
 public:
  /// Adds a request of a session. What another session has left is dropped: it failed within its
  /// read.
  void add(session_id session, document_id document, const client_request& what) {
    if (session_ != session) {
      for (slot& each : slots_) each.clear();
      slots_used_ = 0;
      session_ = session;
    }
    slot_of(document).add(what);
  }

  /// Hands out the batches of a session, `take(document, batch)` for each document in the order of
  /// their first requests, and is empty afterwards.
  template <class Take>
  void take_all(session_id session, Take&& take) {
    if (session_ != session) return;
    for (std::size_t i = 0; i < slots_used_; ++i) {
      slot& each = slots_[i];
      if (!each.entries.empty())
        take(each.document, request_batch{shared_bytes::copy_of(each.bytes),
                                          {each.entries.begin(), each.entries.end()}});
      each.clear();
    }
    slots_used_ = 0;
  }

 private:
  /// Of a large message the memory is not kept.
  static constexpr std::size_t kept_bytes_max = std::size_t{1024} * 1024;

  struct slot {
    document_id document = 0;
    byte_buffer bytes;
    std::vector<request_batch::entry> entries;

    void add(const client_request& what) {
      entries.push_back({what.kind, what.in, static_cast<std::uint16_t>(what.message_id.size()),
                         bytes.size(), what.body.size(), what.is_answer});
      bytes.insert(bytes.end(), what.body.begin(), what.body.end());
      const byte_view id = as_bytes(what.message_id);
      bytes.insert(bytes.end(), id.begin(), id.end());
    }
    void clear() {
      bytes.clear();
      if (bytes.capacity() > kept_bytes_max) byte_buffer{}.swap(bytes);
      entries.clear();
    }
  };

  slot& slot_of(document_id document) {
    for (std::size_t i = 0; i < slots_used_; ++i)
      if (slots_[i].document == document) return slots_[i];
    if (slots_used_ == slots_.size()) slots_.emplace_back();
    slot& fresh = slots_[slots_used_++];
    fresh.document = document;
    return fresh;
  }

  session_id session_ = no_session;
  std::vector<slot> slots_;  // those in use first
  std::size_t slots_used_ = 0;
};

}  // namespace troupe
