// Finds in an update (v1) which clocks of which clients it adds and which it deletes, to count
// deliveries. A merged update counts for everything it holds. Updates of a single insertion take a
// fast path; all others use the engine's own decoder. For one thread; reused from update to update
// without allocation.
#pragma once

#include <vector>

#include "protocol/crdt/wire/decoded_update.hpp"

namespace troupe::load {

struct id_range {
  crdt::client_id client = 0;
  crdt::clock_type begin = 0;
  crdt::clock_type end = 0;
};

class update_ranges {
 public:
  /// Returns false if the bytes are no update; there are no ranges then.
  bool read(byte_view update);

  /// Structs that follow each other are one range. In the order of the update.
  const std::vector<id_range>& inserted() const noexcept { return inserted_; }
  const std::vector<id_range>& deleted() const noexcept { return deleted_; }

 private:
  bool read_single_insertion(byte_view update);
  bool read_any(byte_view update);

  std::vector<id_range> inserted_;
  std::vector<id_range> deleted_;
  crdt::decoded_update decoded_;
};

}  // namespace troupe::load
