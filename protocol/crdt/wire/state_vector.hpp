// A state vector: for each client the first clock that is missing.
// Format: varUint count, then (varUint client, varUint clock) each. Source: yjs 13.6
// utils/encoding.js.
#pragma once

#include <vector>

#include "base/errc.hpp"
#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

class state_vector {
 public:
  struct entry {
    client_id client = 0;
    clock_type clock = 0;
    friend bool operator==(const entry&, const entry&) = default;
  };

  /// Fails with truncated, number_too_large, trailing_bytes. Clocks above clock_max count as
  /// clock_max.
  static result<state_vector> decode(byte_view bytes);

  byte_buffer encode() const;

  /// The first missing clock of a client; 0 for one that is not named.
  clock_type clock_of(client_id client) const noexcept;

  /// Sets the clock of a client that is not in the vector yet.
  void add(client_id client, clock_type clock) { entries_.push_back({client, clock}); }

  /// Brings the entries into the order in which yjs writes them, clients descending. clock_of needs
  /// it.
  void sort();

  bool empty() const noexcept { return entries_.empty(); }
  const std::vector<entry>& entries() const noexcept { return entries_; }
  friend bool operator==(const state_vector&, const state_vector&) = default;

 private:
  std::vector<entry> entries_;
};

}  // namespace troupe::crdt
