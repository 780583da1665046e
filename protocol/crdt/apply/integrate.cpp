#include "protocol/crdt/apply/integrate.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"

namespace troupe::crdt {

namespace {

constexpr std::uint32_t no_block = 0xffff'ffff;
constexpr clock_type whole_block = 0xffff'ffff;

/// After so many updates that did not need them, indices of chains are dropped.
constexpr std::size_t orders_unused_max = 1024;

/// From here on it pays to prepare for many.
constexpr std::size_t structs_of_a_run_min = 32;

/// Sorts the ranges of each client and merges those that overlap, so that each clock is looked at
/// once. They mostly come that way; in which order the clients come does not matter.
void merge_ranges(std::vector<client_range>& ranges) {
  const auto start = [](const client_range& r) { return unit_id{r.client, r.range.clock}; };
  const auto is_descent = [](const client_range& a, const client_range& b) {
    return a.client == b.client && a.range.clock > b.range.clock;
  };
  if (std::ranges::adjacent_find(ranges, is_descent) != ranges.end())
    std::ranges::sort(ranges, {}, start);
  std::size_t kept = 0;
  for (const client_range& next : ranges) {
    client_range* const before = kept > 0 ? &ranges[kept - 1] : nullptr;
    if (before != nullptr && before->client == next.client &&
        before->range.end() >= next.range.clock)
      before->range.length = std::max(before->range.end(), next.range.end()) - before->range.clock;
    else
      ranges[kept++] = next;
  }
  ranges.resize(kept);
}

}  // namespace

// --- the structs of an update, in an order in which each finds what it refers to ---

integration_outcome integrator::integrate(decoded_update& update, transaction& change,
                                          std::uint64_t steps_max) {
  change_ = &change;
  outcome_ = {};
  steps_max_ = steps_max;
  steps_before_ = store_.steps() + steps_;
  integrate_blocks(update);
  integrate_ready();
  integrate_deletes(update);
  scan_.give_back(store_.revision());
  if (store_.order() != nullptr && ++unused_orders_ > orders_unused_max) store_.drop_orders();
  return outcome_;
}

void integrator::reset() {
  ready_.clear();
  scan_ = {};
  steps_max_ = unlimited_steps;
}

item_handle integrator::find_place_alone(client_index client, const struct_view& view) const {
  if (!pending_.empty()) return none;
  const item_handle left = find_common_place(client, view);
  // What a key held may take long to delete.
  const bool is_in_key = left != none && store_.chain_at(store_.at(left).chain).key != no_string;
  return is_in_key ? none : left;
}

void integrator::place_alone(client_index client, const struct_view& view, item_handle left,
                             transaction& change) {
  change_ = &change;
  place_behind(left, client, view, growth::allowed);
}

bool integrator::find_places_alone(const value_update& update,
                                   std::span<item_handle> places) const {
  if (!pending_.empty()) return false;
  std::size_t count = 0;
  clock_type expected = store_.state_of(update.client()).end;
  for (const struct_view& value : update.values()) {
    const item_handle left =
        value.clock == expected++ ? find_between(value, store_.find(value.origin)) : none;
    const auto before = places.first(count);
    if (left == none || std::ranges::find(before, left) != before.end()) return false;
    places[count++] = left;
  }
  return replaces_all(update.deleted(), places.first(count));
}

/// Whether the values that will be replaced, behind which the others are placed, are all that the
/// ranges delete.
bool integrator::replaces_all(std::span<const client_range> deleted,
                              std::span<const item_handle> places) const {
  std::size_t replaced = 0;
  for (const item_handle place : places) {
    const item& before = store_.at(place);
    if (store_.chain_at(before.chain).key == no_string || before.is_deleted != 0) continue;
    if (before.length != 1 || before.kind() == content_kind::type) return false;
    ++replaced;
  }
  for (const client_range& each : deleted) {
    if (each.range.length > replaced) return false;
    for (clock_type clock = each.range.clock; clock < each.range.end(); ++clock, --replaced) {
      const bool is_replaced = std::ranges::any_of(places, [&](item_handle place) {
        const item& before = store_.at(place);
        return before.id() == unit_id{each.client, clock} && before.is_deleted == 0 &&
               store_.chain_at(before.chain).key != no_string;
      });
      if (!is_replaced || replaced == 0) return false;
    }
  }
  return replaced == 0;
}

void integrator::place_alone(const value_update& update, std::span<const item_handle> places,
                             transaction& change) {
  change_ = &change;
  growth grow = growth::allowed;
  for (std::size_t i = 0; i < update.values().size(); ++i) {
    place_behind(places[i], update.client(), update.values()[i], grow);
    grow = growth::denied;
  }
}

void integrator::integrate_local(client_index client, const struct_view& view,
                                 transaction& change) {
  change_ = &change;
  integrate_piece(client, view, 0, view.length, growth::allowed);
}

void integrator::settle_local(transaction& change) {
  steps_max_ = unlimited_steps;
  scan_.give_back(store_.revision());
  if (ready_.empty() && pending_.empty()) return;
  change_ = &change;
  integrate_ready();
  decoded_update nothing;
  integrate_deletes(nothing);
}

void integrator::translate_clients(decoded_update& update) {
  std::vector<client_index>& to_document = to_document_;
  to_document.clear();
  bool is_same = true;  // mostly so where the document is new
  for (const client_id id : update.clients.ids()) {
    const client_index client = store_.client_for(id);
    is_same = is_same && client == to_document.size();
    to_document.push_back(client);
  }
  if (is_same) return;
  const auto translate = [&](client_index& client) {
    if (client != no_client) client = to_document[client];
  };
  for (client_block& block : update.blocks) translate(block.client);
  for (struct_view& view : update.structs) {
    translate(view.origin.client);
    translate(view.right_origin.client);
  }
  update.parents.for_each([&](parent_view& parent) { translate(parent.owner.client); });
  for (client_range& deleted : update.deletes) translate(deleted.client);
}

void integrator::integrate_blocks(decoded_update& update) {
  const auto missing_of = [&](const struct_view& view) { return find_missing(view); };
  const auto on_ready = [&](const client_block& block, const struct_view& view) {
    const bool is_first = &view == &update.structs[block.first];
    integrate_known_checked(block.client, view, is_first ? growth::allowed : growth::denied);
  };
  const auto on_parked = [&](unit_id missing, client_index client, const struct_view& view) {
    pending_.add_struct(missing, client, view);
    ++outcome_.parked;
  };
  if (update.structs.size() < structs_of_a_run_min) {
    const auto place = [&](const client_block& block, const struct_view* next,
                           const struct_view* end, clock_type target) {
      return place_few(update, block, next, end, target);
    };
    return walk(update, place, missing_of, on_ready, on_parked);
  }
  guess_.begin(update, store_.clients().size());
  struct_run run{store_, *change_, guess_, update.input};
  const auto place = [&](const client_block& block, const struct_view* next, const struct_view* end,
                         clock_type target) {
    return place_many(run, update, block, next, end, target);
  };
  walk(update, place, missing_of, on_ready, on_parked);
  guess_.end();
}

/// Places structs from `next` on, up to the one at `target`, as long as they come in the common
/// way. Returns the first that is left, or `end`.
const struct_view* integrator::place_few(const decoded_update& update, const client_block& block,
                                         const struct_view* next, const struct_view* end,
                                         clock_type target) {
  const struct_view* const first = &update.structs[block.first];
  while (next != end && next->clock <= target &&
         place_quickly(block.client, *next, next == first ? growth::allowed : growth::denied))
    ++next;
  return next;
}

/// The same, quicker where there are many.
const struct_view* integrator::place_many(struct_run& run, const decoded_update& update,
                                          const client_block& block, const struct_view* next,
                                          const struct_view* end, clock_type target) {
  if (next == &update.structs[block.first] && next->clock <= target) {
    if (!place_quickly(block.client, *next, growth::allowed)) return next;
    ++next;
  }
  const struct_view* const rest = run.place(block.client, next, end, target);
  outcome_.whole += static_cast<std::size_t>(rest - next);
  if (rest != next && !pending_.empty()) {
    const clock_type start = next->clock;
    pending_.move_out_structs(block.client, {start, rest[-1].clock + rest[-1].length - start},
                              ready_);
  }
  return rest;
}

/// Goes through all structs so that each comes after what it refers to: where one needs a struct of
/// another block, that block is worked on first, up to the struct that is needed. Calls
/// place(block, next, end, target), which returns the first struct that it left, and for that one
/// missing_of(view), then on_ready(block, view) or on_parked(missing, client, view).
template <class Place, class MissingOf, class OnReady, class OnParked>
void integrator::walk(const decoded_update& update, Place place_common, MissingOf missing_of,
                      OnReady on_ready, OnParked on_parked) {
  sort_blocks(update);
  for (std::uint32_t first = 0; first < update.blocks.size(); ++first) {
    open_.assign(1, {first, whole_block});
    is_open_[first] = 1;
    while (!open_.empty()) {
      const open_block current = open_.back();
      const client_block& block = update.blocks[current.block];
      const struct_view* next = &update.structs[block.first + cursors_[current.block]];
      const struct_view* const end = &update.structs[block.first] + block.count;
      std::uint32_t needed = no_block;
      for (; next != end && next->clock <= current.target; ++next) {
        next = place_common(block, next, end, current.target);
        if (next == end || next->clock > current.target) break;
        const unit_id missing = missing_of(*next);
        if (missing.is_none()) {
          on_ready(block, *next);
          if (is_over()) return;
          continue;
        }
        // find_block() reads it.
        cursors_[current.block] = static_cast<std::uint32_t>(next - &update.structs[block.first]);
        needed = find_block(update, missing);
        if (needed != no_block) {
          open_.push_back({needed, missing.clock});
          is_open_[needed] = 1;
          break;
        }
        on_parked(missing, block.client, *next);
      }
      cursors_[current.block] = static_cast<std::uint32_t>(next - &update.structs[block.first]);
      if (needed != no_block) continue;
      is_open_[current.block] = 0;
      open_.pop_back();
    }
  }
}

/// Brings the blocks into the order in which find_block looks them up, and marks none as begun.
void integrator::sort_blocks(const decoded_update& update) {
  cursors_.assign(update.blocks.size(), 0);
  is_open_.assign(update.blocks.size(), 0);
  block_order_.resize(update.blocks.size());
  std::iota(block_order_.begin(), block_order_.end(), 0u);
  if (block_order_.size() == 1) return;
  std::ranges::sort(block_order_, {}, [&](std::uint32_t i) {
    return unit_id{update.blocks[i].client, update.structs[update.blocks[i].first].clock};
  });
}

/// A block that still has the struct and is not waiting for one itself. Of several blocks of one
/// client that overlap only the last is looked at; what is not found waits, and comes back when it
/// is there.
std::uint32_t integrator::find_block(const decoded_update& update, unit_id missing) const {
  const auto start_of = [&](std::uint32_t i) {
    return unit_id{update.blocks[i].client, update.structs[update.blocks[i].first].clock};
  };
  const auto above = std::ranges::upper_bound(block_order_, missing, {}, start_of);
  if (above == block_order_.begin()) return no_block;
  const std::uint32_t found = *std::prev(above);
  const client_block& block = update.blocks[found];
  if (block.client != missing.client || cursors_[found] == block.count || is_open_[found] != 0)
    return no_block;
  const struct_view& next = update.structs[block.first + cursors_[found]];
  const struct_view& last = update.structs[block.first + block.count - 1];
  const bool has_it = next.clock <= missing.clock && missing.clock < last.clock + last.length;
  return has_it ? found : no_block;
}

void integrator::integrate_ready() {
  while (!ready_.empty() && !is_over()) {
    const pending_struct waiting = std::move(ready_.back());
    ready_.pop_back();
    const unit_id missing = find_missing(waiting.view());
    if (!missing.is_none()) {
      pending_.add_struct(missing, waiting.client(), waiting.view());
      continue;
    }
    ++outcome_.woken;
    const integration_outcome before = outcome_;
    integrate_known_checked(waiting.client(), waiting.view(), growth::allowed);
    outcome_.whole = before.whole;  // these figures are about the update, not about what it woke
    outcome_.partial = before.partial;
    outcome_.known = before.known;
  }
}

void integrator::integrate_deletes(decoded_update& update) {
  merge_ranges(update.deletes);
  std::vector<clock_range>& unknown = unknown_;
  for (const client_range& deleted : update.deletes) {
    if (is_over()) return;
    change_->delete_range(deleted.client, deleted.range, unknown);
    for (const clock_range& part : unknown) pending_.add_delete(deleted.client, part);
    outcome_.parked += unknown.size();
  }
  if (pending_.empty()) return;
  // Deletions do not make anything known, so the list does not grow meanwhile.
  for (const client_range& arrived : change_->inserted())
    while (const auto deleted = pending_.move_out_delete(arrived.client, arrived.range)) {
      ++outcome_.woken;
      change_->delete_range(arrived.client, *deleted, unknown);
    }
}

bool integrator::would_park(const decoded_update& update) {
  std::vector<client_index> to_document;
  for (const client_id id : update.clients.ids()) to_document.push_back(store_.clients().find(id));
  std::vector<range_set> arrived(update.clients.size());  // what the walk has been through
  const auto is_there = [&](unit_id id) {
    if (id.is_none() || arrived[id.client].contains(id.clock)) return true;
    const client_index client = to_document[id.client];
    return client != no_client && store_.knows({client, id.clock});
  };
  bool parks = false;
  walk(
      update,
      [](const client_block&, const struct_view* next, const struct_view*, clock_type) {
        return next;
      },
      [&](const struct_view& view) {
        if (!is_there(view.origin)) return view.origin;
        if (!is_there(view.right_origin)) return view.right_origin;
        if (view.parent != nullptr && !is_there(view.parent->owner)) return view.parent->owner;
        return unit_id::none;
      },
      [&](const client_block& block, const struct_view& view) {
        arrived[block.client].add({view.clock, view.length});
      },
      [&](unit_id, client_index, const struct_view&) { parks = true; });
  std::vector<clock_range> unknown;
  for (const client_range& deleted : update.deletes) {
    unknown.assign(1, deleted.range);
    const client_index client = to_document[deleted.client];
    if (client != no_client) store_.find_unknown(client, deleted.range, unknown);
    for (const clock_range& part : unknown) parks = parks || !arrived[deleted.client].covers(part);
  }
  return parks;
}

/// The first id that must be known before the struct can be placed. Source: Item.getMissing of yjs
/// 14, which checks ids of the own client too.
unit_id integrator::find_missing(const struct_view& view) const {
  if (view.has_origin() && !store_.knows(view.origin)) return view.origin;
  if (view.has_right_origin() && !store_.knows(view.right_origin)) return view.right_origin;
  if (view.parent != nullptr && !view.parent->is_root && !store_.knows(view.parent->owner))
    return view.parent->owner;
  return unit_id::none;
}

// --- one struct ---

/// Whether the origin is the struct in front of this one, by the same client.
static bool follows_own(client_index client, const struct_view& view) noexcept {
  return view.origin == unit_id{client, view.clock - 1};
}

/// The left neighbour in the common case, whose every step is a comparison: a new struct at the end
/// of its client's, between two items that are there, whole, and still next to each other, in the
/// sequence of a type that is alive, or behind the newest value of a key. None if it is another
/// case.
inline item_handle integrator::find_common_place(client_index client,
                                                 const struct_view& view) const {
  const client_state& state = store_.state_of(client);
  if (view.clock != state.end || !view.has_origin()) return none;
  return find_between(view, follows_own(client, view) ? state.newest : store_.find(view.origin));
}

/// The same for a struct whose clock and origin are known to be right.
inline item_handle integrator::find_between(const struct_view& view, item_handle left) const {
  if (left == none) return none;
  const item& before = store_.at(left);
  if (before.last() != view.origin.clock || before.is_gc()) return none;
  if (before.right != none) {
    if (store_.at(before.right).id() != view.right_origin) return none;
  } else if (view.has_right_origin()) {
    return none;
  }
  const chain& list = store_.chain_at(before.chain);
  const item_handle owner = store_.type_at(list.type).owner;
  if (owner != none && store_.at(owner).is_deleted != 0) return none;
  if (list.key != no_string && before.right != none) return none;
  return left;
}

/// Puts a struct where find_common_place() found that it may go.
inline void integrator::place_behind(item_handle left, client_index client, const struct_view& view,
                                     growth grow) {
  const item& before = store_.at(left);
  const type_handle type = store_.chain_at(before.chain).type;
  const bool is_keyed = store_.chain_at(before.chain).key != no_string;
  const bool follows = follows_own(client, view);
  if (grow == growth::allowed && follows && extends(before, client, view, 0, before.chain)) {
    extend(left, client, view, 0, view.length);
  } else {
    const item_handle placed = store_.append_item(client, view, left);
    if (view.kind == content_kind::deleted)
      change_->note_born_deleted(client, {view.clock, view.length});
    else if (is_countable(view.kind) && !is_keyed)
      store_.edit_type(type).length += view.length;
    if (follows) change_->note_may_merge(placed);
    if (is_keyed) change_->delete_item(left);  // the newest value replaces the one before it
  }
  note_arrival(client, {view.clock, view.length});
}

/// Both of these. False if it is not the common case, and nothing has happened then.
bool integrator::place_quickly(client_index client, const struct_view& view, growth grow) {
  const item_handle left = find_common_place(client, view);
  if (left == none) return false;
  place_behind(left, client, view, grow);
  ++outcome_.whole;
  return true;
}

/// Integrates the parts of a struct that are not known yet; nearly always that is all of it.
void integrator::integrate_known_checked(client_index client, const struct_view& view,
                                         growth grow) {
  if (view.clock >= store_.state_of(client).end) {
    ++outcome_.whole;
    return integrate_piece(client, view, 0, view.length, grow);
  }
  std::vector<clock_range> pieces;
  store_.find_unknown(client, {view.clock, view.length}, pieces);
  if (pieces.empty())
    ++outcome_.known;
  else if (pieces.size() == 1 && pieces[0].length == view.length)
    ++outcome_.whole;
  else
    ++outcome_.partial;
  for (const clock_range& piece : pieces)
    integrate_piece(client, view, piece.clock - view.clock, piece.length, grow);
}

/// Source: Item.integrate; the steps are numbered as in its description.
void integrator::integrate_piece(client_index client, const struct_view& view, clock_type offset,
                                 clock_type length, growth grow) {
  const clock_range range{view.clock + offset, length};
  if (view.kind == content_kind::gc) return integrate_gc(client, range);
  // 1. The neighbours at creation. An offset makes the preceding unit the origin.
  item_handle left = none;
  item_handle right = none;
  bool was_split = false;
  if (offset > 0) {
    left = store_.find_ending_at({client, range.clock - 1}, was_split);
  } else if (view.has_origin()) {
    left = store_.find_ending_at(view.origin, was_split);
  }
  if (was_split) change_->note_split(store_.at(left).right);
  if (view.has_right_origin()) {
    was_split = false;
    const item_handle guess = left != none ? store_.at(left).right : none;
    right = store_.find_starting_at(view.right_origin, guess, was_split);
    if (was_split) change_->note_split(right);
  }
  // 2. A neighbour or parent that was collected takes the place of the new item with it.
  if ((left != none && store_.at(left).is_gc()) || (right != none && store_.at(right).is_gc()))
    return integrate_gc(client, range);
  const chain_handle into = find_chain(view, left, right, offset);
  if (into == none) return integrate_gc(client, range);
  // 3. The position among concurrent insertions.
  left = find_left(client, view, offset, left, right, into);
  // 4. Either the left neighbour grows, or a new item is linked.
  if (left != none && grow == growth::allowed &&
      extends(store_.at(left), client, view, offset, into)) {
    extend(left, client, view, offset, length);
  } else {
    const item_handle placed = place(client, view, offset, length, left, into);
    if (is_conflicting_) scan_.end(store_.clients().id(client), placed, store_.revision());
  }
  note_arrival(client, range);
}

void integrator::integrate_gc(client_index client, clock_range range) {
  if (!store_.extend_last_gc(client, range)) {
    store_.index_struct(store_.add_gc(client, range));
    if (range.end() < store_.state_of(client).end) change_->note_touched(client, range);
  }
  change_->note_born_deleted(client, range);
  note_arrival(client, range);
}

void integrator::note_arrival(client_index client, clock_range range) {
  change_->note_inserted(client, range);
  if (!pending_.empty()) pending_.move_out_structs(client, range, ready_);
}

/// The list the item belongs to: named by itself, or that of its left, else its right neighbour.
/// None if the parent is gone or was never a type.
chain_handle integrator::find_chain(const struct_view& view, item_handle left, item_handle right,
                                    clock_type offset) {
  if (left != none) return store_.at(left).chain;
  if (right != none) return store_.at(right).chain;
  TROUPE_CHECK(view.parent != nullptr && offset == 0);
  if (view.parent->is_root)
    return store_.chain_for(store_.root_for(view.parent->name), *view.parent);
  const item& owner = store_.at(store_.find(view.parent->owner));
  return owner.kind() == content_kind::type ? store_.chain_for(owner.content, *view.parent) : none;
}

/// Whether the new item would merge with its left neighbour at the end of the transaction anyway.
/// The conditions are those of Item.mergeWith; keyed chains and dead parents have effects of their
/// own.
bool integrator::extends(const item& left, client_index client, const struct_view& view,
                         clock_type offset, chain_handle into) const {
  if (left.client != client || left.end() != view.clock + offset || left.kind() != view.kind ||
      !is_mergeable(view.kind))
    return false;
  const bool follows = offset > 0 || follows_own(client, view);
  const bool is_born_deleted = view.kind == content_kind::deleted;
  const chain& list = store_.chain_at(into);
  const item_handle owner = store_.type_at(list.type).owner;
  return follows && (left.is_deleted != 0) == is_born_deleted && list.key == no_string &&
         (owner == none || store_.at(owner).is_deleted == 0) &&
         left.right_origin == view.right_origin;
}

/// Makes the units [offset, offset + length) of a struct the end of `left`.
void integrator::extend(item_handle left, client_index client, const struct_view& view,
                        clock_type offset, clock_type length) {
  const clock_range range{view.clock + offset, length};
  store_.extend_content(left, view, offset, length);
  if (view.kind == content_kind::deleted)
    change_->note_born_deleted(client, range);
  else
    store_.edit_type(store_.chain_at(store_.at(left).chain).type).length += length;
  store_.note_known(client, range);
  if (range.end() < store_.state_of(client).end)
    change_->note_touched(client, {range.end(), 0});  // it filled a hole
}

item_handle integrator::place(client_index client, const struct_view& view, clock_type offset,
                              clock_type length, item_handle left, chain_handle into) {
  const item_handle handle = store_.add_item(client, view, offset, length);
  store_.link_after(handle, into, left);
  store_.index_struct(handle);
  const item& placed = store_.at(handle);
  // An item can only merge with the one that it continues, and only if that is its left neighbour.
  if (left != none && store_.at(left).client == client && store_.at(left).end() == placed.clock)
    change_->note_may_merge(handle);
  if (placed.end() < store_.state_of(client).end)
    change_->note_touched(client, {placed.end(), 0});  // it filled a hole
  const chain& list = store_.chain_at(into);
  type_record& type = store_.edit_type(list.type);
  const bool is_keyed = list.key != no_string;
  // The newest value of a key replaces the one before it.
  if (is_keyed && placed.right == none && placed.left != none) change_->delete_item(placed.left);
  if (!is_keyed && is_countable(placed.kind())) type.length += length;
  if (placed.kind() == content_kind::deleted)
    change_->note_born_deleted(client, {placed.clock, placed.length});
  // A value that was replaced before it came, or anything in a deleted type, is deleted at once.
  const bool is_replaced = is_keyed && placed.right != none;
  const bool is_orphan = type.owner != none && store_.at(type.owner).is_deleted != 0;
  if (is_replaced || is_orphan) change_->delete_item(handle);
  return handle;
}

}  // namespace troupe::crdt
