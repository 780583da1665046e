#include "protocol/crdt/read/content_text.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "protocol/crdt/wire/content_slice.hpp"
#include "protocol/json/convert.hpp"
#include "protocol/json/write.hpp"
#include "protocol/lib0/any.hpp"

namespace troupe::crdt {

namespace {

using lib0::any_tag;

constexpr std::string_view replacement_character = "\xef\xbf\xbd";

any_tag next_tag(const lib0::decoder& in) noexcept { return static_cast<any_tag>(*in.cursor()); }

void append_double(double value, std::string& out) {
  if (std::isnan(value))
    out.append("NaN");
  else if (std::isinf(value))
    out.append(value < 0 ? "-Infinity" : "Infinity");
  else
    json::append_number(value, out);
}

double read_float(lib0::decoder& in) {
  const bool is_single = next_tag(in) == any_tag::float32;
  in.read_uint8();
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : in.read_bytes(is_single ? 4 : 8)) bits = bits << 8 | byte;
  return is_single ? std::bit_cast<float>(static_cast<std::uint32_t>(bits))
                   : std::bit_cast<double>(bits);
}

void append_any_as_string(lib0::decoder& in, std::string& out);

void append_array_as_string(lib0::decoder& in, std::string& out) {
  in.read_uint8();
  const std::uint64_t count = in.read_var_uint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    if (i > 0) out.push_back(',');
    if (next_tag(in) == any_tag::null || next_tag(in) == any_tag::undefined)
      in.read_uint8();
    else
      append_any_as_string(in, out);
  }
}

/// Recursion goes as deep as the limit of the update that brought the value.
void append_any_as_string(lib0::decoder& in, std::string& out) {
  switch (next_tag(in)) {
    case any_tag::undefined:
      in.read_uint8();
      out.append("undefined");
      return;
    case any_tag::string:
      in.read_uint8();
      out.append(in.read_var_string("string value"));
      return;
    case any_tag::float32:
    case any_tag::float64: return append_double(read_float(in), out);
    case any_tag::array: return append_array_as_string(in, out);
    case any_tag::object:
      in.skip_any(lib0::any_depth_limit);
      out.append("[object Object]");
      return;
    case any_tag::bytes: {
      in.read_uint8();
      const byte_view bytes = in.read_var_bytes();
      for (std::size_t i = 0; i < bytes.size(); ++i)
        out.append(i > 0 ? "," : "").append(std::to_string(bytes[i]));
      return;
    }
    default: return json::any_to_json(in, json::flavour::lossless, out);  // looks the same
  }
}

/// Calls use(decoder) at the value as `any`.
template <class Use>
void with_any(value_view value, Use use) {
  if (value.is_any) {
    lib0::decoder in{value.bytes};
    return use(in);
  }
  lib0::encoder converted;
  if (as_text(value.bytes) == "undefined")
    converted.write_uint8(static_cast<std::uint8_t>(any_tag::undefined));
  else
    json::json_to_any(as_text(value.bytes), converted);
  lib0::decoder in{converted.view()};
  use(in);
}

using tag_member = std::pair<std::string, std::string>;

/// What `for (key in value)` finds, with its values as strings: members, elements, and the units of
/// a string, of which halves of a pair are U+FFFD.
std::vector<tag_member> members_of(lib0::decoder& in) {
  std::vector<tag_member> members;
  const auto add_next = [&members](std::string text) {
    members.emplace_back(std::to_string(members.size()), std::move(text));
  };
  const any_tag tag = static_cast<any_tag>(in.read_uint8());
  if (tag == any_tag::string) {
    for_each_character(as_bytes(in.read_var_string("format value")), [&](std::string_view one) {
      const bool is_pair = one.size() == 4;
      add_next(std::string{is_pair ? replacement_character : one});
      if (is_pair) add_next(std::string{replacement_character});
    });
  } else if (tag == any_tag::bytes) {
    for (const std::uint8_t byte : in.read_var_bytes()) add_next(std::to_string(byte));
  } else if (tag == any_tag::array || tag == any_tag::object) {
    const std::uint64_t count = in.read_var_uint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      if (tag == any_tag::object)
        members.emplace_back(in.read_var_string("object key"), std::string{});
      else
        add_next({});
      append_any_as_string(in, members.back().second);
    }
  }
  return members;
}

bool is_null(value_view value) noexcept {
  if (value.is_any)
    return !value.bytes.empty() && value.bytes[0] == static_cast<std::uint8_t>(any_tag::null);
  std::string_view text = as_text(value.bytes);
  text.remove_prefix(std::min(text.find_first_not_of(" \n\r\t"), text.size()));
  return text.starts_with("null");
}

}  // namespace

byte_view content_part(const struct_store& from, const item& of, clock_type offset,
                       clock_type length, byte_buffer& scratch) {
  const byte_view content = from.content_of(of);
  if (offset == 0 && length == of.length) return content;
  struct_view whole;
  whole.kind = of.kind();
  whole.length = of.length;
  whole.content = content.data();
  whole.content_size = of.content_size;
  whole.is_ascii = of.is_ascii != 0;
  return slice_content(whole, offset, length, scratch);
}

value_view embedded_value(const struct_store& from, const item& of) {
  return {from.content_of(of), of.value_is_any != 0};
}

void append_as_json(value_view value, std::string& out) {
  with_any(value, [&](lib0::decoder& in) { json::any_to_json(in, json::flavour::lossless, out); });
}

void append_as_string(value_view value, std::string& out) {
  with_any(value, [&](lib0::decoder& in) { append_any_as_string(in, out); });
}

void append_subdocument_json(byte_view content, std::string& out) {
  lib0::decoder in{content};
  out.append("{\"guid\":");
  json::append_string(in.read_var_string("guid"), out);
  out.push_back('}');
}

void text_attributes::apply(const struct_store& from, const item& format) {
  lib0::decoder in{from.content_of(format)};
  const std::string_view key = in.read_var_string("format key");
  const bool is_any = format.value_is_any != 0;
  const value_view value{is_any ? byte_view{in.cursor(), in.remaining()} : in.read_var_bytes(),
                         is_any};
  if (is_null(value))
    by_key_.erase(key);
  else
    by_key_[key] = value;
}

void text_attributes::append_json(std::string& out) const {
  out.push_back('{');
  bool is_first = true;
  for (const auto& [key, value] : by_key_) {
    if (!is_first) out.push_back(',');
    is_first = false;
    json::append_string(key, out);
    out.push_back(':');
    append_as_json(value, out);
  }
  out.push_back('}');
}

void text_attributes::append_tags(std::string& opening, std::string& closing) const {
  if (by_key_.empty()) return;
  std::vector<std::pair<std::string_view, value_view>> tags{by_key_.begin(), by_key_.end()};
  std::ranges::sort(tags, utf16_less, [](const auto& tag) { return tag.first; });
  for (const auto& [name, value] : tags) {
    std::vector<tag_member> members;
    with_any(value, [&](lib0::decoder& in) { members = members_of(in); });
    std::ranges::stable_sort(members, utf16_less, &tag_member::first);
    opening.append("<").append(name);
    for (const auto& [key, text] : members)
      opening.append(" ").append(key).append("=\"").append(text).append("\"");
    opening.push_back('>');
  }
  for (auto tag = tags.rbegin(); tag != tags.rend(); ++tag)
    closing.append("</").append(tag->first).append(">");
}

bool utf16_less(std::string_view a, std::string_view b) noexcept {
  const auto [at_a, at_b] = std::ranges::mismatch(a, b);
  if (at_a == a.end() || at_b == b.end()) return at_b != b.end();
  const auto byte_a = static_cast<unsigned char>(*at_a);
  const auto byte_b = static_cast<unsigned char>(*at_b);
  // Lead bytes EE and EF are U+E000 and above; those from F0 on are pairs, which begin with U+D8xx.
  const bool a_is_pair = byte_a >= 0xf0, b_is_pair = byte_b >= 0xf0;
  if (a_is_pair != b_is_pair && std::min(byte_a, byte_b) >= 0xee) return a_is_pair;
  return byte_a < byte_b;
}

}  // namespace troupe::crdt
