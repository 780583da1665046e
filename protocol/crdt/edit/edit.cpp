#include "protocol/crdt/edit/edit.hpp"

#include <algorithm>
#include <exception>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

namespace {

/// The struct that a value becomes; its clock and neighbours are filled in when it is inserted.
struct_view view_of_value(const value& from) {
  struct_view view;
  view.kind = from.kind();
  view.type = from.held_type();
  view.length = 1;
  view.content = from.content().data();
  view.content_size = static_cast<std::uint32_t>(from.content().size());
  return view;
}

std::uint64_t size_of(std::span<const value> values) {
  std::uint64_t size = 0;
  for (const value& each : values) size += each.content().size();
  return size;
}

constexpr std::uint64_t content_size_max = 0xffff'ffff;

}  // namespace

// --- the transaction ---

result<doc_edit> doc::edit(client_id own) {
  TROUPE_CHECK(phase_ == phase::idle);
  if (own > lib0::max_safe_integer) return fail(errc::number_too_large, "client id");
  return doc_edit{*this, own};
}

doc_edit::doc_edit(doc& in, client_id own) : doc_(&in), own_(own), cursor_(in.store_, in.change_) {
  in.phase_ = doc::phase::editing;
  in.change_.clear();
}

doc_edit::doc_edit(doc_edit&& other) noexcept
    : doc_(std::exchange(other.doc_, nullptr)),
      own_(other.own_),
      cursor_(std::move(other.cursor_)),
      unknown_(std::move(other.unknown_)) {}

doc_edit::~doc_edit() {
  // After a broken promise the document is not to be used any more; ending the transaction might
  // only find the same fault again, and throw while the first one is on its way.
  if (doc_ != nullptr && std::uncaught_exceptions() == 0) commit();
}

applied_update doc_edit::commit() {
  TROUPE_CHECK(doc_ != nullptr);
  doc& edited = *std::exchange(doc_, nullptr);
  edited.integrator_.settle_local(edited.change_);
  edited.change_.commit(edited.options_.gc);
  edited.forget_encoded_state();
  edited.phase_ = doc::phase::idle;
  applied_update applied;
  applied.changed = edited.change_.changed_anything();
  edited.notify();
  return applied;
}

/// What waits for missing structs is only looked at by commit().
void doc_edit::roll_back(struct_store before) {
  TROUPE_CHECK(doc_ != nullptr);
  doc& edited = *std::exchange(doc_, nullptr);
  edited.store_ = std::move(before);
  edited.integrator_.reset();
  edited.change_.clear();
  edited.phase_ = doc::phase::idle;
}

// --- what every operation checks before it changes anything ---

result<doc_edit::target> doc_edit::open(const type_ref& ref) const {
  TROUPE_CHECK(doc_ != nullptr);
  if (!ref.item) TROUPE_TRY(check_key(ref.name));
  const struct_store& in = doc_->store_;
  TROUPE_ASSIGN(const type_handle type, find_live_type(in, ref));
  if (type == none) return target{ref};
  const type_record& record = in.type_at(type);
  return target{ref, type, record.sequence, record.length};
}

/// The place of `index`, for a change of the `length` units that follow.
result<sequence_place> doc_edit::open_at(const target& in, std::uint32_t index,
                                         std::uint32_t length) {
  if (index > in.length || length > in.length - index)
    return fail(errc::out_of_range, "beyond the end of the sequence");
  return cursor_.move_to(in.sequence, index);
}

/// For so many new units whose contents take so many bytes.
result<void> doc_edit::check_room(std::uint64_t units, std::uint64_t bytes) const {
  constexpr std::uint64_t margin = 1024;
  const struct_store& in = doc_->store_;
  const client_index own = in.clients().find(own_);
  const std::uint64_t end = own == no_client ? 0 : in.state_of(own).end;
  if (units > clock_max - end) return fail(errc::number_too_large, "clocks of the editing client");
  if (bytes > content_size_max || (bytes + margin) * 2 > in.content_room())
    return fail(errc::update_too_large, "document is full");
  if (units > 0 && !doc_->has_memory_for(struct_store::size_of_structs(1) + bytes))
    return fail(errc::document_full, "limits.max_document_size");
  if (own == no_client &&
      in.clients().size() >= std::min(doc_->options_.limit.clients_max, client_count_max))
    return fail(errc::too_many_clients, "client ids of the document");
  return {};
}

result<void> doc_edit::check_key(std::string_view key) const {
  if (!is_valid_utf8(as_bytes(key))) return fail(errc::invalid_utf8, "root name or key");
  if (key.size() > doc_->options_.limit.name_size_max)
    return fail(errc::name_too_long, "root name or key");
  return {};
}

/// Bytes of the live format markers among the `length` units behind a place.
/// Fails with out_of_range if the last of them is one half of a pair.
result<std::uint64_t> doc_edit::measure(const sequence_place& from, std::uint32_t length) const {
  const struct_store& in = doc_->store_;
  std::uint64_t size = 0;
  for (item_handle at = from.right; length > 0; at = in.at(at).right) {
    const item& current = in.at(at);
    if (is_live_format(current)) size += current.content_size;
    if (!current.is_visible()) continue;
    if (cuts_pair(in, current, length)) return fail(errc::out_of_range, "inside a pair");
    length -= std::min(length, current.length);
  }
  return size;
}

// --- the two steps of which all edits are made ---

/// The type, as a struct without neighbours names what it goes into.
parent_view doc_edit::parent_of(const target& in) const {
  if (!in.ref.item) return {true, false, unit_id::none, in.ref.name, {}};
  const item& owner = doc_->store_.at(doc_->store_.type_at(in.type).owner);
  return {false, false, owner.id(), {}, {}};
}

/// Integrates a struct between the two neighbours and moves the place behind it.
void doc_edit::insert_struct(const target& in, sequence_place& at, struct_view view) {
  struct_store& into = doc_->store_;
  const client_index own = into.client_for(own_);
  view.clock = into.state_of(own).end;
  if (at.left != none) view.origin = into.at(at.left).last_id();
  if (at.right != none) view.right_origin = into.at(at.right).id();
  parent_view parent;
  if (at.left == none && at.right == none) {
    parent = parent_of(in);
    view.parent = &parent;
  }
  doc_->integrator_.integrate_local(own, view, doc_->change_);
  at.left = into.find(
      unit_id{own, view.clock + view.length - 1});  // it may have merged with its left neighbour
  at.in = into.at(at.left).chain;
  if (is_countable(view.kind)) at.index += view.length;
}

/// Deletes visible units behind a place. Format markers stay. Requires: measure() took them.
/// Differs: typeListDelete of yjs deletes markers too and counts them as elements.
void doc_edit::remove_units(const sequence_place& from, std::uint32_t length) {
  struct_store& in = doc_->store_;
  for (item_handle at = from.right; length > 0; at = in.at(at).right) {
    const item& current = in.at(at);
    if (!current.is_visible()) continue;
    const clock_type count = std::min(length, current.length);
    length -= count;
    doc_->change_.delete_range(current.client, {current.clock, count}, unknown_);
  }
}

// --- elements ---

/// Source: AbstractType.js typeListInsertGenericsAfter. JSON-like values in a row are one item.
void doc_edit::insert_values(const target& in, sequence_place& at, std::span<const value> values) {
  byte_buffer run;
  while (!values.empty()) {
    struct_view view = view_of_value(values[0]);
    if (view.kind == content_kind::any) {
      const auto other = std::ranges::find_if(
          values, [](const value& v) { return v.kind() != content_kind::any; });
      run.clear();
      view.length = 0;
      for (auto each = values.begin(); each != other; ++each, ++view.length)
        run.insert(run.end(), each->content().begin(), each->content().end());
      view.content = run.data();
      view.content_size = static_cast<std::uint32_t>(run.size());
    }
    insert_struct(in, at, view);
    values = values.subspan(view.length);
  }
}

result<void> doc_edit::insert(const type_ref& into, std::uint32_t index,
                              std::span<const value> values) {
  TROUPE_ASSIGN(const target in, open(into));
  TROUPE_TRY(check_room(values.size(), size_of(values)));
  TROUPE_ASSIGN(sequence_place at, open_at(in, index, 0));
  if (values.empty()) return {};
  insert_values(in, at, values);
  cursor_.remember(at);
  return {};
}

result<void> doc_edit::push(const type_ref& onto, std::span<const value> values) {
  TROUPE_ASSIGN(const target in, open(onto));
  TROUPE_TRY(check_room(values.size(), size_of(values)));
  if (values.empty()) return {};
  sequence_place end{in.sequence, none, none, in.length, {}};
  if (in.sequence != none) end.left = doc_->store_.chain_at(in.sequence).tail;
  const item_handle tail = end.left;
  insert_values(in, end, values);
  cursor_.follow_end(tail, end);
  return {};
}

result<void> doc_edit::remove(const type_ref& from, std::uint32_t index, std::uint32_t length) {
  TROUPE_ASSIGN(const target in, open(from));
  TROUPE_ASSIGN(const sequence_place at, open_at(in, index, length));
  TROUPE_TRY(measure(at, length));
  remove_units(at, length);
  return {};
}

// --- entries ---

item_handle doc_edit::entry_of(const target& in, std::string_view key) const {
  const struct_store& of = doc_->store_;
  const string_handle name = of.find_string(key);
  if (in.type == none || name == no_string) return none;
  const chain_handle entry = of.find_keyed_chain(in.type, name);
  return entry == none ? none : of.chain_at(entry).tail;
}

/// Source: AbstractType.js typeMapSet.
result<void> doc_edit::set(const type_ref& in, std::string_view key, const value& to) {
  TROUPE_TRY(check_key(key));
  TROUPE_ASSIGN(const target into, open(in));
  TROUPE_TRY(check_room(1, to.content().size()));
  struct_store& of = doc_->store_;
  const client_index own = of.client_for(own_);
  struct_view view = view_of_value(to);
  view.clock = of.state_of(own).end;
  view.has_key = true;
  parent_view parent;
  const item_handle before = entry_of(into, key);
  if (before != none) {
    view.origin = of.at(before).last_id();
  } else {
    parent = parent_of(into);
    parent.has_key = true;
    parent.key = key;
    view.parent = &parent;
  }
  doc_->integrator_.integrate_local(own, view, doc_->change_);
  return {};
}

result<void> doc_edit::remove_key(const type_ref& from, std::string_view key) {
  TROUPE_TRY(check_key(key));
  TROUPE_ASSIGN(const target in, open(from));
  const item_handle entry = entry_of(in, key);
  if (entry != none) doc_->change_.delete_item(entry);
  return {};
}

result<void> doc_edit::clear_keys(const type_ref& in) {
  TROUPE_ASSIGN(const target of, open(in));
  if (of.type == none) return {};
  const struct_store& from = doc_->store_;
  for (chain_handle entry = from.type_at(of.type).keyed; entry != none;
       entry = from.chain_at(entry).next)
    if (from.chain_at(entry).tail != none) doc_->change_.delete_item(from.chain_at(entry).tail);
  return {};
}

// --- new types, lengths and nested types ---

type_ref doc_edit::last_written() const {
  const struct_store& in = doc_->store_;
  return type_ref::nested(own_, in.state_of(in.clients().find(own_)).end - 1);
}

result<type_ref> doc_edit::insert_type(const type_ref& into, std::uint32_t index,
                                       const value& type) {
  if (type.kind() != content_kind::type) return fail(errc::unknown_content, "not a type");
  TROUPE_TRY(insert(into, index, {&type, 1}));
  return last_written();
}

result<type_ref> doc_edit::set_type(const type_ref& in, std::string_view key, const value& type) {
  if (type.kind() != content_kind::type) return fail(errc::unknown_content, "not a type");
  TROUPE_TRY(set(in, key, type));
  return last_written();
}

result<std::uint32_t> doc_edit::length(const type_ref& of) const {
  return open(of).map([](const target& in) { return in.length; });
}

result<type_ref> doc_edit::child(const type_ref& of, std::uint32_t index) const {
  TROUPE_ASSIGN(const target in, open(of));
  if (index >= in.length) return fail(errc::out_of_range, "beyond the end of the sequence");
  const struct_store& from = doc_->store_;
  item_handle at = from.chain_at(in.sequence).head;
  for (;; at = from.at(at).right) {
    if (!from.at(at).is_visible()) continue;
    if (index < from.at(at).length) break;
    index -= from.at(at).length;
  }
  if (from.at(at).kind() != content_kind::type) return fail(errc::type_gone, "a value");
  return ref_of(from, from.at(at).content);
}

result<type_ref> doc_edit::child(const type_ref& of, std::string_view key) const {
  TROUPE_ASSIGN(const target in, open(of));
  const item_handle entry = entry_of(in, key);
  if (entry == none || !doc_->store_.at(entry).is_visible() ||
      doc_->store_.at(entry).kind() != content_kind::type)
    return fail(errc::type_gone, "a value, or nothing");
  return ref_of(doc_->store_, doc_->store_.at(entry).content);
}

}  // namespace troupe::crdt
