// The bounds of a link: what one end keeps, and what it lets be under way. Those of a payload are
// part of the format (docs/peer-link.md) and equal on all nodes; tests make them small. Pure.
#pragma once

#include <chrono>
#include <cstddef>

#include "protocol/cluster/peer_codec.hpp"

namespace troupe::cluster {

struct link_limits {
  /// Of the payload of a batch; a larger message is cut into chunks.
  std::size_t payload_bytes_max = 256 * 1024;
  /// Of a message, whole.
  std::size_t message_bytes_max = peer_message_size_bytes_max;
  /// A smaller rest of a payload is left empty rather than filled with a chunk.
  std::size_t chunk_bytes_min = 4 * 1024;

  /// What waits to be sent: data and presence. A message of more than half of it does not count
  /// here; of such messages `message_bytes_max` may wait in all.
  std::size_t queue_bytes_max = 8 * 1024 * 1024;
  /// What waits to be sent ahead of it: messages of the class control.
  std::size_t control_bytes_max = 1024 * 1024;

  /// Sent and not acknowledged. Requires: not less than two full payloads.
  std::size_t credit_bytes = 4 * 1024 * 1024;
  /// Received and not acknowledged, whatever credit the other end is configured with.
  std::size_t unacknowledged_bytes_max = 64 * 1024 * 1024;

  /// An acknowledgement goes by itself once it is owed for so much, or for so long. It only keeps
  /// the other end's credit from running out and shows it that this end lives: no client waits for
  /// it, since what is durable is reported by a message of its own. A sixteenth of the credit never
  /// lets the other end wait, and twenty of them in a second cost nothing beside the batches that
  /// they answer; where this end sends batches as well, these acknowledge by the way.
  std::size_t ack_bytes = 256 * 1024;
  std::chrono::milliseconds ack_delay{50};
};

/// What a batch counts beside its payload, for the memory of a message between actors.
inline constexpr std::size_t batch_overhead_bytes = 256;
/// What a message that waits counts beside its bytes.
inline constexpr std::size_t waiting_overhead_bytes = 64;

}  // namespace troupe::cluster
