#include "protocol/edits/place.hpp"

#include "protocol/crdt/read/export_json.hpp"

namespace troupe::edits {

namespace {

using crdt::content_kind;
using crdt::none;
using crdt::type_kind;

/// The beginning of a path, for messages.
path front_of(const path& of, std::size_t count) {
  path front{of.root, {}};
  front.steps.assign(of.steps.begin(), of.steps.begin() + static_cast<std::ptrdiff_t>(count));
  return front;
}

bool is_text(content_kind kind) noexcept {
  return kind == content_kind::string || kind == content_kind::embed ||
         kind == content_kind::format;
}

/// Whether the kind of a type says what it is. What yjs 14 nests are fragments, whatever they hold.
bool says_what_it_is(type_kind kind) noexcept {
  return kind != type_kind::unknown && kind != type_kind::xml_fragment;
}

}  // namespace

/// Whether a number that may be either is an index there.
bool place_finder::is_sequence(const crdt::type_ref& type) {
  const crdt::type_handle found = crdt::find_type(store_, type);
  if (found == none) return false;
  const crdt::type_record& record = store_.type_at(found);
  if (says_what_it_is(record.kind))
    return record.kind != type_kind::map && record.kind != type_kind::xml_hook;
  return record.length > 0 || !crdt::has_entries(store_, found);
}

place place_finder::step_into(const crdt::type_ref& type, const path::step& step) {
  using form = path::step::form;
  const bool is_index = step.is == form::index || (step.is == form::either && is_sequence(type));
  return {type, !is_index, step.key, step.index};
}

crdt::unit_place place_finder::unit_at(const place& at) {
  const crdt::type_handle type = crdt::find_type(store_, at.in);
  if (type == none) return {};
  return at.is_key ? crdt::find_entry(store_, type, at.key)
                   : crdt::find_element(store_, type, at.index, steps_);
}

/// The type behind so many steps.
result<crdt::type_ref> place_finder::descend(const path& of, std::size_t count) {
  crdt::type_ref type = crdt::type_ref::root(of.root);
  for (std::size_t i = 0; i < count; ++i) {
    const crdt::unit_place unit = unit_at(step_into(type, of.steps[i]));
    const bool is_type = unit.handle != none && store_.at(unit.handle).kind() == content_kind::type;
    if (!is_type) {
      const std::string where = to_string(front_of(of, i + 1));
      return fail(errc::invalid_edit,
                  unit.handle == none
                      ? "there is nothing at " + where
                      : "what is at " + where + " is a value, not a shared type; set all of it");
    }
    type = crdt::ref_of(store_, store_.at(unit.handle).content);
  }
  return type;
}

result<crdt::type_ref> place_finder::find_any(const path& of) {
  return descend(of, of.steps.size());
}

/// What a type is instead of what is wanted; empty if it fits.
std::string_view place_finder::family_of(crdt::type_handle type, family wanted) {
  const crdt::type_record& record = store_.type_at(type);
  switch (record.kind) {
    case type_kind::array: return wanted == family::sequence ? "" : "an array";
    case type_kind::map:
    case type_kind::xml_hook: return wanted == family::keyed ? "" : "a map";
    case type_kind::text:
    case type_kind::xml_text: return wanted == family::sequence ? "a text" : "";
    case type_kind::xml_element: return wanted == family::text ? "an XML element" : "";
    case type_kind::xml_fragment:
    case type_kind::unknown: break;
  }
  const auto first = crdt::first_kind_of(store_, type, steps_);
  const bool has_entries = crdt::has_entries(store_, type);
  if (!first) return has_entries && wanted != family::keyed ? "a map" : "";
  if (wanted == family::keyed) return has_entries ? "" : is_text(*first) ? "a text" : "an array";
  if (is_text(*first)) return wanted == family::text ? "" : "a text";
  return wanted == family::sequence ? "" : "an array";
}

result<crdt::type_ref> place_finder::find_type(const path& of, family wanted) {
  TROUPE_ASSIGN(crdt::type_ref type, find_any(of));
  const crdt::type_handle found = crdt::find_type(store_, type);
  if (found == none) return type;
  const std::string_view other = family_of(found, wanted);
  if (!other.empty())
    return fail(errc::invalid_edit,
                std::string{"this is "}.append(other).append(", which the operation does not fit"));
  return type;
}

result<place> place_finder::find_place(const path& of) {
  if (of.steps.empty())
    return fail(errc::invalid_edit, "a root itself is neither set nor deleted; name what is in it");
  TROUPE_ASSIGN(const crdt::type_ref type, descend(of, of.steps.size() - 1));
  place found = step_into(type, of.steps.back());
  const crdt::type_handle in = crdt::find_type(store_, type);
  if (in == none) return found;
  const std::string_view other = family_of(in, found.is_key ? family::keyed : family::sequence);
  if (!other.empty())
    return fail(errc::invalid_edit,
                to_string(front_of(of, of.steps.size() - 1))
                    .append(" is ")
                    .append(other)
                    .append(found.is_key ? ", which has no keys" : ", which has no elements"));
  return found;
}

result<std::optional<std::string>> place_finder::read(const path& of) {
  std::string text;
  if (of.steps.empty()) {
    const crdt::type_handle root = crdt::find_type(store_, crdt::type_ref::root(of.root));
    if (root == none) return std::nullopt;
    crdt::append_json(store_, crdt::visible_now{}, root, crdt::json_form::by_kind, text);
    return text;
  }
  TROUPE_ASSIGN(const crdt::type_ref type, descend(of, of.steps.size() - 1));
  const crdt::unit_place unit = unit_at(step_into(type, of.steps.back()));
  if (unit.handle == none) return std::nullopt;
  crdt::append_unit_json(store_, unit, text);
  return text;
}

}  // namespace troupe::edits
