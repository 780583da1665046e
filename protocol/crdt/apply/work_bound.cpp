#include "protocol/crdt/apply/work_bound.hpp"

#include <algorithm>

namespace troupe::crdt {

namespace {

bool may_need_a_cut(content_kind kind, bool is_ascii) noexcept {
  return kind == content_kind::any || kind == content_kind::json ||
         (kind == content_kind::string && !is_ascii);
}

std::uint64_t cut_steps(content_kind kind, bool is_ascii, std::uint64_t content_size) noexcept {
  return may_need_a_cut(kind, is_ascii) ? content_size / units_per_step + 1 : 0;
}

class bound_search {
 public:
  bound_search(const struct_store& store, const decoded_update& update)
      : store_(store), update_(update) {
    for (const client_id id : update.clients.ids())
      to_document_.push_back(store.clients().find(id));
    for (const struct_view& each : update.structs)
      largest_cut_ = std::max(largest_cut_, cut_steps(each.kind, each.is_ascii, each.content_size));
  }

  work_bound find() {
    for (const client_block& block : update_.blocks) add(block);
    for (const client_range& deleted : update_.deletes) add(deleted);
    const std::uint64_t all_items = store_.item_count() + update_.structs.size();
    // A deleted item may hold a type, and what is in it goes, too.
    found_.deletes = std::min(found_.deletes, all_items * steps_per_deleted);
    return found_;
  }

 private:
  void add(const client_block& block) {
    const client_index client = to_document_[block.client];
    const std::size_t holes =
        update_.blocks.size() + (client == no_client ? 0 : store_.state_of(client).holes.size());
    const struct_view* before = nullptr;  // the struct in front, if it needs no search
    for (std::uint32_t i = 0; i < block.count; ++i) {
      const struct_view& view = update_.structs[block.first + i];
      found_.structs += holes / holes_per_step;
      const bool is_calm = view.kind == content_kind::gc || continues(block, before, view) ||
                           stands_between_neighbours(view);
      if (!is_calm) found_.structs += store_.item_count() + update_.structs.size();
      before = is_calm && view.kind != content_kind::gc ? &view : nullptr;
    }
  }

  static bool continues(const client_block& block, const struct_view* before,
                        const struct_view& view) noexcept {
    return before != nullptr && view.origin == unit_id{block.client, view.clock - 1} &&
           before->clock + before->length == view.clock &&
           before->right_origin == view.right_origin;
  }

  /// Whether the origin and the right origin lie side by side, so that nothing is concurrent. Adds
  /// the steps of cutting an item between them.
  bool stands_between_neighbours(const struct_view& view) {
    const item_handle left = find(view.origin);
    const item_handle right = find(view.right_origin);
    if (left == none && right == none) {
      found_.structs += largest_cut_;
      return false;
    }
    if (left == none) {
      if (store_.at(right).clock != id_of(view.right_origin).clock) add_cut(right);
      return !view.has_origin() && store_.at(right).left == none &&
             store_.at(right).clock == id_of(view.right_origin).clock;
    }
    const item& before = store_.at(left);
    const unit_id origin = id_of(view.origin);
    if (before.last() != origin.clock) {
      add_cut(left);
      const clock_type step = before.is_strand() ? before.content_size : 1;
      return view.has_right_origin() &&
             id_of(view.right_origin) == unit_id{origin.client, origin.clock + step};
    }
    if (right != none && store_.at(right).clock != id_of(view.right_origin).clock) add_cut(right);
    if (before.right == none) return !view.has_right_origin();
    return before.right == right && store_.at(right).clock == id_of(view.right_origin).clock;
  }

  void add(const client_range& deleted) {
    found_.deletes += std::uint64_t{deleted.range.length} * steps_per_deleted;
    const client_index client = to_document_[deleted.client];
    if (client == no_client) return;
    for (const clock_type end : {deleted.range.clock, deleted.range.end() - 1})
      if (const item_handle cut = store_.find(unit_id{client, end}); cut != none) add_cut(cut);
    const item_handle first = store_.find(unit_id{client, deleted.range.clock});
    const bool may_hold_types = first == none || store_.at(first).is_strand() ||
                                deleted.range.length > store_.at(first).length ||
                                store_.at(first).kind() == content_kind::type;
    if (may_hold_types) found_.deletes += store_.item_count() * steps_per_deleted;
  }

  void add_cut(item_handle of) {
    const item& cut = store_.at(of);
    found_.structs += cut_steps(cut.kind(), cut.is_ascii != 0, cut.content_size);
  }

  /// With the document's index of the client.
  unit_id id_of(unit_id in_update) const noexcept {
    return {to_document_[in_update.client], in_update.clock};
  }
  item_handle find(unit_id in_update) const noexcept {
    if (in_update.is_none() || to_document_[in_update.client] == no_client) return none;
    return store_.find(id_of(in_update));
  }

  const struct_store& store_;
  const decoded_update& update_;
  std::vector<client_index> to_document_;
  std::uint64_t largest_cut_ = 0;  // of a struct in the update
  work_bound found_;
};

}  // namespace

work_bound quick_work_bound(const struct_store& store, const decoded_update& update) noexcept {
  const std::uint64_t items = store.item_count() + update.structs.size();
  const std::uint64_t changes = update.structs.size() + update.deletes.size();
  const std::uint64_t bytes = store.content_size() + update.input.size();
  return {changes * (items + bytes / units_per_step),
          update.deletes.empty() ? 0 : items * steps_per_deleted};
}

work_bound find_work_bound(const struct_store& store, const decoded_update& update) {
  return bound_search{store, update}.find();
}

}  // namespace troupe::crdt
