#include "protocol/crdt/apply/encode_update.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "protocol/crdt/apply/block_writer.hpp"
#include "protocol/crdt/wire/content_slice.hpp"

namespace troupe::crdt {

namespace {

/// The structs of one client that wait, in clock order and without those that are covered by
/// others.
struct waiting_structs {
  struct part {
    const struct_view* view;
    clock_range range;
  };
  std::vector<part> parts;
};

std::map<client_index, waiting_structs>
collect_waiting(const struct_store& state, const pending& waiting, const state_vector& from) {
  std::map<client_index, waiting_structs> by_client;
  waiting.for_each_struct([&](const pending_struct& one) {
    by_client[one.client()].parts.push_back({&one.view(), {one.view().clock, one.view().length}});
  });
  std::vector<clock_range> unknown;
  for (auto& [client, waits] : by_client) {
    std::sort(waits.parts.begin(), waits.parts.end(),
              [](const auto& a, const auto& b) { return a.range.clock < b.range.clock; });
    std::vector<waiting_structs::part> kept;
    clock_type done = from.clock_of(state.clients().id(client));
    for (const auto& one : waits.parts) {
      state.find_unknown(client, one.range, unknown);
      for (const clock_range& gap : unknown) {
        const clock_type start = std::max(gap.clock, done);
        if (start >= gap.end()) continue;
        kept.push_back({one.view, {start, gap.end() - start}});
        done = gap.end();
      }
    }
    waits.parts = std::move(kept);
  }
  std::erase_if(by_client, [](const auto& entry) { return entry.second.parts.empty(); });
  return by_client;
}

/// A waiting struct cut to `range`; what is cut off in front becomes its origin.
template <class Writer>
void write_waiting(const waiting_structs::part& part, client_index client, const client_lookup& ids,
                   Writer& out) {
  struct_view view = *part.view;
  const clock_type offset = part.range.clock - view.clock;
  byte_buffer scratch;
  const byte_view content = slice_content(view, offset, part.range.length, scratch);
  view.content = content.data();
  view.content_size = static_cast<std::uint32_t>(content.size());
  view.clock = part.range.clock;
  view.length = part.range.length;
  if (offset > 0) view.origin = {client, view.clock - 1};
  write_struct(view, ids, out);
}

template <class Writer>
void write_delete_set(const struct_store& state, const pending& waiting, Writer& out) {
  std::map<client_index, range_set>
      more;  // clients of which deletes wait: their ranges, all of them
  waiting.for_each_delete([&](client_index client, clock_range range) {
    const bool is_new = !more.contains(client);
    range_set& ranges = more[client];
    if (is_new)
      state.state_of(client).deleted.for_each([&](clock_range known) { ranges.add(known); });
    ranges.add(range);
  });
  const auto clients = clients_descending(state.clients(), [&](client_index i) {
    return !state.state_of(i).deleted.empty() || more.contains(i);
  });
  out.rest().write_var_uint(clients.size());
  for (const client_index client : clients) {
    const auto found = more.find(client);
    write_delete_ranges(state.clients().id(client),
                        found != more.end() ? found->second : state.state_of(client).deleted, out);
  }
}

template <class Writer>
void write_state(const struct_store& state, const pending& waiting, const state_vector& from,
                 Writer& out) {
  const auto waiting_by_client = waiting.empty() ? std::map<client_index, waiting_structs>{}
                                                 : collect_waiting(state, waiting, from);
  const client_lookup& ids = state.clients();
  const auto clients = clients_descending(ids, [&](client_index i) {
    return state.state_of(i).end > from.clock_of(ids.id(i)) || waiting_by_client.contains(i);
  });
  out.rest().write_var_uint(clients.size());
  for (const client_index client : clients) {
    block_writer<Writer> writer{state, client, out};
    const clock_type start = from.clock_of(ids.id(client));
    const auto waits = waiting_by_client.find(client);
    if (start == 0 && waits == waiting_by_client.end()) {
      writer.write_all();
      continue;
    }
    writer.write([&](auto visit) {
      const clock_type end = static_cast<clock_type>(clock_max);
      clock_type done = start;
      if (waits != waiting_by_client.end()) {
        // What waits lies in the gaps between what is stored.
        for (const auto& part : waits->second.parts) {
          if (part.range.clock > done) writer.visit_stored({done, part.range.clock - done}, visit);
          visit(part.range, [&] { write_waiting(part, client, ids, out); });
          done = part.range.end();
        }
      }
      writer.visit_stored({done, end - done}, visit);
    });
  }
  write_delete_set(state, waiting, out);
}

/// What waits, and the deletions below `from`: what pieces leave out.
template <class Writer>
void write_rest(const struct_store& state, const pending& waiting, const state_vector& from,
                Writer& out) {
  const client_lookup& ids = state.clients();
  const auto waits = collect_waiting(state, waiting, from);
  const auto clients = clients_descending(ids, [&](client_index i) { return waits.contains(i); });
  out.rest().write_var_uint(clients.size());
  for (const client_index client : clients) {
    block_writer<Writer> writer{state, client, out};
    writer.write([&](auto visit) {
      for (const auto& part : waits.at(client).parts)
        visit(part.range, [&] { write_waiting(part, client, ids, out); });
    });
  }
  std::map<client_index, range_set> deleted;
  waiting.for_each_delete(
      [&](client_index client, clock_range range) { deleted[client].add(range); });
  for (client_index i = 0; i < ids.size(); ++i)
    if (const clock_type known = from.clock_of(ids.id(i)); known > 0)
      state.state_of(i).deleted.for_each_in({0, known},
                                            [&](clock_range range) { deleted[i].add(range); });
  const auto deleting =
      clients_descending(ids, [&](client_index i) { return deleted.contains(i); });
  out.rest().write_var_uint(deleting.size());
  for (const client_index i : deleting) write_delete_ranges(ids.id(i), deleted.at(i), out);
}

template <class Writer>
void write_piece(const struct_store& state, const state_piece& piece, Writer& out) {
  const client_lookup& ids = state.clients();
  state_piece ordered = piece;
  std::ranges::sort(ordered, std::greater{},
                    [&](const client_range& part) { return ids.id(part.client); });
  out.rest().write_var_uint(ordered.size());
  for (const client_range& part : ordered) {
    block_writer<Writer> writer{state, part.client, out};
    writer.write([&](auto visit) { writer.visit_stored(part.range, visit); });
  }
  std::vector<std::pair<client_id, range_set>> deleted;
  for (const client_range& part : ordered) {
    range_set ranges;
    state.state_of(part.client).deleted.for_each_in(part.range, [&](clock_range range) {
      ranges.append(range);
    });
    if (!ranges.empty()) deleted.emplace_back(ids.id(part.client), std::move(ranges));
  }
  out.rest().write_var_uint(deleted.size());
  for (const auto& [client, ranges] : deleted) write_delete_ranges(client, ranges, out);
}

/// Ranges by client, highest id first: what a transaction inserted or deleted.
std::vector<std::pair<client_index, range_set>> by_client(const std::vector<client_range>& ranges,
                                                          const client_lookup& ids) {
  std::vector<std::pair<client_index, range_set>> sorted;
  std::vector<client_range> ordered = ranges;
  std::ranges::stable_sort(ordered, std::greater{},
                           [&](const auto& r) { return ids.id(r.client); });
  for (const client_range& r : ordered) {
    if (sorted.empty() || sorted.back().first != r.client) sorted.emplace_back().first = r.client;
    sorted.back().second.add(r.range);
  }
  return sorted;
}

template <class Writer>
void write_change(const struct_store& state, const transaction& change, Writer& out) {
  const client_lookup& ids = state.clients();
  const auto inserted = by_client(change.inserted(), ids);
  out.rest().write_var_uint(inserted.size());
  for (const auto& of_client : inserted) {
    const range_set& ranges = of_client.second;
    block_writer<Writer> writer{state, of_client.first, out};
    writer.write([&](auto visit) {
      ranges.for_each([&](clock_range range) { writer.visit_stored(range, visit); });
    });
  }
  const auto deleted = by_client(change.deleted(), ids);
  out.rest().write_var_uint(deleted.size());
  for (const auto& [client, ranges] : deleted) write_delete_ranges(ids.id(client), ranges, out);
}

/// Calls write(writer) with the writer of a format and puts its columns together.
template <class Write>
void write_in(update_format format, lib0::encoder& out, Write write) {
  if (format == update_format::v2) {
    writer_v2 writer{out};
    write(writer);
    writer.finish();
  } else {
    writer_v1 writer{out};
    write(writer);
  }
}

constexpr std::size_t size_of_number(std::uint64_t number) noexcept {
  return (static_cast<std::size_t>(std::bit_width(number | 1)) + 6) / 7;
}

/// What the tombstones in braids take at most where clocks have 28 bits.
std::size_t size_of_braids(const struct_store& state) {
  if (state.braided_count() == 0) return 0;
  client_id largest = 0;
  for (const client_id id : state.clients().ids()) largest = std::max(largest, id);
  return state.braided_count() * (1 + size_of_number(largest) + 4 + 1);
}

}  // namespace

std::size_t likely_state_size(const struct_store& state) {
  constexpr std::size_t few = 4096, looked_at_max = 1024;
  constexpr std::size_t size_at_few = 24, size_of_rest = 256;  // a struct, and what else there is
  constexpr std::size_t size_of_parent = 24;
  const std::size_t count = state.record_count();
  const std::size_t braided = size_of_braids(state);
  if (count <= few) return count * size_at_few + braided + size_of_rest;
  const auto size_of = [&](unit_id id) {
    return id.is_none() ? 0
                        : size_of_number(state.clients().id(id.client)) + size_of_number(id.clock);
  };
  std::size_t size = 0, looked_at = 0;
  for (std::size_t handle = 1; handle <= count; handle += count / looked_at_max) {
    const item& each = state.at(static_cast<item_handle>(handle));
    if (each.length == 0) continue;  // was merged away
    ++looked_at;
    const std::uint32_t content = state.content_of(each).empty() ? 0 : each.content_size;
    size += 1 + size_of(each.origin) + size_of(each.right_origin) + content +
            size_of_number(content > 0 ? content : each.length);
    if (each.origin.is_none() && each.right_origin.is_none() && !each.is_gc())
      size += size_of_parent;
  }
  if (looked_at == 0) return count * size_at_few + braided + size_of_rest;
  const std::size_t all = size * count / looked_at + braided;
  return all + all / 32 + size_of_rest;
}

void encode_state(const struct_store& state, const pending& waiting, const state_vector& from,
                  update_format format, lib0::encoder& out) {
  write_in(format, out, [&](auto& writer) { write_state(state, waiting, from, writer); });
}

void encode_rest(const struct_store& state, const pending& waiting, const state_vector& from,
                 lib0::encoder& out) {
  write_in(update_format::v1, out, [&](auto& writer) { write_rest(state, waiting, from, writer); });
}

void encode_piece(const struct_store& state, const state_piece& piece, lib0::encoder& out) {
  write_in(update_format::v1, out, [&](auto& writer) { write_piece(state, piece, writer); });
}

void encode_change(const struct_store& state, const transaction& change, update_format format,
                   lib0::encoder& out) {
  write_in(format, out, [&](auto& writer) { write_change(state, change, writer); });
}

}  // namespace troupe::crdt
