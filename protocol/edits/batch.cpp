#include "protocol/edits/batch.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/trim.hpp"
#include "base/utf8.hpp"
#include "protocol/edits/members.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/text.hpp"
#include "protocol/json/validate.hpp"

namespace troupe::edits {

namespace {

/// A batch, an operation and its value stand in one another.
constexpr std::size_t text_depth_max = value_depth_max + 2;

enum member : std::uint16_t {
  index_member = 1,
  length_member = 2,
  text_member = 4,
  attributes_member = 8,
  value_member = 16,
  values_member = 32,
  type_member = 64,
  name_member = 128,
  exists_member = 256,
};

struct member_row {
  std::string_view name;
  member is;
};
constexpr std::array<member_row, 9> members = {{{"index", index_member},
                                                {"length", length_member},
                                                {"text", text_member},
                                                {"attributes", attributes_member},
                                                {"value", value_member},
                                                {"values", values_member},
                                                {"type", type_member},
                                                {"name", name_member},
                                                {"exists", exists_member}}};

/// What an operation has besides its path: must have, and may have.
struct kind_row {
  std::string_view name;
  kind is;
  std::uint16_t needs;
  std::uint16_t takes = 0;
};
constexpr std::array<kind_row, 13> kinds = {
    {{"insertText", kind::insert_text, index_member | text_member, attributes_member},
     {"deleteText", kind::delete_text, index_member | length_member},
     {"formatText", kind::format_text, index_member | length_member | attributes_member},
     {"appendText", kind::append_text, text_member, attributes_member},
     {"setText", kind::set_text, text_member},
     {"insertEmbed", kind::insert_embed, index_member | value_member, attributes_member},
     {"insert", kind::insert, index_member, value_member | values_member | type_member},
     {"push", kind::push, 0, value_member | values_member | type_member},
     {"set", kind::set, value_member, type_member},
     {"delete", kind::remove, 0, length_member},
     {"setAttribute", kind::set_attribute, name_member | value_member},
     {"removeAttribute", kind::remove_attribute, name_member},
     {"test", kind::test, 0, value_member | exists_member}}};

struct type_row {
  std::string_view name;
  content_type is;
};
constexpr std::array<type_row, 5> types = {{{"map", content_type::map},
                                            {"array", content_type::array},
                                            {"text", content_type::text},
                                            {"xml", content_type::xml},
                                            {"bytes", content_type::bytes}}};

result<void> read_text(std::string_view name, std::string_view json, std::string& into) {
  std::string scratch;
  const auto text = json::string_of(json, scratch);
  if (!text) return wrong(std::string{name} + " must be a text");
  into = *text;
  return {};
}

result<void> read_count(std::string_view name, std::string_view json, std::uint32_t& into) {
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), into);
  if (error != std::errc{} || end != json.data() + json.size())
    return wrong(std::string{name} + " must be a whole number that is not negative");
  return {};
}

/// Reads the members of one operation.
class operation_reader {
 public:
  explicit operation_reader(operation& into) : into_(into) {}

  result<void> read(std::string_view json) {
    if (!json.starts_with('{')) return wrong("an edit must be an object");
    // The path first: whatever else is wrong, an error names it.
    const std::string_view path = find_member(json, "path");
    if (path.empty()) return wrong("path is missing");
    TROUPE_ASSIGN(into_.at, read_path(path));
    json::member_reader all{json};
    std::string scratch;
    while (const auto each = all.next()) {
      const std::string_view name = json::string_of(each->name, scratch).value_or("");
      if (name != "op" && name != "path") TROUPE_TRY(read_member(name, each->value));
    }
    return read_kind(find_member(json, "op"));
  }

 private:
  result<void> read_kind(std::string_view op) {
    std::string scratch;
    const auto name = json::string_of(op, scratch);
    if (!name) return wrong("op is missing, or is not a text");
    const auto row = std::ranges::find(kinds, *name, &kind_row::name);
    if (row == kinds.end()) return wrong("there is no op '" + std::string{*name} + "'");
    into_.what = row->is;
    for (const member_row& each : members) {
      const bool has = (has_ & each.is) != 0;
      if (!has && (row->needs & each.is) != 0) return wrong(std::string{each.name} + " is missing");
      if (has && ((row->needs | row->takes) & each.is) == 0)
        return wrong(std::string{row->name} + " has no " + std::string{each.name});
    }
    return check_value(*row);
  }

  /// Of those that take several forms exactly one is there.
  result<void> check_value(const kind_row& row) const {
    const bool has_value = (has_ & value_member) != 0;
    const bool has_values = (has_ & values_member) != 0;
    const bool has_exists = (has_ & exists_member) != 0;
    if ((row.takes & values_member) != 0 && has_value == has_values)
      return wrong("one of value and values must be there");
    if (row.is == kind::test && has_value == has_exists)
      return wrong("one of value and exists must be there");
    if (has_values && (has_ & type_member) != 0)
      return wrong("type goes with value, not with values");
    return {};
  }

  result<void> read_member(std::string_view name, std::string_view json) {
    const auto row = std::ranges::find(members, name, &member_row::name);
    if (row == members.end()) return wrong("there is no member '" + std::string{name} + "'");
    has_ |= row->is;
    switch (row->is) {
      case index_member: return read_count(name, json, into_.index);
      case length_member: return read_count(name, json, into_.length);
      case text_member:
      case name_member: return read_text(name, json, into_.text);
      case attributes_member:
        if (!json.starts_with('{')) return wrong("attributes must be an object");
        into_.attributes = json;
        return {};
      case value_member: into_.value = json; return {};
      case values_member:
        if (!json.starts_with('[')) return wrong("values must be an array");
        into_.value = json;
        into_.has_many = true;
        return {};
      case type_member: return read_type(json);
      case exists_member:
        if (json != "true" && json != "false") return wrong("exists must be true or false");
        into_.exists = json == "true";
        return {};
    }
    return {};
  }

  result<void> read_type(std::string_view json) {
    std::string name;
    TROUPE_TRY(read_text("type", json, name));
    const auto type = find_content_type(name);
    if (!type) return wrong("type must be map, array, text, xml or bytes");
    into_.type = *type;
    return {};
  }

  operation& into_;
  std::uint16_t has_ = 0;
};

tl::unexpected<edit_error> refuse(failure why) {
  return tl::unexpected(edit_error{edit_error::no_index, {}, std::move(why)});
}

result<void> check_text(std::string_view json) {
  if (json.size() > text_bytes_max)
    return fail(errc::update_too_large,
                "the edits have more than " + std::to_string(text_bytes_max) + " bytes");
  if (!is_valid_utf8(as_bytes(json))) return fail(errc::invalid_utf8, "the edits");
  TROUPE_TRY(json::check_json(json, text_depth_max));
  return json::check_interchange(json);
}

}  // namespace

std::string_view to_string(kind what) noexcept {
  return std::ranges::find(kinds, what, &kind_row::is)->name;
}

std::optional<content_type> find_content_type(std::string_view name) noexcept {
  const auto row = std::ranges::find(types, name, &type_row::name);
  return row == types.end() ? std::nullopt : std::optional{row->is};
}

std::string to_string(const edit_error& what) {
  std::string text;
  if (what.index != edit_error::no_index) {
    text.append("edit ").append(std::to_string(what.index));
    if (!what.path.empty()) text.append(" at ").append(what.path);
    text.append(": ");
  }
  return text + explain(what.why);
}

tl::expected<batch, edit_error> batch::parse(std::string_view json) {
  if (auto good = check_text(json); !good) return refuse(std::move(good).error());
  batch read;
  read.text_ = std::make_shared<const std::string>(json);
  const std::string_view list = trimmed(*read.text_);
  if (!list.starts_with('[')) return refuse({errc::invalid_edit, "the edits must be an array"});
  json::element_reader elements{list};
  while (const auto element = elements.next()) {
    const std::size_t index = read.operations_.size();
    if (index == operations_max)
      return refuse({errc::update_too_large,
                     "there are more than " + std::to_string(operations_max) + " edits"});
    operation& next = read.operations_.emplace_back();
    if (auto good = operation_reader{next}.read(*element); !good) {
      const bool has_path = !next.at.root.empty() || !next.at.steps.empty();
      return tl::unexpected(
          edit_error{index, has_path ? to_string(next.at) : std::string{}, good.error()});
    }
  }
  return read;
}

batch batch::of_text(std::string_view root, std::string text) {
  batch made;
  operation& one = made.operations_.emplace_back();
  one.what = kind::set_text;
  one.at.root = root;
  one.text = std::move(text);
  return made;
}

}  // namespace troupe::edits
