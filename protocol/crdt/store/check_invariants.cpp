#include "protocol/crdt/store/check_invariants.hpp"

#include <vector>

#include "base/check.hpp"

namespace troupe::crdt {

namespace {

/// Its strands take turns, and each of its tombstones is found and deleted.
void check_braid(const struct_store& of, const client_state& state, item_handle first) {
  const item& front = of.at(first);
  const std::uint32_t strands = front.content_size;
  TROUPE_CHECK(front.content == first && strands > 1 && front.rows() > 1);
  for (std::uint32_t i = 0; i < strands; ++i) {
    const item& strand = of.at(first + i);
    TROUPE_CHECK(strand.is_strand() && strand.content == first && strand.content_size == strands);
    TROUPE_CHECK(strand.client == front.client && strand.clock == front.clock + i);
    TROUPE_CHECK(strand.length == front.length && strand.right_origin.is_none());
    TROUPE_CHECK(strand.is_kept == 0 && strand.is_deleted != 0 && !of.is_ordered(strand.chain));
    TROUPE_CHECK(of.chain_at(strand.chain).key != no_string);
    for (std::uint32_t k = 0; k < i; ++k) TROUPE_CHECK(of.at(first + k).chain != strand.chain);
    for (clock_type clock = strand.clock; clock < strand.end(); clock += strands)
      TROUPE_CHECK(of.find(unit_id{strand.client, clock}) == first + i);
  }
  TROUPE_CHECK(state.deleted.covers({front.clock, front.entry_end() - front.clock}));
}

/// Structs are sorted and disjoint, gaps are holes, and the delete set holds exactly what is
/// deleted.
std::size_t check_client(const struct_store& of, client_index client) {
  const client_state& state = of.state_of(client);
  clock_type next = 0;
  std::size_t count = 0, holes = 0, linked = 0, braided = 0;
  if (!state.structs.empty()) {
    for (auto p = state.structs.first(); !state.structs.is_end(p);
         p = state.structs.next(p), ++count) {
      const item& current = of.at(state.structs[p]);
      TROUPE_CHECK(state.structs.clock(p) == current.clock);
      TROUPE_CHECK(current.client == client && current.length > 0 && current.clock >= next);
      if (current.is_strand()) {
        check_braid(of, state, state.structs[p]);
        linked += current.content_size - 1;
        braided += current.entry_end() - current.clock - 1;
      }
      if (current.clock > next) {
        TROUPE_CHECK(holes < state.holes.size());
        TROUPE_CHECK((state.holes[holes] == clock_range{next, current.clock - next}));
        ++holes;
      }
      TROUPE_CHECK(of.find(current.id()) == state.structs[p]);
      TROUPE_CHECK(of.find(current.last_id()) == state.structs[p]);
      TROUPE_CHECK(state.deleted.contains(current.clock) == (current.is_deleted != 0));
      TROUPE_CHECK(state.deleted.contains(current.last()) == (current.is_deleted != 0));
      if (current.is_gc())
        TROUPE_CHECK(current.chain == none && current.is_deleted != 0);
      else
        ++linked;
      TROUPE_CHECK(!current.origin.is_none() || current.origin == unit_id::none);
      TROUPE_CHECK(!current.right_origin.is_none() || current.right_origin == unit_id::none);
      next = current.entry_end();
    }
  }
  TROUPE_CHECK(count == state.structs.size() && holes == state.holes.size() && next == state.end);
  TROUPE_CHECK(braided == state.braided);
  if (next > 0) TROUPE_CHECK(of.at(state.newest).end() == next);
  clock_type range_end = 0;
  bool is_first = true;
  state.deleted.for_each([&](clock_range range) {
    TROUPE_CHECK(range.length > 0 && (is_first || range.clock > range_end) &&
                 range.end() <= state.end);
    range_end = range.end();
    is_first = false;
  });
  return linked;
}

std::size_t check_chain(const struct_store& of, chain_handle handle) {
  const chain& list = of.chain_at(handle);
  std::size_t count = 0;
  std::uint32_t visible = 0;
  item_handle before = none;
  for (item_handle at = list.head; at != none; at = of.at(at).right, ++count) {
    const item& current = of.at(at);
    TROUPE_CHECK(current.left == before && current.chain == handle && !current.is_gc());
    if (current.is_visible()) visible += current.length;
    before = at;
  }
  TROUPE_CHECK(list.tail == before);
  if (list.key == no_string) TROUPE_CHECK(of.type_at(list.type).length == visible);
  return count;
}

/// The keyed chains of a type are found by their keys, with the index if there are many. Returns
/// how many are in the index.
std::size_t check_keys(const struct_store& of, type_handle type) {
  const type_record& record = of.type_at(type);
  std::size_t count = 0;
  for (chain_handle keyed = record.keyed; keyed != none; keyed = of.chain_at(keyed).next, ++count) {
    const chain& list = of.chain_at(keyed);
    TROUPE_CHECK(list.type == type && list.key != no_string);
    TROUPE_CHECK(of.find_keyed_chain(type, list.key) == keyed);
  }
  const bool has_many = count > few_keys;
  TROUPE_CHECK(record.key_count == (has_many ? few_keys + 1u : count));
  return has_many ? count : 0;
}

}  // namespace

void check_invariants(const struct_store& of) {
  std::size_t linked = 0;
  for (client_index i = 0; i < of.clients().size(); ++i) linked += check_client(of, i);
  std::vector<type_handle> types = of.roots();
  std::size_t reached = 0, indexed = 0;
  while (!types.empty()) {
    const type_handle type = types.back();
    types.pop_back();
    const auto visit = [&](chain_handle handle) {
      reached += check_chain(of, handle);
      for (item_handle at = of.chain_at(handle).head; at != none; at = of.at(at).right)
        if (of.at(at).kind() == content_kind::type) types.push_back(of.at(at).content);
    };
    indexed += check_keys(of, type);
    if (const chain_handle sequence = of.type_at(type).sequence; sequence != none)
      visit(sequence);
    else
      TROUPE_CHECK(of.type_at(type).length == 0);
    for (chain_handle keyed = of.type_at(type).keyed; keyed != none;
         keyed = of.chain_at(keyed).next)
      visit(keyed);
  }
  TROUPE_CHECK(reached == linked && indexed == of.indexed_keys());
}

}  // namespace troupe::crdt
