#include "protocol/crdt/apply/transaction.hpp"

namespace troupe::crdt {

void transaction::note_born_deleted(client_index client, clock_range range) {
  store_->edit_state(client).deleted.add(range);
  add_to(deleted_, client, range);
}

void transaction::note_split(item_handle right_part) {
  may_merge_.push_back(right_part);
  // A part of something that was deleted just now is to be collected as well.
  if (store_->at(right_part).is_deleted != 0) killed_.push_back(right_part);
}

void transaction::mark_deleted(item_handle handle) {
  item& marked = store_->edit(handle);
  const chain& in = store_->chain_at(marked.chain);
  if (in.key == no_string && marked.is_visible())
    store_->edit_type(in.type).length -= marked.length;
  marked.is_deleted = 1;
  killed_.push_back(handle);
  note_born_deleted(marked.client, {marked.clock, marked.length});
}

void transaction::delete_item(item_handle handle) {
  const item& deleted = store_->at(handle);
  if (deleted.is_deleted != 0) return;
  mark_deleted(handle);
  if (deleted.kind() == content_kind::type) delete_children(deleted.content);
}

void transaction::delete_children(type_handle type) {
  const auto add_all = [this](chain_handle of) {
    for (item_handle child = store_->chain_at(of).head; child != none;) {
      const item& below = store_->at(child);
      if (below.is_deleted == 0)
        to_delete_.push_back(child);
      else  // it will lose its place, and may merge with its neighbours then
        touched_.push_back({below.client, {below.clock, below.length}});
      child = below.right;
    }
  };
  for (;;) {
    add_all(store_->type_at(type).sequence);
    // Normally only the last of a key's chain is alive. A run of values that was cut leaves its
    // front alive, too.
    for (chain_handle keyed = store_->type_at(type).keyed; keyed != none;
         keyed = store_->chain_at(keyed).next)
      add_all(keyed);
    for (type = none; type == none; to_delete_.pop_back()) {
      if (to_delete_.empty()) return;
      const item_handle next = to_delete_.back();
      const item& current = store_->at(next);
      if (current.is_deleted != 0) continue;
      mark_deleted(next);
      if (current.kind() == content_kind::type) type = current.content;
    }
  }
}

void transaction::delete_range(client_index client, clock_range range,
                               std::vector<clock_range>& unknown) {
  unknown.clear();
  if (store_->state_of(client).deleted.covers(range)) return;
  store_->find_unknown(client, range, unknown);
  clock_type clock = range.clock;
  for (const clock_range& gap : unknown) {
    if (gap.clock > clock) delete_known(client, {clock, gap.clock - clock});
    clock = gap.end();
  }
  if (clock < range.end()) delete_known(client, {clock, range.end() - clock});
}

void transaction::delete_known(client_index client, clock_range range) {
  for (clock_type clock = range.clock; clock < range.end();) {
    item_handle handle = store_->find(unit_id{client, clock});
    const item& found = store_->at(handle);
    const clock_type end = found.end();
    if (found.is_deleted == 0) {
      // Splits move map entries and chains; the part that is deleted must start and end with the
      // range. The other parts are neighbours of a deleted item, which is looked at in the end.
      if (found.clock < clock) handle = store_->split(handle, clock - found.clock);
      if (end > range.end()) store_->split(handle, range.end() - store_->at(handle).clock);
      delete_item(handle);
    }
    clock = end;
  }
}

/// Source: cleanupTransactions: tryGcDeleteSet, tryMergeDeleteSet, then the other merges.
void transaction::commit(garbage_collection gc) {
  if (gc == garbage_collection::on)
    for (const item_handle handle : killed_)
      if (store_->at(handle).is_kept == 0) collect_item(handle);
  for (const item_handle handle : killed_) merge_deleted(handle);
  for (const item_handle handle : may_merge_)
    if (!store_->is_surely_apart(handle)) store_->merge_with_left(handle);
  for (const client_range& r : touched_)
    store_->merge_around(r.client, r.range.clock, r.range.end());
  // The last of a row comes last.
  for (auto handle = killed_.rbegin(); handle != killed_.rend(); ++handle) store_->braid(*handle);
  store_->compact_if_worth();
}

/// Merges an item that was deleted with its neighbours on both sides.
void transaction::merge_deleted(item_handle handle) {
  const item& deleted = store_->at(handle);
  if (deleted.length == 0) return;  // merged already, and so were its neighbours
  if (deleted.is_gc()) return store_->merge_around(deleted.client, deleted.clock, deleted.end());
  const item_handle merged = store_->merge_with_left(handle);
  while (true) {
    const item_handle next = store_->at(merged).right;
    if (next == none || store_->merge_with_left(next) == next) return;
  }
}

void transaction::clear() noexcept {
  constexpr std::size_t entries_kept = 1024;
  const auto empty = [](auto& list) {
    list.clear();
    if (list.capacity() > entries_kept) list.shrink_to_fit();
  };
  empty(inserted_);
  empty(deleted_);
  empty(killed_);
  empty(may_merge_);
  empty(touched_);
  empty(to_delete_);
  empty(to_collect_);
}

void transaction::collect_item(item_handle handle) {
  const item& collected = store_->at(handle);
  if (collected.kind() == content_kind::gc || collected.kind() == content_kind::deleted) return;
  const type_handle type = collected.kind() == content_kind::type ? collected.content : none;
  store_->drop_content(handle);
  if (type == none) return;
  to_collect_.push_back(type);
  while (!to_collect_.empty()) {
    const type_handle next = to_collect_.back();
    to_collect_.pop_back();
    collect_children(next);
  }
}

/// The children of a collected type lose their place as well: they become GC structs.
void transaction::collect_children(type_handle type) {
  const auto collect_chain = [this](chain_handle of) {
    for (item_handle child = store_->chain_at(of).head; child != none;) {
      store_->part_types(child);  // the others stay
      const item& gone = store_->at(child);
      const item_handle next = gone.right;
      if (gone.kind() == content_kind::type) to_collect_.push_back(gone.content);
      store_->turn_into_gc(child);
      child = next;
    }
  };
  collect_chain(store_->type_at(type).sequence);
  for (chain_handle keyed = store_->type_at(type).keyed; keyed != none;
       keyed = store_->chain_at(keyed).next)
    collect_chain(keyed);
  store_->remove_type(type);
}

}  // namespace troupe::crdt
