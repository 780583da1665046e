// Carries out a restore_plan: the copies, then the deletions.
#include "base/check.hpp"
#include "protocol/crdt/edit/edit.hpp"
#include "protocol/crdt/edit/restore_plan.hpp"

namespace troupe::crdt {

namespace {

class content_restorer {
 public:
  content_restorer(struct_store& into, const struct_store& then, integrator& by,
                   transaction& change, client_id own)
      : into_(into), then_(then), integrator_(by), change_(change), own_(own) {}

  void carry_out(const restore_plan& plan) {
    for (const restore_plan::insertion& each : plan.insertions) insert_row(plan, each);
    for (const restore_plan::entry& each : plan.entries) {
      set_key(type_for(each.in, each.root), each.key, each.value);
      fill_types();
    }
    std::vector<clock_range> unknown;
    for (const client_range& each : plan.removals)
      change_.delete_range(each.client, each.range, unknown);
  }

 private:
  struct place {
    item_handle left = none;
    item_handle right = none;
  };
  /// A new type, and the one of then whose contents it gets.
  struct copied_type {
    type_handle to = none;
    type_handle from = none;
  };

  type_handle type_for(type_handle known, std::string_view root) {
    return known != none ? known : into_.root_for(root);
  }

  void insert_row(const restore_plan& plan, const restore_plan::insertion& what) {
    const type_handle in = type_for(what.in, what.root);
    place at = find_place(in, what);
    for (std::size_t i = what.first; i < what.first + what.count; ++i)
      at.left = insert(in, at, plan.copies[i]);
    fill_types();
  }

  place find_place(type_handle in, const restore_plan::insertion& what) {
    bool was_split = false;
    if (!what.before.is_none()) {
      const item_handle right = into_.find_starting_at(what.before, none, was_split);
      if (was_split) change_.note_split(right);
      return {into_.at(right).left, right};
    }
    if (!what.after.is_none()) {
      const item_handle left = into_.find_ending_at(what.after, was_split);
      if (was_split) change_.note_split(into_.at(left).right);
      return {left, into_.at(left).right};
    }
    const chain_handle sequence = into_.type_at(in).sequence;
    return {none, sequence == none ? none : into_.chain_at(sequence).head};
  }

  /// A part of an item of then, as a struct without neighbours.
  struct_view view_of(const restored_part& part) {
    parent_view parent;
    struct_view view = then_.view_of(part.from, part.offset, part.length, parent, scratch_);
    view.origin = view.right_origin = unit_id::none;
    view.parent = nullptr;
    view.has_key = false;
    return view;
  }

  parent_view parent_of(type_handle in) const {
    const type_record& type = into_.type_at(in);
    if (type.owner == none) return {true, false, unit_id::none, into_.string_at(type.name), {}};
    return {false, false, into_.at(type.owner).id(), {}, {}};
  }

  /// Gives the struct the next clocks, integrates it and returns the item that ends with it.
  item_handle integrate(struct_view view, const restored_part& part) {
    const client_index own = into_.client_for(own_);
    view.clock = into_.state_of(own).end;
    integrator_.integrate_local(own, view, change_);
    const item_handle made = into_.find(unit_id{own, view.clock + view.length - 1});
    if (view.kind == content_kind::type)
      to_fill_.push_back({into_.at(made).content, then_.at(part.from).content});
    return made;
  }

  /// Between two neighbours in the sequence.
  item_handle insert(type_handle in, const place& at, const restored_part& part) {
    struct_view view = view_of(part);
    if (at.left != none) view.origin = into_.at(at.left).last_id();
    if (at.right != none) view.right_origin = into_.at(at.right).id();
    parent_view parent;
    if (at.left == none && at.right == none) {
      parent = parent_of(in);
      view.parent = &parent;
    }
    return integrate(view, part);
  }

  /// Source: AbstractType.js typeMapSet.
  void set_key(type_handle in, std::string_view key, const restored_part& part) {
    struct_view view = view_of(part);
    view.has_key = true;
    const string_handle name = into_.find_string(key);
    const chain_handle keyed = name == no_string ? none : into_.find_keyed_chain(in, name);
    const item_handle before = keyed == none ? none : into_.chain_at(keyed).tail;
    parent_view parent;
    if (before != none) {
      view.origin = into_.at(before).last_id();
    } else {
      parent = parent_of(in);
      parent.has_key = true;
      parent.key = key;
      view.parent = &parent;
    }
    integrate(view, part);
  }

  /// The contents of the types that were copied, and of those in them.
  void fill_types() {
    while (!to_fill_.empty()) {
      const copied_type next = to_fill_.back();
      to_fill_.pop_back();
      const type_record& from = then_.type_at(next.from);
      item_handle last = none;
      for (item_handle at = then_.chain_at(from.sequence).head; at != none; at = then_.at(at).right)
        if (then_.at(at).is_deleted == 0)
          last = insert(next.to, {last, none}, {at, 0, then_.at(at).length});
      for (chain_handle keyed = from.keyed; keyed != none; keyed = then_.chain_at(keyed).next) {
        const chain& entry = then_.chain_at(keyed);
        if (entry.tail == none || !then_.at(entry.tail).is_visible()) continue;
        set_key(next.to, then_.string_at(entry.key),
                {entry.tail, then_.at(entry.tail).length - 1, 1});
      }
    }
  }

  struct_store& into_;
  const struct_store& then_;
  integrator& integrator_;
  transaction& change_;
  client_id own_;
  std::vector<copied_type> to_fill_;
  byte_buffer scratch_;
};

}  // namespace

result<void> doc_edit::restore(const doc& then) {
  TROUPE_CHECK(doc_ != nullptr && doc_ != &then);
  const restore_plan plan = plan_restore(doc_->store_, then.contents());
  if (plan.empty()) return {};
  TROUPE_TRY(check_room(plan.units, plan.bytes));
  if (plan.structs > 0 &&
      !doc_->has_memory_for(struct_store::size_of_structs(plan.structs) + plan.bytes))
    return fail(errc::document_full, "limits.max_document_size");
  content_restorer{doc_->store_, then.contents(), doc_->integrator_, doc_->change_, own_}.carry_out(
      plan);
  cursor_ = edit_cursor{doc_->store_, doc_->change_};
  return {};
}

}  // namespace troupe::crdt
