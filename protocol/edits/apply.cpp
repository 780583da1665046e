#include "protocol/edits/apply.hpp"

#include <algorithm>
#include <optional>

#include "protocol/crdt/edit/edit.hpp"
#include "protocol/edits/new_content.hpp"
#include "protocol/edits/place.hpp"
#include "protocol/json/text.hpp"

namespace troupe::edits {

namespace {

/// Whether an operation is one of the engine, or only reads.
bool is_one_step(const operation& what) noexcept {
  switch (what.what) {
    case kind::set_text: return false;
    case kind::insert:
    case kind::push:
    case kind::set: return what.type == content_type::plain;
    default: return true;
  }
}

class carrier {
 public:
  explicit carrier(crdt::doc_edit& edit) : edit_(edit), find_(edit.contents()) {}

  result<void> carry_out(const operation& what) {
    switch (what.what) {
      case kind::insert_text:
      case kind::append_text: return insert_text(what);
      case kind::delete_text:
        return on_text(what, [&](const crdt::type_ref& text) {
          return edit_.remove_text(text, what.index, what.length);
        });
      case kind::format_text: return format_text(what);
      case kind::set_text:
        return on_text(what,
                       [&](const crdt::type_ref& text) { return edit_.set_text(text, what.text); });
      case kind::insert_embed: return insert_embed(what);
      case kind::insert:
      case kind::push: return insert(what);
      case kind::set: return set(what);
      case kind::remove: return remove(what);
      case kind::set_attribute:
      case kind::remove_attribute: return change_attribute(what);
      case kind::test: return test(what);
    }
    return {};
  }

  /// Items that were walked over.
  std::uint64_t steps() const noexcept { return edit_.steps() + find_.steps(); }

 private:
  template <class Call>
  result<void> on_text(const operation& what, Call call) {
    TROUPE_ASSIGN(const crdt::type_ref text, find_.find_type(what.at, family::text));
    return call(text);
  }

  result<void> insert_text(const operation& what) {
    TROUPE_ASSIGN(const crdt::type_ref text, find_.find_type(what.at, family::text));
    std::uint32_t index = what.index;
    if (what.what == kind::append_text) {
      TROUPE_ASSIGN(index, edit_.length(text));
    }
    if (what.attributes.empty()) return edit_.insert_text(text, index, what.text);
    TROUPE_ASSIGN(const crdt::attributes formats, read_attributes(edit_, what.attributes));
    return edit_.insert_text(text, index, what.text, formats);
  }

  result<void> format_text(const operation& what) {
    TROUPE_ASSIGN(const crdt::type_ref text, find_.find_type(what.at, family::text));
    TROUPE_ASSIGN(const crdt::attributes formats, read_attributes(edit_, what.attributes));
    return edit_.format_text(text, what.index, what.length, formats);
  }

  result<void> insert_embed(const operation& what) {
    TROUPE_ASSIGN(const crdt::type_ref text, find_.find_type(what.at, family::text));
    if (what.value.starts_with('"'))
      return fail(errc::invalid_edit, "an embed is no text; insertText inserts one");
    TROUPE_ASSIGN(const crdt::value embed, crdt::value::json(what.value, edit_.limits()));
    TROUPE_ASSIGN(const crdt::attributes formats, read_attributes(edit_, what.attributes));
    return edit_.insert_embed(text, what.index, embed, formats);
  }

  result<void> insert(const operation& what) {
    TROUPE_ASSIGN(const crdt::type_ref array, find_.find_type(what.at, family::sequence));
    TROUPE_TRY(check_child(array, what.type));
    if (what.has_many) {
      return what.what == kind::push ? push_values(edit_, array, what.value)
                                     : insert_values(edit_, array, what.index, what.value);
    }
    std::uint32_t index = what.index;
    if (what.what == kind::push) {
      TROUPE_ASSIGN(index, edit_.length(array));
    }
    return write_value(edit_, {array, false, {}, index}, what.type, what.value);
  }

  /// Yjs clients cannot show plain values in XML.
  result<void> check_child(const crdt::type_ref& of, content_type type) const {
    const crdt::type_handle found = crdt::find_type(edit_.contents(), of);
    if (found == crdt::none || type == content_type::xml ||
        edit_.contents().type_at(found).kind != crdt::type_kind::xml_element)
      return {};
    return fail(errc::invalid_edit, "what is inserted into an XML element must be of type xml");
  }

  result<void> set(const operation& what) {
    TROUPE_ASSIGN(const place to, find_.find_place(what.at));
    if (to.is_key) return write_value(edit_, to, what.type, what.value);
    if (find_.unit_at(to).handle == crdt::none)
      return fail(errc::invalid_edit, "there is no element to replace; insert adds one");
    TROUPE_TRY(check_child(to.in, what.type));
    TROUPE_TRY(write_value(edit_, to, what.type, what.value));
    return edit_.remove(to.in, to.index + 1);
  }

  result<void> remove(const operation& what) {
    TROUPE_ASSIGN(const place at, find_.find_place(what.at));
    if (find_.unit_at(at).handle == crdt::none)
      return fail(errc::invalid_edit, "there is nothing to delete");
    if (!at.is_key) return edit_.remove(at.in, at.index, what.length);
    if (what.length != 1) return fail(errc::invalid_edit, "length is of elements, not of a key");
    return edit_.remove_key(at.in, at.key);
  }

  result<void> change_attribute(const operation& what) {
    TROUPE_ASSIGN(const crdt::type_ref of, find_.find_type(what.at, family::keyed));
    if (what.what == kind::remove_attribute) return edit_.remove_key(of, what.text);
    return write_value(edit_, {of, true, what.text, 0}, content_type::plain, what.value);
  }

  result<void> test(const operation& what) {
    TROUPE_ASSIGN(const auto found, find_.read(what.at));
    if (what.value.empty()) {
      if (found.has_value() == what.exists) return {};
      return fail(errc::edit_conflict, what.exists ? "nothing is there" : "something is there");
    }
    if (found && json::says_the_same(*found, what.value)) return {};
    return fail(errc::edit_conflict, found ? "another value is there" : "nothing is there");
  }

  crdt::doc_edit& edit_;
  place_finder find_;
};

/// Why an operation was not carried out, in words that name what it was about.
failure explained(failure why) {
  if (why.code == errc::out_of_range) why.detail = "index or length: " + why.detail;
  return why;
}

}  // namespace

bool needs_copy(const batch& what) noexcept {
  bool has_written = false;
  for (const operation& each : what.operations()) {
    // What comes behind may fail: a test, too.
    if (has_written || !is_one_step(each)) return true;
    has_written = each.what != kind::test;
  }
  return false;
}

tl::expected<applied_edits, edit_error> apply(const batch& what, crdt::doc& to,
                                              crdt::client_id own) {
  auto edit = to.edit(own);
  if (!edit) return tl::unexpected(edit_error{edit_error::no_index, {}, edit.error()});
  std::optional<crdt::struct_store> before;
  if (needs_copy(what)) before.emplace(edit->contents());
  carrier by{*edit};
  const std::uint64_t steps_max = to.limits().update_steps_max;
  for (std::size_t i = 0; i < what.operations().size(); ++i) {
    const operation& next = what.operations()[i];
    auto done = by.carry_out(next);
    if (done && before && by.steps() > steps_max)
      done = fail(errc::too_complex, "more than " + std::to_string(steps_max) + " steps");
    if (done) continue;
    if (before) edit->roll_back(*std::move(before));
    return tl::unexpected(edit_error{i, to_string(next.at), explained(std::move(done).error())});
  }
  if (!edit->commit().changed) return applied_edits{};
  return applied_edits{true, to.encode_last_change()};
}

}  // namespace troupe::edits
