// What waits to be sent over a link: messages, document by document, and from them the payload of
// the next batch. Part of a link, which owns it; it knows no sequence, credit or time. Pure.
//
// What always holds: messages about one document leave in the order in which they came, and so do
// those of the class control, which leave before all others. Between documents it is fair: they
// take turns, and a large message, which is cut into chunks, leaves half of each payload to the
// others; one is cut at a time. What waits is bounded by link_limits. What finds no room is
// dropped, and never silently: its document is lost until take_lost() has named it, and nothing
// more of it is queued before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/fifo.hpp"
#include "protocol/cluster/link_limits.hpp"

namespace troupe::cluster {

enum class traffic_class : std::uint8_t {
  data,
  /// Of a document only the latest that waits is kept, so each must say all that the one before
  /// it said.
  presence,
  /// Small and about no document; ahead of everything.
  control,
};

/// What became of a message.
enum class pushed : std::uint8_t {
  queued,
  replaced,   ///< Queued, in place of the presence of the same document that waited.
  dropped,    ///< There is no room, or its document is lost: take_lost() will name it.
  too_large,  ///< Dropped as well, since no link carries a message of this size.
  overfull,   ///< Control has no room: the other end takes nothing, give the connection up.
  closed,     ///< There is no connection.
};

/// What has been dropped of a document: only presence, or everything.
enum class loss : std::uint8_t { none, presence, data };

struct lost_document {
  std::string document;
  loss what = loss::data;

  bool operator==(const lost_document&) const = default;
};

class link_queue {
 public:
  struct counts {
    std::uint64_t dropped_bytes = 0;
    std::uint64_t dropped_messages = 0;
    std::uint64_t replaced_messages = 0;  ///< Presence that a newer one has replaced.
  };

  explicit link_queue(const link_limits& limits) : limits_(limits) {}
  link_queue(const link_queue&) = delete;
  link_queue& operator=(const link_queue&) = delete;

  /// Requires: the message is not empty. `document` names what it belongs to; messages of the class
  /// control belong to none, and data about no document have a place of their own under the empty
  /// name. A data message that does not fit takes all waiting data of its document with it, except
  /// for one that is partly sent.
  pushed push(shared_bytes message, traffic_class of, std::string_view document);

  /// The payload of the next batch; empty if nothing waits.
  std::string take_payload();

  /// The documents of which something was dropped, the longest lost first, at most `count_max`.
  /// None while the queue is more than half full. From then on they are queued again: the
  /// owner begins their flows anew.
  std::vector<lost_document> take_lost(std::size_t count_max);
  bool has_lost() const noexcept { return !lost_.empty(); }

  /// Forgets everything, losses too.
  void clear();

  bool empty() const noexcept { return queued_bytes() == 0; }
  /// What waits, with overheads: at most queue_bytes_max + control_bytes_max + message_bytes_max.
  std::size_t queued_bytes() const noexcept { return control_bytes_ + small_bytes_ + large_bytes_; }
  std::size_t queued_messages() const noexcept { return queued_messages_; }
  std::size_t lost_documents() const noexcept { return lost_.size(); }
  const counts& counted() const noexcept { return counts_; }

 private:
  /// What waits of one document.
  struct flow {
    bool is_waiting() const noexcept { return !data.empty() || !presence.empty(); }
    bool is_presence_next() const noexcept { return !presence.empty() && presence_behind == 0; }

    std::string_view document;
    fifo<shared_bytes> data;
    shared_bytes presence;            // empty: none
    std::size_t presence_behind = 0;  // how many data messages go before it
    loss lost = loss::none;
    bool is_in_turn = false;
  };
  /// The message that is being cut: it waits no more, and its document has no turn meanwhile.
  struct cut_message {
    flow* of = nullptr;
    shared_bytes message;
    std::size_t sent = 0;
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  class payload_writer;

  pushed push_control(shared_bytes message);
  pushed push_presence(shared_bytes message, std::string_view document);
  pushed push_data(shared_bytes message, std::string_view document);

  flow& flow_of(std::string_view document);
  void forget_if_idle(flow& of);
  void give_turn(flow& to);

  static std::size_t cost_of(const shared_bytes& message) noexcept {
    return message.size() + waiting_overhead_bytes;
  }
  bool is_large(const shared_bytes& message) const noexcept {
    return message.size() > limits_.queue_bytes_max / 2;
  }
  bool has_room_for(const shared_bytes& message) const noexcept;
  void count_in(const shared_bytes& message) noexcept;
  void count_out(const shared_bytes& message) noexcept;
  void count_dropped(const shared_bytes& message) noexcept;
  void note_loss(flow& of, loss what);
  void drop_presence(flow& of);
  void drop_all_presence();
  void drop_data(flow& of);

  void take_control(payload_writer& out);
  void take_whole(payload_writer& out, std::size_t size_max);
  void take_turn(flow& of, payload_writer& out, std::size_t size_max);
  void take_chunk(payload_writer& out);
  static const shared_bytes& first_of(flow& of) noexcept;
  shared_bytes take_first(flow& of);

  const link_limits limits_;
  fifo<shared_bytes> control_;
  std::unordered_map<std::string, flow, text_hash, std::equal_to<>> flows_;
  fifo<flow*> turns_;  // flows with something that waits, and some whose was dropped
  cut_message cut_;
  fifo<flow*> lost_;
  std::size_t control_bytes_ = 0;
  std::size_t small_bytes_ = 0;     // of data and presence
  std::size_t large_bytes_ = 0;     // of messages of more than half of queue_bytes_max
  std::size_t presence_bytes_ = 0;  // a part of small_bytes_ and large_bytes_
  std::size_t queued_messages_ = 0;
  counts counts_;
};

}  // namespace troupe::cluster
