#include "app/doc/figures.hpp"

#include <algorithm>

namespace troupe {

namespace {

void add_block(const crdt::decoded_update& update, const crdt::client_block& block,
               source_figures& to) {
  const auto structs = std::span{update.structs}.subspan(block.first, block.count);
  client_figures& client = to.clients[update.clients.id(block.client)];
  crdt::clock_type next = structs.front().clock;
  if (client.end == 0) client.first = next;
  client.first = std::min(client.first, next);
  for (const crdt::struct_view& view : structs) {
    if (view.clock != next)
      ++to.structs_by_kind[static_cast<std::size_t>(crdt::content_kind::skip)];
    ++to.structs_by_kind[static_cast<std::size_t>(view.kind)];
    next = view.clock + view.length;
  }
  client.structs += structs.size();
  client.end = std::max(client.end, next);
  to.structs += structs.size();
}

std::size_t count_keys(const crdt::struct_store& in, crdt::type_handle type) {
  std::size_t count = 0;
  for (auto keyed = in.type_at(type).keyed; keyed != crdt::none; keyed = in.chain_at(keyed).next) {
    const crdt::item_handle value = in.chain_at(keyed).tail;
    count += value != crdt::none && in.at(value).is_visible();
  }
  return count;
}

}  // namespace

source_figures figures_of(const doc_source& source) {
  source_figures figures;
  crdt::decoded_update update;
  for (const byte_view bytes : source.list.updates) {
    if (!crdt::decode_update(bytes, source.list.format(), reading_limits(), update)) continue;
    for (const crdt::client_block& block : update.blocks) add_block(update, block, figures);
    for (const crdt::client_range& deleted : update.deletes)
      figures.clients[update.clients.id(deleted.client)].deleted.add(deleted.range);
  }
  for (const auto& [id, client] : figures.clients) {
    figures.deleted_ranges += client.deleted.size();
    client.deleted.for_each([&](crdt::clock_range r) { figures.deleted_clocks += r.length; });
  }
  return figures;
}

document_figures figures_of(const crdt::doc& doc) {
  const crdt::struct_store& in = doc.contents();
  document_figures figures;
  figures.items = doc.item_count();
  figures.waiting_bytes = doc.pending_size();
  figures.state = doc.state_vector();
  for (const crdt::type_handle root : in.roots())
    figures.roots.push_back(
        {in.string_at(in.type_at(root).name), in.type_at(root).length, count_keys(in, root)});
  for (crdt::client_index client = 0; client < in.clients().size(); ++client)
    for (const crdt::clock_range hole : in.state_of(client).holes)
      figures.holes.push_back({in.clients().id(client), hole});
  return figures;
}

}  // namespace troupe
