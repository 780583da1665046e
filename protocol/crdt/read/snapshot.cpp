#include "protocol/crdt/read/snapshot.hpp"

#include <algorithm>

#include "protocol/crdt/wire/update_writer.hpp"

namespace troupe::crdt {

namespace {

/// Calls visit(handle, offset, length) for the structs of a client below `end`, cut there. Only the
/// tombstones of a strand have an offset.
template <class Visit>
void visit_structs_below(const struct_store& state, client_index client, clock_type end,
                         Visit visit) {
  const auto& structs = state.state_of(client).structs;
  if (structs.empty()) return;
  for (auto at = structs.first(); !structs.is_end(at); at = structs.next(at)) {
    const item& stored = state.at(structs[at]);
    if (stored.clock >= end) return;
    const clock_type length = std::min(stored.entry_end(), end) - stored.clock;
    if (!stored.is_strand()) {
      visit(structs[at], clock_type{0}, length);
      continue;
    }
    for (clock_type i = 0; i < length; ++i)
      visit(structs[at] + i % stored.content_size, i - i % stored.content_size, clock_type{1});
  }
}

template <class Writer>
void write_client(const struct_store& state, client_index client, clock_type end, Writer& out) {
  std::size_t count = 0;
  visit_structs_below(state, client, end, [&](item_handle, clock_type, clock_type) { ++count; });
  out.rest().write_var_uint(count);
  out.write_client(state.clients().id(client));
  out.rest().write_var_uint(0);  // there are no holes below the clock of a state vector
  byte_buffer scratch;
  visit_structs_below(
      state, client, end, [&](item_handle handle, clock_type offset, clock_type length) {
        parent_view parent;
        write_struct(state.view_of(handle, offset, length, parent, scratch), state.clients(), out);
      });
}

template <class Writer>
void write_state_at(const struct_store& state, const snapshot& at, Writer out,
                    update_format format) {
  const auto has_clocks = [](const state_vector::entry& entry) { return entry.clock > 0; };
  out.rest().write_var_uint(
      static_cast<std::uint64_t>(std::ranges::count_if(at.known.entries(), has_clocks)));
  for (const state_vector::entry& entry : at.known.entries())
    if (has_clocks(entry))
      write_client(state, state.clients().find(entry.client), entry.clock, out);
  at.deleted.write(out.rest(), format);
  out.finish();
}

/// Of a client that is named twice the later clock counts, as in a Map of JavaScript.
state_vector without_repeated(const state_vector& from) {
  state_vector kept;
  const auto& entries = from.entries();
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (i + 1 == entries.size() || entries[i + 1].client != entries[i].client)
      kept.add(entries[i].client, entries[i].clock);
  return kept;
}

/// Whether `length` clocks of a struct, which were known then, still have what they showed.
bool is_kept(const struct_store& state, const item& stored, clock_type offset, clock_type length,
             const snapshot& at) {
  const bool is_collected = stored.is_gc() || stored.kind() == content_kind::deleted;
  return !is_collected ||
         at.deleted.covers(state.clients().id(stored.client), {stored.clock + offset, length});
}

}  // namespace

byte_buffer snapshot::encode(update_format format) const {
  lib0::encoder out{64};
  deleted.write(out, format);
  out.write_bytes(known.encode());
  return out.take();
}

result<snapshot> snapshot::decode(byte_view bytes, update_format format) {
  lib0::decoder in{bytes};
  snapshot read;
  read.deleted = delete_set::read(in, format);
  if (!in.ok()) return in.error();
  auto known = state_vector::decode(bytes.subspan(in.offset()));
  if (!known) {
    failure why = std::move(known).error();
    why.offset += in.offset();
    return tl::unexpected(std::move(why));
  }
  read.known = without_repeated(*known);
  return read;
}

delete_set delete_set_of(const struct_store& state) {
  delete_set all;
  for (client_index i = 0; i < state.clients().size(); ++i) {
    std::vector<clock_range> ranges;
    state.state_of(i).deleted.for_each([&](clock_range range) { ranges.push_back(range); });
    all.add(state.clients().id(i), std::move(ranges));
  }
  all.normalise();
  return all;
}

result<bool> contains_update(const snapshot& at, byte_view update, update_format format,
                             const limits& limit) {
  decoded_update decoded;
  TROUPE_TRY(decode_update(update, format, limit, decoded));
  for (const client_block& block : decoded.blocks) {
    const clock_type known = at.known.clock_of(decoded.clients.id(block.client));
    for (std::uint32_t i = 0; i < block.count; ++i) {
      const struct_view& view = decoded.structs[block.first + i];
      if (view.clock + view.length > known) return false;
    }
  }
  return std::ranges::all_of(decoded.deletes, [&](const client_range& deleted) {
    return at.deleted.covers(decoded.clients.id(deleted.client), deleted.range);
  });
}

bool is_whole_at(const struct_store& state, const snapshot& at) {
  for (const state_vector::entry& entry : at.known.entries()) {
    if (entry.clock == 0) continue;
    const client_index client = state.clients().find(entry.client);
    if (client == no_client || state.state_of(client).state() < entry.clock) return false;
    bool is_whole = true;
    visit_structs_below(
        state, client, entry.clock, [&](item_handle handle, clock_type offset, clock_type length) {
          is_whole = is_whole && is_kept(state, state.at(handle), offset, length, at);
        });
    if (!is_whole) return false;
  }
  return true;
}

std::optional<byte_buffer> encode_state_at(const struct_store& state, const snapshot& at,
                                           update_format format) {
  if (!is_whole_at(state, at)) return {};
  lib0::encoder out{256};
  if (format == update_format::v2)
    write_state_at(state, at, writer_v2{out}, format);
  else
    write_state_at(state, at, writer_v1{out}, format);
  return out.take();
}

}  // namespace troupe::crdt
