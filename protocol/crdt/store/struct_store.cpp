#include "protocol/crdt/store/struct_store.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "base/check.hpp"
#include "protocol/crdt/wire/content_slice.hpp"

namespace troupe::crdt {

namespace {

/// The first hole that starts above `clock`.
template <class Holes>
auto first_hole_above(Holes& holes, clock_type clock) noexcept {
  return std::upper_bound(holes.begin(), holes.end(), clock,
                          [](clock_type c, const clock_range& hole) { return c < hole.clock; });
}

}  // namespace

struct_store::struct_store(const struct_store& other)
    : revision_(other.revision_),
      newest_revision_(other.newest_revision_),
      steps_(other.steps_),
      braided_(other.braided_),
      clients_(other.clients_),
      states_(other.states_),
      items_(other.items_),
      chains_(other.chains_),
      types_(other.types_),
      strings_(other.strings_),
      roots_(other.roots_),
      root_by_name_(other.root_by_name_),
      keys_(other.keys_) {
  copy_contents(other.content_);
}

byte_view struct_store::content_of(const item& of) const noexcept {
  if (of.content_size == 0 || !has_content_in_arena(of.kind())) return {};
  return {content_.at(of.content), of.content_size};
}

bool struct_store::is_in_hole(const client_state& state, clock_type clock) noexcept {
  const auto above = first_hole_above(state.holes, clock);
  return above != state.holes.begin() && clock < std::prev(above)->end();
}

void struct_store::find_unknown(client_index client, clock_range range,
                                std::vector<clock_range>& out) const {
  const client_state& state = states_[client];
  out.clear();
  if (state.holes.empty() && range.end() <= state.end) return;
  auto hole = first_hole_above(state.holes, range.clock);
  if (hole != state.holes.begin()) --hole;
  for (; hole != state.holes.end() && hole->clock < range.end(); ++hole) {
    const clock_type from = std::max(hole->clock, range.clock);
    const clock_type to = std::min(hole->end(), range.end());
    if (from < to) out.push_back({from, to - from});
  }
  const clock_type from = std::max(range.clock, state.end);
  if (from < range.end()) out.push_back({from, range.end() - from});
}

item_handle struct_store::search(const client_state& state, clock_type clock) const noexcept {
  if (clock >= state.end) return none;
  if (clock >= items_[state.newest].clock) return state.last_hit = strand_at(state.newest, clock);
  const auto found = state.structs.find_near(state.last_found, clock);
  if (state.structs.is_end(found)) return none;
  const item_handle handle = state.structs[found];
  if (clock >= items_[handle].entry_end()) return none;
  return state.last_hit = strand_at(handle, clock);
}

item_handle struct_store::find(struct_id id) const noexcept {
  const client_index client = clients_.find(id.client);
  if (client == no_client || id.clock > clock_max) return none;
  return find(unit_id{client, static_cast<clock_type>(id.clock)});
}

type_handle struct_store::find_root(std::string_view name) const {
  const string_handle text = strings_.find(name);
  if (text == no_string) return none;
  const auto found = root_by_name_.find(text);
  return found == root_by_name_.end() ? none : found->second;
}

chain_handle struct_store::search_key(const type_record& of, type_handle type,
                                      string_handle key) const noexcept {
  if (of.key_count > few_keys) return keys_.find(chains_, type, key);
  chain_handle at = of.keyed;
  while (at != none && chains_[at].key != key) at = chains_[at].next;
  return at;
}

struct_view struct_store::view_of(item_handle handle, clock_type offset, clock_type length,
                                  parent_view& parent, byte_buffer& scratch) const {
  const item& from = items_[handle];
  struct_view view;
  view.clock = from.clock;
  view.length = from.length;
  view.kind = from.kind();
  if (from.is_gc()) {
    view.clock += offset;
    view.length = length;
    return view;
  }
  const chain& in = chains_[from.chain];
  const type_record& type = types_[in.type];
  view.origin = from.origin;
  view.right_origin = from.right_origin;
  view.is_ascii = from.is_ascii != 0;
  view.value_is_any = from.value_is_any != 0;
  view.has_key = in.key != no_string;
  if (view.kind == content_kind::type) {
    const type_record& held = types_[from.content];
    view.type = held.kind;
    const std::string_view name = held.name == no_string ? std::string_view{} : strings_[held.name];
    view.content = as_bytes(name).data();
    view.content_size = static_cast<std::uint32_t>(name.size());
  } else {
    const byte_view content = content_of(from);
    view.content = content.data();
    view.content_size = static_cast<std::uint32_t>(content.size());
  }
  if (from.is_strand()) {
    view.value_is_any = false;
    view.length = length;
    view.clock += offset;
    if (offset != 0) view.origin = {from.client, view.clock - from.content_size};
  } else if (offset != 0 || length != view.length) {
    const byte_view part = slice_content(view, offset, length, scratch);
    view.content = part.data();
    view.content_size = static_cast<std::uint32_t>(part.size());
    view.length = length;
  }
  if (offset != 0 && !from.is_strand()) {
    view.clock += offset;
    view.origin = {from.client, view.clock - 1};
  }
  if (view.has_origin() || view.has_right_origin()) return view;
  parent.is_root = type.owner == none;
  parent.has_key = view.has_key;
  if (parent.has_key) parent.key = strings_[in.key];
  if (parent.is_root) {
    parent.name = strings_[type.name];
  } else {
    parent.owner = items_[type.owner].id();
  }
  view.parent = &parent;
  return view;
}

std::size_t struct_store::memory() const {
  std::size_t bytes = items_.memory() + chains_.memory() + types_.memory() + content_.memory();
  bytes += strings_.memory() + keys_.memory() + states_.capacity() * sizeof(client_state);
  if (order_) bytes += order_->memory();
  for (const client_state& state : states_)
    bytes += state.structs.memory() + state.deleted.memory();
  return bytes;
}

client_index struct_store::client_for(client_id id) {
  const client_index index = clients_.find_or_add(id);
  if (index == states_.size()) states_.emplace_back();
  return index;
}

type_handle struct_store::root_for(std::string_view name) {
  const string_handle text = strings_.intern(name);
  const auto [place, is_new] = root_by_name_.try_emplace(text, none);
  if (!is_new) return place->second;
  place->second = add_type(none, type_kind::unknown, {});
  types_[place->second].name = text;
  roots_.push_back(place->second);
  return place->second;
}

chain_handle struct_store::chain_for(type_handle type, const parent_view& parent) {
  if (parent.has_key) return keyed_chain_for(type, strings_.intern(parent.key));
  type_record& of = types_[type];
  if (of.sequence == none) of.sequence = chains_.add({.type = type});
  return of.sequence;
}

chain_handle struct_store::keyed_chain_for(type_handle type, string_handle key) {
  if (const chain_handle found = find_keyed_chain(type, key); found != none) return found;
  type_record& of = types_[type];
  const chain_handle added = chains_.add({type, key, none, none, of.keyed});
  of.keyed = added;
  of.key_bits |= type_record::bit_of(key);
  if (of.key_count > few_keys) {
    keys_.add(chains_, added);
  } else if (++of.key_count > few_keys) {
    for (chain_handle each = added; each != none; each = chains_[each].next)
      keys_.add(chains_, each);
  }
  return added;
}

type_handle struct_store::add_type(item_handle owner, type_kind kind, std::string_view name) {
  if (types_.size() == 0) chains_.set_none({});
  const type_handle handle = types_.add();
  type_record& added = types_[handle];
  added.owner = owner;
  added.kind = kind;
  if (kind == type_kind::xml_element || kind == type_kind::xml_hook)
    added.name = strings_.intern(name);
  return handle;
}

void struct_store::remove_type(type_handle handle) {
  for (chain_handle c = types_[handle].keyed; c != none;) {
    const chain_handle next = chains_[c].next;
    if (types_[handle].key_count > few_keys) keys_.erase(chains_, c);
    if (order_) order_->drop(c);
    chains_.release(c);
    c = next;
  }
  if (const chain_handle sequence = types_[handle].sequence; sequence != none) {
    if (order_) order_->drop(sequence);
    chains_.release(sequence);
  }
  types_.release(handle);
}

item_handle struct_store::add_item(client_index client, const struct_view& from, clock_type offset,
                                   clock_type length) {
  change_revision();
  byte_buffer scratch;
  byte_view bytes;
  if (has_content_in_arena(from.kind)) {
    const bool is_whole = offset == 0 && length == from.length;
    bytes = is_whole ? from.content_bytes() : slice_content(from, offset, length, scratch);
  }
  const std::uint32_t content = content_.add(bytes);
  const item_handle handle = items_.allocate();
  item& added = *new (&items_[handle]) item(item_between(none, none, none, client, from, content));
  added.content_size = static_cast<std::uint32_t>(bytes.size());
  added.length = length;
  if (offset != 0) {
    added.clock = from.clock + offset;
    added.origin = {client, from.clock + offset - 1};
  }
  if (from.kind == content_kind::type)
    items_[handle].content = add_type(handle, from.type, as_text(from.content_bytes()));
  return handle;
}

item_handle struct_store::append_item(client_index client, const struct_view& from,
                                      item_handle left) {
  change_revision();
  const item& before = items_[left];
  const chain_handle into = before.chain;
  const item_handle right = before.right;
  const std::uint32_t content =
      has_content_in_arena(from.kind) ? content_.add(from.content_bytes()) : 0;
  const item_handle handle = items_.allocate();
  new (&items_[handle]) item(item_between(left, right, into, client, from, content));
  if (from.kind == content_kind::type)
    items_[handle].content = add_type(handle, from.type, as_text(from.content_bytes()));
  items_[left].right = handle;
  if (right != none)
    items_[right].left = handle;
  else
    chains_[into].tail = handle;
  client_state& state = states_[client];
  state.structs.append(from.clock, handle);
  state.newest = handle;
  state.end = from.clock + from.length;
  if (order_) note_linked(handle);
  return handle;
}

item_handle struct_store::add_gc(client_index client, clock_range range) {
  item added;
  added.clock = range.clock;
  added.length = range.length;
  added.client = client & 0xff'ffff;
  added.is_deleted = 1;
  return items_.add(added);
}

bool struct_store::extend_last_gc(client_index client, clock_range range) {
  client_state& state = states_[client];
  if (range.clock != state.end || state.newest == none) return false;
  item& last = items_[state.newest];
  if (!last.is_gc()) return false;
  last.length += range.length;
  state.end = range.end();
  return true;
}

void struct_store::index_struct(item_handle handle) {
  const item& added = items_[handle];
  client_state& state = states_[added.client];
  if (added.clock >= state.end) {
    state.structs.append(added.clock, handle);
    state.newest = handle;
  } else {
    state.structs.insert_after(state.structs.find_at_or_before(added.clock), added.clock, handle);
  }
  note_known(added.client, {added.clock, added.length});
}

void struct_store::note_known(client_index client, clock_range range) {
  client_state& state = states_[client];
  if (range.clock >= state.end) {  // nearly always
    if (range.clock > state.end) state.holes.push_back({state.end, range.clock - state.end});
    state.end = range.end();
    return;
  }
  auto place = first_hole_above(state.holes, range.clock);
  steps_ += state.holes.size() / holes_per_step;
  TROUPE_CHECK(place != state.holes.begin() && range.end() <= std::prev(place)->end());
  const clock_range hole = *--place;
  place = state.holes.erase(place);
  if (range.end() < hole.end())
    place = state.holes.insert(place, {range.end(), hole.end() - range.end()});
  if (range.clock > hole.clock) state.holes.insert(place, {hole.clock, range.clock - hole.clock});
}

item_handle struct_store::find_ending_at(unit_id id, bool& was_split) {
  const item_handle handle = find(id);
  TROUPE_CHECK(handle != none);
  const item& found = items_[handle];
  if (found.is_gc() || found.last() == id.clock) return handle;
  was_split = true;
  split(handle, id.clock + 1 - found.clock);
  return handle;
}

item_handle struct_store::find_starting_at(unit_id id, item_handle guess, bool& was_split) {
  const item_handle handle = contains(guess, id) ? guess : find(id);
  TROUPE_CHECK(handle != none);
  const item& found = items_[handle];
  if (found.is_gc() || found.clock == id.clock) return handle;
  was_split = true;
  return split(handle, id.clock - found.clock);
}

item_handle struct_store::split(item_handle handle, clock_type offset) {
  if (items_[handle].is_strand()) return split_strand(handle, offset);
  const item copy = items_[handle];  // the right part keeps its right origin, chain and flags
  const item_handle right_handle = items_.add(copy);
  item& left = items_[handle];
  item& right = items_[right_handle];
  right.clock = left.clock + offset;
  const undoable_merge& undone = last_merge_;
  const bool is_undone = undone.revision_after == revision_ && undone.left == handle &&
                         undone.right == right_handle && undone.clock == right.clock;
  change_revision();
  if (is_undone) revision_ = undone.revision_before;
  right.length = left.length - offset;
  right.origin = {left.client, right.clock - 1};
  right.left = handle;
  left.length = offset;
  left.right = right_handle;
  if (right.right != none)
    items_[right.right].left = right_handle;
  else
    chains_[right.chain].tail = right_handle;

  client_state& state = states_[left.client];
  const auto place = state.structs.find_near(state.last_found, left.clock);
  state.structs.insert_after(place, right.clock, right_handle);
  if (state.newest == handle) state.newest = right_handle;
  if (order_) note_linked(right_handle);
  if (!has_content_in_arena(left.kind())) return right_handle;

  const byte_view bytes = content_of(left);
  const bool is_text = left.kind() == content_kind::string;
  const clock_type passed = is_text ? std::min(offset, right.length) : offset;
  if (left.is_ascii == 0) steps_ += passed / units_per_step;
  std::size_t cut = offset;
  if (left.kind() == content_kind::string && left.is_ascii == 0) {
    const text_cut at = find_text_cut(bytes, offset, left.length + right.length);
    cut = at.byte_offset;
    if (at.splits_pair) {
      // Both halves become U+FFFD, which takes more room than half a pair: each part is stored
      // anew.
      struct_view whole;
      whole.kind = content_kind::string;
      whole.length = left.length + right.length;
      whole.content = bytes.data();
      whole.content_size = left.content_size;
      byte_buffer left_text, right_text;
      const byte_view first = slice_content(whole, 0, left.length, left_text);
      const byte_view second = slice_content(whole, left.length, right.length, right_text);
      content_.add_garbage(left.content_size);
      if (state.growing == handle) forget_growing(state);
      left.content = content_.add(first);
      left.content_size = static_cast<std::uint32_t>(first.size());
      right.content = content_.add(second);
      right.content_size = static_cast<std::uint32_t>(second.size());
      return right_handle;
    }
  } else if (left.kind() == content_kind::any || left.kind() == content_kind::json) {
    cut = size_of_values(left.kind(), bytes, offset);
  }
  right.content = left.content + static_cast<std::uint32_t>(cut);
  right.content_size = left.content_size - static_cast<std::uint32_t>(cut);
  left.content_size = static_cast<std::uint32_t>(cut);
  if (state.growing == handle) {  // the spare room is behind the right part
    state.growing = right_handle;
    state.growing_capacity -= static_cast<std::uint32_t>(cut);
  }
  return right_handle;
}

void struct_store::link_after(item_handle handle, chain_handle into, item_handle left) {
  item& added = items_[handle];
  chain& list = chains_[into];
  added.chain = into;
  added.left = left;
  added.right = left != none ? items_[left].right : list.head;
  if (left != none)
    items_[left].right = handle;
  else
    list.head = handle;
  if (added.right != none)
    items_[added.right].left = handle;
  else
    list.tail = handle;
  if (order_) note_linked(handle);
}

void struct_store::forget_growing(client_state& state) {
  if (state.growing == none) return;
  content_.add_garbage(state.growing_capacity - items_[state.growing].content_size);
  state.growing = none;
  state.growing_capacity = 0;
}

/// Makes room for `size` more bytes directly behind an item's content, moving it if need be, and
/// counts them as its own. Returns the offset of the new bytes.
std::uint32_t struct_store::room_behind(item_handle handle, std::uint32_t size) {
  item& grown = items_[handle];
  client_state& state = states_[grown.client];
  const std::uint32_t needed = grown.content_size + size;
  const bool has_spare = state.growing == handle && needed <= state.growing_capacity;
  if (!has_spare &&
      !(state.growing != handle && content_.extend(grown.content + grown.content_size, size))) {
    const std::uint32_t capacity = std::max<std::uint32_t>(32, needed * 2);
    const std::uint32_t moved = content_.allocate(capacity);
    std::memcpy(content_.at(moved), content_.at(grown.content), grown.content_size);
    forget_growing(state);
    content_.add_garbage(grown.content_size);
    grown.content = moved;
    state.growing = handle;
    state.growing_capacity = capacity;
  }
  grown.content_size = needed;
  return grown.content + needed - size;
}

void struct_store::extend_content(item_handle handle, const struct_view& from, clock_type offset,
                                  clock_type length) {
  item& grown = items_[handle];
  grown.length += length;
  if (!has_content_in_arena(grown.kind())) return;
  byte_buffer scratch;
  const bool is_whole = offset == 0 && length == from.length;
  const byte_view bytes =
      is_whole ? from.content_bytes() : slice_content(from, offset, length, scratch);
  grown.is_ascii = grown.is_ascii != 0 && from.is_ascii;
  const std::uint32_t where = room_behind(handle, static_cast<std::uint32_t>(bytes.size()));
  std::memcpy(content_.at(where), bytes.data(), bytes.size());
}

void struct_store::drop_content(item_handle handle) {
  item& dropped = items_[handle];
  if (has_content_in_arena(dropped.kind())) {
    client_state& state = states_[dropped.client];
    if (state.growing == handle) forget_growing(state);
    content_.add_garbage(dropped.content_size);
  }
  dropped.content = 0;
  dropped.content_size = 0;
  dropped.is_ascii = 0;
  dropped.value_is_any = 0;
  dropped.set_kind(content_kind::deleted);
}

void struct_store::turn_into_gc(item_handle handle) {
  change_revision();
  if (items_[handle].is_strand()) return turn_braid_into_gc(handle);
  if (order_) order_->drop(items_[handle].chain);  // the others of the chain go, too
  drop_content(handle);
  item& collected = items_[handle];
  collected.set_kind(content_kind::gc);
  collected.left = collected.right = none;
  collected.chain = none;
  collected.origin = collected.right_origin = unit_id::none;
}

void struct_store::compact_if_worth() {
  constexpr std::uint64_t worth_at_least = 64 * 1024;
  constexpr std::uint64_t worth_per_client = 16;  // each is looked at...
  constexpr std::uint64_t worth_per_item = 2;     // ...and so is each item
  const std::uint64_t worth =
      worth_at_least + worth_per_client * states_.size() + worth_per_item * items_.size();
  if (content_.garbage() < worth || content_.garbage() * 2 < content_.used()) return;
  const content_arena old = std::exchange(content_, {});
  copy_contents(old);
}

/// Copies the contents of all items, whose places are those in `from`, into the arena.
void struct_store::copy_contents(const content_arena& from) {
  for (client_state& state : states_) {
    state.growing = none;
    state.growing_capacity = 0;
    if (state.structs.empty()) continue;
    for (auto p = state.structs.first(); !state.structs.is_end(p); p = state.structs.next(p)) {
      item& moved = items_[state.structs[p]];
      if (has_content_in_arena(moved.kind()))
        moved.content = moved.content_size == 0
                            ? 0
                            : content_.add({from.at(moved.content), moved.content_size});
    }
  }
}

}  // namespace troupe::crdt
