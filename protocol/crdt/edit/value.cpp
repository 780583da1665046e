#include "protocol/crdt/edit/value.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "protocol/json/convert.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/json/write.hpp"
#include "protocol/lib0/any.hpp"

namespace troupe::crdt {

namespace {

constexpr std::uint8_t null_bytes[] = {static_cast<std::uint8_t>(lib0::any_tag::null)};

bool is_object(byte_view any) noexcept {
  return !any.empty() && any[0] == static_cast<std::uint8_t>(lib0::any_tag::object);
}

using members = std::vector<std::pair<std::string_view, byte_view>>;

/// The members of an encoded object. Requires: is_object, and that it was validated.
members members_of(byte_view any) {
  lib0::decoder in{any};
  in.read_uint8();
  members all(in.read_var_uint());
  for (auto& [key, value] : all) {
    key = in.read_var_string("object key");
    value = in.skip_any(json::depth_limit);
  }
  return all;
}

result<void> check_name(std::string_view name, const char* field, const limits& limit) {
  if (!is_valid_utf8(as_bytes(name))) return fail(errc::invalid_utf8, field);
  if (name.size() > limit.name_size_max) return fail(errc::name_too_long, field);
  return {};
}

result<void> check_json(std::string_view text, const limits& limit) {
  if (!is_valid_utf8(as_bytes(text))) return fail(errc::invalid_utf8, "JSON value");
  if (!json::is_valid_json(text, limit.any_depth_max)) return fail(errc::invalid_json, "value");
  return {};
}

}  // namespace

value value::of_json(std::string_view valid_json) {
  lib0::encoder out;
  json::json_to_any(valid_json, out);
  return {content_kind::any, out.take()};
}

value value::null() { return of_json("null"); }

value value::boolean(bool is_true) { return of_json(is_true ? "true" : "false"); }

value value::number(double number) {
  std::string text;
  json::append_number(number, text);
  return of_json(text);
}

result<value> value::text(std::string_view utf8) {
  if (!is_valid_utf8(as_bytes(utf8))) return fail(errc::invalid_utf8, "text value");
  lib0::encoder out{utf8.size() + 8};
  out.write_uint8(static_cast<std::uint8_t>(lib0::any_tag::string));
  out.write_var_string(utf8);
  return value{content_kind::any, out.take()};
}

result<value> value::json(std::string_view text, const limits& limit) {
  TROUPE_TRY(check_json(text, limit));
  return of_json(text);
}

result<value> value::any(byte_view encoded, const limits& limit) {
  lib0::decoder in{encoded};
  in.skip_any(limit.any_depth_max);
  if (in.ok() && !in.at_end()) in.fail(errc::trailing_bytes, "behind the value");
  if (in.has_seen_bytes_as_prototype()) in.fail(errc::unusable_content, "__proto__ that is bytes");
  if (!in.ok()) return in.error();
  return value{content_kind::any, byte_buffer(encoded.begin(), encoded.end())};
}

value value::binary(byte_view bytes) {
  return {content_kind::binary, byte_buffer(bytes.begin(), bytes.end())};
}

value value::type(type_kind kind) {
  TROUPE_CHECK(kind != type_kind::xml_element && kind != type_kind::xml_hook &&
               kind != type_kind::unknown);
  value made{content_kind::type, {}};
  made.type_ = kind;
  return made;
}

result<value> value::xml_element(std::string_view node_name, const limits& limit) {
  TROUPE_TRY(check_name(node_name, "node name", limit));
  value made{content_kind::type, {as_bytes(node_name).begin(), as_bytes(node_name).end()}};
  made.type_ = type_kind::xml_element;
  return made;
}

result<value> value::subdocument(std::string_view guid, std::string_view options,
                                 const limits& limit) {
  TROUPE_TRY(check_name(guid, "guid", limit));
  TROUPE_TRY(check_json(options, limit));
  lib0::encoder any;
  json::json_to_any(options, any);
  if (!are_usable_options(any.view())) return fail(errc::invalid_json, "options of a subdocument");
  lib0::encoder out;
  out.write_var_string(guid);
  out.write_bytes(any.view());
  return value{content_kind::doc, out.take()};
}

// --- attributes ---

result<attributes> attributes::json(std::string_view object, const limits& limit) {
  TROUPE_TRY(check_json(object, limit));
  lib0::encoder any;
  json::json_to_any(object, any);
  if (!is_object(any.view())) return fail(errc::invalid_json, "attributes are no object");
  attributes made;
  const members all = members_of(any.view());
  if (all.size() > count_max) return fail(errc::out_of_range, "attributes");
  for (const auto& [key, value] : all) {
    TROUPE_TRY(check_name(key, "attribute key", limit));
    made.entries_.emplace_back(std::string{key}, byte_buffer(value.begin(), value.end()));
  }
  return made;
}

byte_view attributes::find(std::string_view key) const noexcept {
  for (const auto& [name, value] : entries_)
    if (name == key) return value;
  return {};
}

byte_view attributes::find_or_null(std::string_view key) const noexcept {
  const byte_view found = find(key);
  return found.empty() ? any_null() : found;
}

void attributes::set(std::string_view key, byte_view any) {
  const auto at = std::ranges::find(entries_, key, &entry::first);
  byte_buffer bytes(any.begin(), any.end());
  if (at != entries_.end())
    at->second = std::move(bytes);
  else
    entries_.emplace_back(std::string{key}, std::move(bytes));
}

void attributes::erase(std::string_view key) {
  std::erase_if(entries_, [key](const entry& e) { return e.first == key; });
}

void attributes::apply(std::string_view key, byte_view any) {
  if (is_null(any))
    erase(key);
  else
    set(key, any);
}

void attributes::order_as_object() {
  std::ranges::stable_sort(entries_, json::is_listed_before, &entry::first);
}

std::size_t attributes::byte_size() const noexcept {
  std::size_t size = 0;
  for (const auto& [key, value] : entries_) size += key.size() + value.size();
  return size;
}

byte_view any_null() noexcept { return null_bytes; }

bool is_null(byte_view any) noexcept { return any.size() == 1 && any[0] == null_bytes[0]; }

bool is_equal_any(byte_view a, byte_view b) {
  if (std::ranges::equal(a, b)) return true;
  if (a.size() != b.size() || !is_object(a) || !is_object(b)) return false;
  members of_a = members_of(a), of_b = members_of(b);
  const auto by_key = [](const auto& m) { return m.first; };
  std::ranges::sort(of_a, {}, by_key);
  std::ranges::sort(of_b, {}, by_key);
  return std::ranges::equal(of_a, of_b, [](const auto& x, const auto& y) {
    return x.first == y.first && std::ranges::equal(x.second, y.second);
  });
}

}  // namespace troupe::crdt
