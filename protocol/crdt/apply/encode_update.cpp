#include "protocol/crdt/apply/encode_update.hpp"

#include <algorithm>
#include <map>

#include "protocol/crdt/wire/content_slice.hpp"
#include "protocol/crdt/wire/update_writer.hpp"

namespace troupe::crdt {

namespace {

/// Indices of the clients for which `keep(index)` holds, highest id first, as yjs writes them.
template <class Keep>
std::vector<client_index> clients_descending(const client_lookup& ids, Keep keep) {
  std::vector<client_index> clients;
  for (client_index i = 0; i < ids.size(); ++i)
    if (keep(i)) clients.push_back(i);
  std::sort(clients.begin(), clients.end(),
            [&](client_index a, client_index b) { return ids.id(a) > ids.id(b); });
  return clients;
}

/// Writes the structs of one client in clock order, with a Skip wherever the next one does not
/// follow.
template <class Writer>
class block_writer {
 public:
  block_writer(const struct_store& state, client_index client, Writer& out)
      : state_(state), client_(client), out_(out) {}

  /// Calls `for_each_part(visit)` twice: to count, then to write. visit(clock_range, write).
  template <class ForEachPart>
  void write(ForEachPart for_each_part) {
    std::size_t count = 0;
    clock_type first = 0, next = 0;
    for_each_part([&](clock_range part, auto&&) {
      if (count == 0)
        first = part.clock;
      else if (part.clock != next)
        ++count;
      ++count;
      next = part.end();
    });
    write_counted(count, first, for_each_part);
  }

  /// All that is stored of the client. As write(), but counts without looking at each struct.
  /// Requires: there is something.
  void write_all() {
    const client_state& of = state_.state_of(client_);
    const clock_type first = of.structs.clock(of.structs.first());
    const std::size_t skips = of.holes.size() - (first > 0 ? 1 : 0);  // not the hole in front
    write_counted(of.structs.size() + skips, first, [&](auto visit) {
      visit_stored({0, static_cast<clock_type>(clock_max)}, visit);
    });
  }

  template <class ForEachPart>
  void write_counted(std::size_t count, clock_type first, ForEachPart for_each_part) {
    out_.rest().write_var_uint(count);
    out_.write_client(state_.clients().id(client_));
    out_.rest().write_var_uint(first);
    clock_type next = first;
    for_each_part([&](clock_range part, auto&& write_part) {
      if (part.clock != next) write_skip(part.clock - next, out_);
      write_part();
      next = part.end();
    });
  }

  /// The stored structs in a range of clocks, cut to it.
  template <class Visit>
  void visit_stored(clock_range range, Visit visit) {
    const auto& structs = state_.state_of(client_).structs;
    if (structs.empty()) return;
    auto at = structs.find_at_or_before(range.clock);
    if (structs.is_end(at)) at = structs.first();
    for (; !structs.is_end(at); at = structs.next(at)) {
      const item_handle handle = structs[at];
      const item& stored = state_.at(handle);
      if (stored.clock >= range.end()) return;
      if (stored.end() <= range.clock) continue;
      const clock_type from = std::max(stored.clock, range.clock);
      const clock_type to = std::min(stored.end(), range.end());
      visit(clock_range{from, to - from}, [&, handle, from, to] {
        parent_view parent;
        const clock_type start = state_.at(handle).clock;
        write_struct(state_.view_of(handle, from - start, to - from, parent, scratch_),
                     state_.clients(), out_);
      });
    }
  }

 private:
  const struct_store& state_;
  client_index client_;
  Writer& out_;
  byte_buffer scratch_;
};

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
void write_delete_ranges(client_id client, const range_set& ranges, Writer& out) {
  out.begin_delete_client();
  out.rest().write_var_uint(client);
  out.rest().write_var_uint(ranges.size());
  ranges.for_each([&](clock_range range) { out.write_delete_range(range); });
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

}  // namespace

void encode_state(const struct_store& state, const pending& waiting, const state_vector& from,
                  update_format format, lib0::encoder& out) {
  write_in(format, out, [&](auto& writer) { write_state(state, waiting, from, writer); });
}

void encode_change(const struct_store& state, const transaction& change, update_format format,
                   lib0::encoder& out) {
  write_in(format, out, [&](auto& writer) { write_change(state, change, writer); });
}

}  // namespace troupe::crdt
