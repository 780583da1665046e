#include "protocol/crdt/read/visibility.hpp"

namespace troupe::crdt {

visible_at::visible_at(const struct_store& in, const snapshot& at) {
  for (const client_id id : in.clients().ids())
    clients_.push_back({at.known.clock_of(id), &at.deleted.of(id)});
}

// Differs: yjs takes the last unit of the run that began before the snapshot, although values that
// came later may have been merged with it; we take the last unit that was known.
unit_place visible_at::value_of(const struct_store& in, const chain& keyed) const {
  for (item_handle at = keyed.tail; at != none; at = in.at(at).left) {
    const item& candidate = in.at(at);
    const view_of_client& client = clients_[candidate.client];
    if (candidate.clock >= client.end) continue;
    const clock_type last = std::min(candidate.end(), client.end) - 1;
    const auto gone = first_ending_above(*client.deleted, last);
    const bool is_gone = gone != client.deleted->end() && gone->clock <= last;
    if (is_gone || !is_countable(candidate.kind())) return {};
    return {at, last - candidate.clock};
  }
  return {};
}

std::size_t visible_at::length_of(const struct_store& in, type_handle type) const {
  std::size_t length = 0;
  for (item_handle at = in.chain_at(in.type_at(type).sequence).head; at != none;
       at = in.at(at).right) {
    if (!is_countable(in.at(at).kind())) continue;
    for_each_part(in.at(at), [&](clock_type, clock_type part) { length += part; });
  }
  return length;
}

}  // namespace troupe::crdt
