// One end of the link between two nodes: messages in at one end come out at the other, in order and
// once, or the connection is lost. It does no I/O and keeps no clock. Its owner is the actor that
// holds the connection: that one opens an epoch for each connection, pushes messages, sends the
// batches that next_batch() and take_ack() make, and hands in what arrives. Thread: its owner's.
//
// An epoch is one connection. In it both ends number their batches from 1 on, and each batch
// acknowledges what has come the other way. Nothing is sent twice: the connection delivers batches
// in order or breaks, and then everything under way and waiting is gone, and the flows of all
// documents begin anew in the next epoch.
//
// What always holds, whatever the other end does: what waits is bounded (link_queue.hpp); what was
// sent and is not acknowledged never exceeds the credit; of what has arrived, one incomplete
// message is kept. Format and algorithm: docs/peer-link.md. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/fifo.hpp"
#include "protocol/cluster/link_limits.hpp"
#include "protocol/cluster/link_queue.hpp"
#include "protocol/cluster/message_joiner.hpp"

namespace troupe::cluster {

/// Names one connection between two nodes; the same number at both ends, another for each
/// connection.
using link_epoch = std::uint64_t;
/// Of a batch within its epoch and direction; the first is 1.
using batch_number = std::uint64_t;

/// What travels between the two ends of a link.
struct batch {
  link_epoch epoch = 0;
  batch_number sequence = 0;  ///< Its own; of a batch without payload that of the last with one.
  batch_number acknowledged = 0;  ///< Of the other direction: this one and all before it.
  std::string payload;            ///< Pieces; empty: it only acknowledges.

  bool operator==(const batch&) const = default;
};

/// What a batch has brought.
struct received {
  bool is_stale = false;  ///< It belongs to another connection; nothing was done with it.
  std::vector<shared_slice> messages;  ///< Whole ones, in order.
};

struct link_figures {
  std::size_t queued_bytes = 0;
  std::size_t queued_messages = 0;
  std::size_t unacknowledged_bytes = 0;  ///< Sent.
  std::size_t unacknowledged_batches = 0;
  std::size_t incomplete_bytes = 0;  ///< Of the message that arrives in chunks.
  std::size_t lost_documents = 0;    ///< That take_lost() has yet to name.
  std::chrono::milliseconds lag{0};  ///< Age of the oldest batch that is not acknowledged.
  // Since the link was made:
  std::uint64_t dropped_bytes = 0;
  std::uint64_t dropped_messages = 0;
  std::uint64_t replaced_messages = 0;
  std::uint64_t sent_batches = 0;  ///< With a payload.
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_batches = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t acks = 0;  ///< Batches sent only to acknowledge.
};

class link {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit link(link_limits limits = {});

  /// Begins an epoch: everything of the one before is forgotten, losses too.
  void open(link_epoch epoch);
  /// Ends it. Frees what was queued; until the next one everything pushed is dropped.
  void close();
  bool is_open() const noexcept { return epoch_.has_value(); }

  /// Queues a message; see link_queue::push.
  pushed push(shared_bytes message, traffic_class of, std::string_view document = {});
  /// See link_queue::take_lost. Worth asking after each batch that was taken.
  std::vector<lost_document>
  take_lost(std::size_t count_max = std::numeric_limits<std::size_t>::max());

  /// The next batch to send, as full as what waits makes it. Nothing if nothing waits, or as long
  /// as a full payload would exceed the credit: the owner asks again when a batch has come.
  std::optional<batch> next_batch(time_point now);

  /// A batch without payload, if an acknowledgement is owed and due. Ask after next_batch(), which
  /// acknowledges by the way.
  std::optional<batch> take_ack(time_point now);
  /// When take_ack() has one; nothing: none is owed, or the link is paused.
  std::optional<time_point> ack_due() const;

  /// Takes a batch of the other end. Fails with out_of_sequence (a batch is missing or repeated, an
  /// acknowledgement of what was never sent, chunks that make no message), number_too_large (a
  /// payload or message above its limit, the credit overdrawn) and truncated: then the connection
  /// must be closed.
  result<received> on_batch(const batch& arrived, time_point now);

  /// From now on nothing is acknowledged, so that the other end stops once its credit is used up:
  /// for an owner that cannot hand on what arrives as fast as it does.
  void pause() noexcept { is_paused_ = true; }
  void resume() noexcept { is_paused_ = false; }

  link_figures figures(time_point now) const;

 private:
  struct unacknowledged {
    std::size_t bytes = 0;
    time_point sent_at;
  };

  void reset();
  batch make_batch(std::string payload);
  result<void> take_acknowledgement(batch_number up_to);

  const link_limits limits_;
  std::optional<link_epoch> epoch_;
  link_queue queue_;

  // Sent.
  batch_number sent_ = 0;
  batch_number acknowledged_ = 0;
  fifo<unacknowledged> under_way_;  // the batches behind acknowledged_, in order
  std::size_t under_way_bytes_ = 0;

  // Received.
  message_joiner joiner_;
  batch_number received_ = 0;
  batch_number confirmed_ = 0;  // the last one that was acknowledged
  std::size_t owed_bytes_ = 0;  // of those behind it
  time_point owed_since_;
  bool is_paused_ = false;

  link_figures counted_;  // the counts only
};

}  // namespace troupe::cluster
