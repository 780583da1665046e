#include "protocol/crdt/encode_update.hpp"

#include <algorithm>
#include <map>

#include "protocol/crdt/content_slice.hpp"

namespace troupe::crdt {

namespace {

constexpr std::uint8_t key_bit = 0x20;
constexpr std::uint8_t right_origin_bit = 0x40;
constexpr std::uint8_t origin_bit = 0x80;

void write_id(client_index client, clock_type clock, const client_lookup& ids, lib0::encoder& out) {
  out.write_var_uint(ids.id(client));
  out.write_var_uint(clock);
}

void write_parent(const parent_view& parent, const client_lookup& ids, lib0::encoder& out) {
  out.write_var_uint(parent.is_root ? 1 : 0);
  if (parent.is_root)
    out.write_var_string(parent.name);
  else
    write_id(parent.client, parent.clock, ids, out);
  if (parent.has_key) out.write_var_string(parent.key);
}

void write_content(const struct_view& view, lib0::encoder& out) {
  switch (view.kind) {
    case content_kind::deleted: out.write_var_uint(view.length); return;
    case content_kind::json:
    case content_kind::any: out.write_var_uint(view.length); break;
    case content_kind::binary:
    case content_kind::string:
    case content_kind::embed: out.write_var_uint(view.content_size); break;
    case content_kind::type:
      out.write_var_uint(static_cast<std::uint8_t>(view.type));
      if (view.type == type_kind::xml_element || view.type == type_kind::xml_hook)
        out.write_var_uint(view.content_size);
      break;
    default: break;  // format, doc: the content carries its own lengths
  }
  out.write_bytes(view.content_bytes());
}

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
class block_writer {
 public:
  block_writer(const store& state, client_index client, lib0::encoder& out)
      : state_(state), client_(client), out_(out) {}

  auto clock_of() const noexcept {
    return [this](item_handle handle) noexcept { return state_.at(handle).clock; };
  }

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
    out_.write_var_uint(count);
    out_.write_var_uint(state_.clients().id(client_));
    out_.write_var_uint(first);
    next = first;
    for_each_part([&](clock_range part, auto&& write_part) {
      if (part.clock != next) write_skip(part.clock - next);
      write_part();
      next = part.end();
    });
  }

  /// The stored structs in a range of clocks, cut to it.
  template <class Visit>
  void visit_stored(clock_range range, Visit visit) {
    const auto& structs = state_.state_of(client_).structs;
    if (structs.empty()) return;
    auto at = structs.find_at_or_before(range.clock, clock_of());
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
  void write_skip(clock_type length) {
    out_.write_uint8(static_cast<std::uint8_t>(content_kind::skip));
    out_.write_var_uint(length);
  }

  const store& state_;
  client_index client_;
  lib0::encoder& out_;
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

std::map<client_index, waiting_structs> collect_waiting(const store& state, const pending& waiting,
                                                        const state_vector& from) {
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
void write_waiting(const waiting_structs::part& part, client_index client, const client_lookup& ids,
                   lib0::encoder& out) {
  struct_view view = *part.view;
  const clock_type offset = part.range.clock - view.clock;
  byte_buffer scratch;
  const byte_view content = slice_content(view, offset, part.range.length, scratch);
  view.content = content.data();
  view.content_size = static_cast<std::uint32_t>(content.size());
  view.clock = part.range.clock;
  view.length = part.range.length;
  if (offset > 0) {
    view.origin_client = client;
    view.origin_clock = view.clock - 1;
  }
  write_struct(view, ids, out);
}

void write_delete_ranges(client_id client, const range_set& ranges, lib0::encoder& out) {
  out.write_var_uint(client);
  out.write_var_uint(ranges.size());
  ranges.for_each([&](clock_range range) {
    out.write_var_uint(range.clock);
    out.write_var_uint(range.length);
  });
}

void write_delete_set(const store& state, const pending& waiting, lib0::encoder& out) {
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
  out.write_var_uint(clients.size());
  for (const client_index client : clients) {
    const auto found = more.find(client);
    write_delete_ranges(state.clients().id(client),
                        found != more.end() ? found->second : state.state_of(client).deleted, out);
  }
}

}  // namespace

void write_struct(const struct_view& view, const client_lookup& ids, lib0::encoder& out) {
  auto info = static_cast<std::uint8_t>(view.kind);
  if (view.kind == content_kind::gc) {
    out.write_uint8(info);
    out.write_var_uint(view.length);
    return;
  }
  if (view.has_key) info |= key_bit;
  if (view.has_right_origin()) info |= right_origin_bit;
  if (view.has_origin()) info |= origin_bit;
  out.write_uint8(info);
  if (view.has_origin()) write_id(view.origin_client, view.origin_clock, ids, out);
  if (view.has_right_origin())
    write_id(view.right_origin_client, view.right_origin_clock, ids, out);
  if (!view.has_origin() && !view.has_right_origin()) write_parent(*view.parent, ids, out);
  write_content(view, out);
}

void encode_state(const store& state, const pending& waiting, const state_vector& from,
                  lib0::encoder& out) {
  const auto waiting_by_client = waiting.empty() ? std::map<client_index, waiting_structs>{}
                                                 : collect_waiting(state, waiting, from);
  const client_lookup& ids = state.clients();
  const auto clients = clients_descending(ids, [&](client_index i) {
    return state.state_of(i).end > from.clock_of(ids.id(i)) || waiting_by_client.contains(i);
  });
  out.write_var_uint(clients.size());
  for (const client_index client : clients) {
    block_writer writer{state, client, out};
    const clock_type start = from.clock_of(ids.id(client));
    const auto waits = waiting_by_client.find(client);
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

void encode_change(const store& state, const transaction& change, lib0::encoder& out) {
  std::map<client_index, range_set> inserted, deleted;
  for (const client_range& r : change.inserted()) inserted[r.client].add(r.range);
  for (const client_range& r : change.deleted()) deleted[r.client].add(r.range);
  const client_lookup& ids = state.clients();
  const auto with_inserts =
      clients_descending(ids, [&](client_index i) { return inserted.contains(i); });
  out.write_var_uint(with_inserts.size());
  for (const client_index client : with_inserts) {
    block_writer writer{state, client, out};
    writer.write([&](auto visit) {
      inserted[client].for_each([&](clock_range range) { writer.visit_stored(range, visit); });
    });
  }
  const auto with_deletes =
      clients_descending(ids, [&](client_index i) { return deleted.contains(i); });
  out.write_var_uint(with_deletes.size());
  for (const client_index client : with_deletes)
    write_delete_ranges(ids.id(client), deleted[client], out);
}

}  // namespace troupe::crdt
