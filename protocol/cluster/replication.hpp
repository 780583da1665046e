// How many nodes keep a document and confirm its updates, as configured (cluster.replication); the
// same on all nodes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::cluster {

inline constexpr std::size_t keepers_max = 7;

/// What becomes of acknowledgements while too few keepers can be reached.
enum class replication_mode : std::uint8_t {
  strict,     ///< They wait until enough keepers have the update.
  available,  ///< Those that can be reached are enough.
};

/// What makes an edit durable (cluster.durability).
enum class durability_mode : std::uint8_t {
  keepers,  ///< Nodes with disks of their own, some of which keep a document.
  shared,   ///< A store that all nodes share.
};

struct replication {
  std::size_t keepers = 3;     ///< Nodes that store a document.
  std::size_t write_acks = 2;  ///< Of these, how many have an update before its author is notified.

  bool operator==(const replication&) const = default;
};

}  // namespace troupe::cluster
