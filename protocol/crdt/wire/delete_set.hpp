// A delete set on its own, outside of a store: which clocks of which clients are deleted. Part of a
// snapshot. Always in normal form: clients descending, as yjs writes them; the ranges of each
// ascending, disjoint, not adjacent and not empty.
// Format (v1): varUint count of clients; each varUint client, varUint count of ranges, each varUint
// clock, varUint length. In v2 the clock is the distance from the end of the range before it, and
// the length is one less. Source: yjs 13.6 utils/DeleteSet.js.
#pragma once

#include <vector>

#include "protocol/crdt/wire/decoded_update.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::crdt {

class delete_set {
 public:
  struct client_entry {
    client_id client = 0;
    std::vector<clock_range> ranges;
    friend bool operator==(const client_entry&, const client_entry&) = default;
  };

  /// Reads one and leaves what follows. Clients and ranges may come in any order, repeated and
  /// overlapping; ranges of length 0 are dropped. On failure (truncated, number_too_large) the
  /// decoder has failed.
  static delete_set read(lib0::decoder& in, update_format format);

  void write(lib0::encoder& out, update_format format) const;

  /// Adds ranges of a client; normalise() must follow before anything is asked.
  void add(client_id client, std::vector<clock_range> ranges) {
    clients_.push_back({client, std::move(ranges)});
  }
  void normalise();

  /// The ranges of a client; empty if there are none.
  const std::vector<clock_range>& of(client_id client) const noexcept;

  /// Whether every clock of the range is in the set.
  bool covers(client_id client, clock_range range) const noexcept;

  bool empty() const noexcept { return clients_.empty(); }
  const std::vector<client_entry>& clients() const noexcept { return clients_; }
  friend bool operator==(const delete_set&, const delete_set&) = default;

 private:
  std::vector<client_entry> clients_;
};

/// The first of these ranges (ascending, disjoint) that ends above `clock`.
std::vector<clock_range>::const_iterator first_ending_above(const std::vector<clock_range>& ranges,
                                                            clock_type clock) noexcept;

}  // namespace troupe::crdt
