// The operations on text: characters and embeds between format markers, which are items without
// length; the value null ends an attribute. Source: yjs 13.6 YText.js; each function names its
// counterpart.
#include <algorithm>
#include <map>

#include "base/utf8.hpp"
#include "protocol/crdt/edit/edit.hpp"
#include "protocol/json/convert.hpp"

namespace troupe::crdt {

namespace {

result<struct_view> view_of_text(std::string_view utf8) {
  const auto units = utf16_length_if_valid(as_bytes(utf8));
  if (!units) return fail(errc::invalid_utf8, "text");
  if (utf8.size() > clock_max) return fail(errc::update_too_large, "text");
  struct_view view;
  view.kind = content_kind::string;
  view.length = static_cast<clock_type>(*units);
  view.content = as_bytes(utf8).data();
  view.content_size = static_cast<std::uint32_t>(utf8.size());
  view.is_ascii = *units == utf8.size();
  return view;
}

std::string json_of(byte_view any) {
  lib0::decoder in{any};
  std::string text;
  json::any_to_json(in, json::flavour::javascript, text);
  return text;
}

/// Room that markers take, as JSON text: an escaped or printed value may be longer than its `any`.
std::uint64_t marker_size(const attributes& of) {
  constexpr std::uint64_t growth_max = 16, overhead = 16;
  return of.byte_size() * growth_max + of.size() * overhead;
}

}  // namespace

result<void> doc_edit::insert_text(const type_ref& into, std::uint32_t index,
                                   std::string_view utf8) {
  TROUPE_ASSIGN(const struct_view text, view_of_text(utf8));
  return insert_with_formats(into, index, text, nullptr);
}

result<void> doc_edit::insert_text(const type_ref& into, std::uint32_t index, std::string_view utf8,
                                   const attributes& formats) {
  TROUPE_ASSIGN(const struct_view text, view_of_text(utf8));
  return insert_with_formats(into, index, text, &formats);
}

result<void> doc_edit::insert_embed(const type_ref& into, std::uint32_t index, const value& embed,
                                    const attributes& formats) {
  struct_view view;
  view.length = 1;
  std::string json;
  if (embed.kind() == content_kind::any) {
    json = json_of(embed.content());
    view.kind = content_kind::embed;
    view.content = as_bytes(json).data();
    view.content_size = static_cast<std::uint32_t>(json.size());
  } else if (embed.kind() == content_kind::type) {
    view.kind = content_kind::type;
    view.type = embed.held_type();
    view.content = embed.content().data();
    view.content_size = static_cast<std::uint32_t>(embed.content().size());
  } else {
    return fail(errc::unknown_content, "embed");
  }
  return insert_with_formats(into, index, view, &formats);
}

/// `formats` null: those in force at the index. Source: insertText, YText.insert.
result<void> doc_edit::insert_with_formats(const type_ref& into, std::uint32_t index,
                                           const struct_view& content, const attributes* formats) {
  TROUPE_ASSIGN(const target in, open(into));
  TROUPE_ASSIGN(sequence_place at, open_at(in, index, 0));
  attributes wanted = formats != nullptr ? *formats : at.formats;
  // What is on and not wanted ends here.
  for (const auto& [key, value] : at.formats)
    if (wanted.find(key).empty()) wanted.set(key, any_null());
  wanted.order_as_object();
  TROUPE_TRY(check_room(content.length + wanted.size() * 2,
                        content.content_size + marker_size(wanted) * 2 + marker_size(at.formats)));
  if (content.length == 0) return {};
  skip_formats(at, wanted);
  attributes negated = begin_formats(in, at, wanted);
  insert_struct(in, at, content);
  cursor_.remember(at);
  end_formats(in, at, std::move(negated));
  return {};
}

/// Source: YText.format, formatText.
result<void> doc_edit::format_text(const type_ref& in, std::uint32_t index, std::uint32_t length,
                                   const attributes& formats) {
  TROUPE_ASSIGN(const target of, open(in));
  TROUPE_ASSIGN(sequence_place at, open_at(of, index, length));
  if (length == 0 || formats.empty()) return {};
  TROUPE_ASSIGN(const std::uint64_t replaced, measure(at, length));
  TROUPE_TRY(check_room(formats.size() * 2,
                        marker_size(formats) + marker_size(at.formats) + replaced * 16));
  attributes wanted = formats;
  wanted.order_as_object();
  skip_formats(at, wanted);
  attributes negated = begin_formats(of, at, wanted);
  replace_formats(at, length, wanted, negated);
  end_formats(of, at, std::move(negated));
  return {};
}

/// Goes through a range that is being formatted and deletes the markers of the wanted keys in it,
/// and those directly behind it that would only repeat what holds there anyway. `negated` becomes
/// what has to be restored at its end. Source: formatText, its loop.
void doc_edit::replace_formats(sequence_place& at, std::uint32_t length, const attributes& wanted,
                               attributes& negated) {
  struct_store& in = doc_->store_;
  while (at.right != none) {
    const item& next = in.at(at.right);
    const bool is_gap = next.is_deleted != 0 || next.kind() == content_kind::format;
    if (length == 0 && (negated.empty() || !is_gap)) return;
    if (is_live_format(next)) {
      const auto [key, value] = format_of(in, next);
      const byte_view wish = wanted.find(key);
      if (!wish.empty() && is_equal_any(wish, value)) {
        negated.erase(key);
      } else if (!wish.empty()) {
        if (length == 0) return;
        negated.set(key, value);
      }
      if (!wish.empty()) doc_->change_.delete_item(at.right);
    } else if (next.is_deleted == 0) {
      if (length < next.length) doc_->change_.note_split(in.split(at.right, length));
      length -= in.at(at.right).length;
    }
    step_over(in, at);
  }
}

/// Source: deleteText.
result<void> doc_edit::remove_text(const type_ref& from, std::uint32_t index,
                                   std::uint32_t length) {
  TROUPE_ASSIGN(const target in, open(from));
  TROUPE_ASSIGN(const sequence_place at, open_at(in, index, length));
  TROUPE_TRY(measure(at, length));
  if (length == 0) return {};
  remove_units(at, length);
  clean_gap(at.right, at.formats);
  return {};
}

/// Deletes the markers between `start` and the next visible unit that have no effect: a later one
/// of the same key follows there, or the value held already. Source: cleanupFormattingGap.
void doc_edit::clean_gap(item_handle start, const attributes& before) {
  const struct_store& in = doc_->store_;
  std::map<std::string, item_handle> last_of_key;
  item_handle end = start;
  for (; end != none && !in.at(end).is_visible(); end = in.at(end).right)
    if (is_live_format(in.at(end))) last_of_key[format_of(in, in.at(end)).first] = end;
  if (last_of_key.empty()) return;
  for (item_handle at = start; at != end; at = in.at(at).right) {
    if (!is_live_format(in.at(at))) continue;
    const auto [key, value] = format_of(in, in.at(at));
    if (last_of_key[key] != at || is_equal_any(before.find_or_null(key), value))
      doc_->change_.delete_item(at);
  }
}

// --- markers ---

void doc_edit::insert_format(const target& in, sequence_place& at, std::string_view key,
                             byte_view any) {
  lib0::encoder content;
  content.write_var_string(key);
  content.write_var_string(json_of(any));
  struct_view view;
  view.kind = content_kind::format;
  view.length = 1;
  view.content = content.view().data();
  view.content_size = static_cast<std::uint32_t>(content.size());
  insert_struct(in, at, view);
  at.formats.apply(key, any);
}

/// Moves over tombstones and over markers that say what is wanted. Source:
/// minimizeAttributeChanges.
void doc_edit::skip_formats(sequence_place& at, const attributes& wanted) const {
  const struct_store& in = doc_->store_;
  while (at.right != none) {
    const item& next = in.at(at.right);
    if (next.is_deleted == 0) {
      if (next.kind() != content_kind::format) return;
      const auto [key, value] = format_of(in, next);
      if (!is_equal_any(wanted.find_or_null(key), value)) return;
    }
    step_over(in, at);
  }
}

/// Writes markers for what is wanted and not in force. Returns what was in force instead. Source:
/// insertAttributes.
attributes doc_edit::begin_formats(const target& in, sequence_place& at, const attributes& wanted) {
  attributes negated;
  for (const auto& [key, value] : wanted) {
    const byte_view current = at.formats.find_or_null(key);
    if (is_equal_any(current, value)) continue;
    negated.set(key, current);
    insert_format(in, at, key, value);
  }
  return negated;
}

/// Writes markers that restore what was in force, unless the next ones do so already. Source:
/// insertNegatedAttributes.
void doc_edit::end_formats(const target& in, sequence_place& at, attributes negated) {
  const struct_store& of = doc_->store_;
  while (at.right != none) {
    const item& next = of.at(at.right);
    if (next.is_deleted == 0) {
      if (next.kind() != content_kind::format) break;
      const auto [key, value] = format_of(of, next);
      const byte_view restored = negated.find(key);
      if (restored.empty() || !is_equal_any(restored, value)) break;
      negated.erase(key);
    }
    step_over(of, at);
  }
  for (const auto& [key, value] : negated) insert_format(in, at, key, value);
}

}  // namespace troupe::crdt
