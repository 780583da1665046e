#include "protocol/edits/new_content.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/edits/members.hpp"
#include "protocol/json/text.hpp"

namespace troupe::edits {

namespace {

using crdt::type_kind;
using crdt::value;

/// A value in a shared type: what it becomes, and of what.
struct typed_value {
  content_type type = content_type::plain;
  std::string_view json;
};

result<typed_value> read_typed(std::string_view json) {
  if (!json.starts_with('{')) return typed_value{content_type::plain, json};
  const std::string_view type = find_member(json, "$type");
  if (type.empty()) return typed_value{content_type::plain, json};
  std::string scratch;
  const auto name = json::string_of(type, scratch);
  const auto known = name ? find_content_type(*name) : std::nullopt;
  const std::string_view held = find_member(json, "value");
  if (!known) return wrong("$type must be map, array, text, xml or bytes");
  if (held.empty()) return wrong("an object with $type needs a value");
  return typed_value{*known, held};
}

std::uint32_t units_of(std::string_view text) {
  return static_cast<std::uint32_t>(utf16_length_if_valid(as_bytes(text)).value_or(0));
}

/// Makes shared types and fills them. Recursion goes as deep as the JSON text, which is bounded.
class writer {
 public:
  explicit writer(crdt::doc_edit& edit) : edit_(edit) {}

  result<void> write(const place& to, content_type type, std::string_view json) {
    switch (type) {
      case content_type::plain: return put(to, value::json(json, edit_.limits()));
      case content_type::bytes: return write_bytes(to, json);
      case content_type::map: return write_map(to, json);
      case content_type::array: return write_array(to, json);
      case content_type::text: return write_text(to, type_kind::text, json);
      case content_type::xml: return write_xml(to, json);
    }
    return {};
  }

 private:
  result<void> put(const place& to, const result<value>& what) {
    if (!what) return tl::unexpected(what.error());
    return to.is_key ? edit_.set(to.in, to.key, *what) : edit_.insert(to.in, to.index, {&*what, 1});
  }

  result<crdt::type_ref> put_type(const place& to, const value& type) {
    return to.is_key ? edit_.set_type(to.in, to.key, type)
                     : edit_.insert_type(to.in, to.index, type);
  }

  result<void> write_bytes(const place& to, std::string_view json) {
    std::string scratch;
    const auto text = json::string_of(json, scratch);
    const auto bytes = decode_base64(text.value_or("?"));
    if (!bytes) return wrong("the value of type bytes must be base64");
    return put(to, value::binary(*bytes));
  }

  result<void> write_map(const place& to, std::string_view json) {
    if (!json.starts_with('{')) return wrong("the value of type map must be an object");
    TROUPE_ASSIGN(const crdt::type_ref made, put_type(to, value::type(type_kind::map)));
    std::string scratch;
    json::member_reader members{json};
    while (const auto each = members.next()) {
      const std::string key{json::string_of(each->name, scratch).value_or("")};
      TROUPE_ASSIGN(const typed_value held, read_typed(each->value));
      TROUPE_TRY(write({made, true, key, 0}, held.type, held.json));
    }
    return {};
  }

  result<void> write_array(const place& to, std::string_view json) {
    if (!json.starts_with('[')) return wrong("the value of type array must be an array");
    TROUPE_ASSIGN(const crdt::type_ref made, put_type(to, value::type(type_kind::array)));
    json::element_reader elements{json};
    std::uint32_t index = 0;
    while (const auto each = elements.next()) {
      TROUPE_ASSIGN(const typed_value held, read_typed(*each));
      TROUPE_TRY(write({made, false, {}, index++}, held.type, held.json));
    }
    return {};
  }

  /// Of a text, or of a list of {"insert", "attributes"}.
  result<void> write_text(const place& to, type_kind kind, std::string_view json) {
    std::string scratch;
    const auto text = json::string_of(json, scratch);
    if (!text && !json.starts_with('['))
      return wrong("the value of type text must be a text or a delta");
    TROUPE_ASSIGN(const crdt::type_ref made, put_type(to, value::type(kind)));
    return text ? edit_.insert_text(made, 0, *text) : write_delta(made, json);
  }

  result<void> write_delta(const crdt::type_ref& into, std::string_view json) {
    std::uint32_t index = 0;
    json::element_reader elements{json};
    while (const auto each = elements.next()) {
      const std::string_view insert =
          each->starts_with('{') ? find_member(*each, "insert") : std::string_view{};
      if (insert.empty()) return wrong("each part of a delta must have an insert");
      TROUPE_ASSIGN(const crdt::attributes formats,
                    read_attributes(edit_, find_member(*each, "attributes")));
      std::string scratch;
      if (const auto text = json::string_of(insert, scratch)) {
        TROUPE_TRY(edit_.insert_text(into, index, *text, formats));
        index += units_of(*text);
      } else {
        TROUPE_ASSIGN(const value embed, value::json(insert, edit_.limits()));
        TROUPE_TRY(edit_.insert_embed(into, index++, embed, formats));
      }
    }
    return {};
  }

  /// A text is an XML text, an array a fragment, an object an element.
  result<void> write_xml(const place& to, std::string_view json) {
    if (json.starts_with('"')) return write_text(to, type_kind::xml_text, json);
    if (json.starts_with('[')) {
      TROUPE_ASSIGN(const crdt::type_ref made, put_type(to, value::type(type_kind::xml_fragment)));
      return write_children(made, json);
    }
    if (!json.starts_with('{'))
      return wrong("XML must be a text, an object with a name, or an array of both");
    return write_element(to, json);
  }

  result<void> write_element(const place& to, std::string_view json) {
    std::string scratch;
    const auto name = json::string_of(find_member(json, "name"), scratch);
    if (!name || name->empty()) return wrong("an XML element needs a name");
    TROUPE_ASSIGN(const value element, value::xml_element(*name, edit_.limits()));
    TROUPE_ASSIGN(const crdt::type_ref made, put_type(to, element));
    if (const std::string_view of = find_member(json, "attributes"); !of.empty()) {
      if (!of.starts_with('{')) return wrong("attributes of an XML element must be an object");
      json::member_reader members{of};
      while (const auto each = members.next()) {
        const std::string key{json::string_of(each->name, scratch).value_or("")};
        TROUPE_TRY(put({made, true, key, 0}, value::json(each->value, edit_.limits())));
      }
    }
    const std::string_view children = find_member(json, "children");
    if (children.empty()) return {};
    if (!children.starts_with('[')) return wrong("children of an XML element must be an array");
    return write_children(made, children);
  }

  result<void> write_children(const crdt::type_ref& into, std::string_view json) {
    json::element_reader elements{json};
    std::uint32_t index = 0;
    while (const auto each = elements.next())
      TROUPE_TRY(write_xml({into, false, {}, index++}, *each));
    return {};
  }

  crdt::doc_edit& edit_;
};

result<std::vector<value>> read_values(const crdt::limits& limit, std::string_view json_array) {
  std::vector<value> values;
  json::element_reader elements{json_array};
  while (const auto each = elements.next()) {
    TROUPE_ASSIGN(value next, value::json(*each, limit));
    values.push_back(std::move(next));
  }
  return values;
}

}  // namespace

result<void> write_value(crdt::doc_edit& edit, const place& to, content_type type,
                         std::string_view json) {
  return writer{edit}.write(to, type, json);
}

result<void> insert_values(crdt::doc_edit& edit, const crdt::type_ref& into, std::uint32_t index,
                           std::string_view json_array) {
  TROUPE_ASSIGN(const std::vector<value> values, read_values(edit.limits(), json_array));
  return edit.insert(into, index, values);
}

result<void> push_values(crdt::doc_edit& edit, const crdt::type_ref& onto,
                         std::string_view json_array) {
  TROUPE_ASSIGN(const std::vector<value> values, read_values(edit.limits(), json_array));
  return edit.push(onto, values);
}

result<crdt::attributes> read_attributes(const crdt::doc_edit& edit, std::string_view json_object) {
  if (json_object.empty()) return crdt::attributes{};
  if (!json_object.starts_with('{')) return wrong("attributes must be an object");
  return crdt::attributes::json(json_object, edit.limits());
}

}  // namespace troupe::edits
