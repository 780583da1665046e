// Steps over contents where enough bytes are known to follow, for the fast paths of decoding: plain
// values and texts. What is anything else, or wrong, is left to a decoder, which names the error.
#pragma once

#include <algorithm>
#include <optional>

#include "base/utf8.hpp"
#include "protocol/crdt/wire/struct_view.hpp"
#include "protocol/lib0/any.hpp"
#include "protocol/lib0/quick_reader.hpp"

namespace troupe::crdt {

/// What can be read from where a value begins, but for a long text.
inline constexpr std::ptrdiff_t value_size_max = 48;

/// Steps over a text behind its size, and sets that; returns its length in UTF-16 units. None if it
/// goes beyond `end` or is not valid. Requires: the bytes of a short one can be read.
inline std::optional<std::size_t> skip_text(lib0::quick_reader& in, const std::uint8_t* end,
                                            std::uint32_t& size) {
  size = in.read_mostly_short();
  if (in.is_odd()) return {};
  std::optional<std::size_t> length{size};
  if (size > lib0::size_max_of_few || !lib0::is_ascii_in_few(in.at(), size)) {
    if (size > static_cast<std::size_t>(end - in.at())) return {};
    length = utf16_length_if_valid({in.at(), size});
  }
  if (length) in.skip(size);
  return length;
}

bool skip_plain_members(lib0::quick_reader& in, const std::uint8_t* end, bool has_names,
                        std::size_t depth_max);

/// Steps over one `any` value; false if it is one of bytes, nested deeper than `depth_max`, larger
/// than values mostly are, or wrong. Requires: value_size_max bytes can be read.
inline bool skip_plain_value(lib0::quick_reader& in, const std::uint8_t* end,
                             std::size_t depth_max) {
  const auto tag = static_cast<lib0::any_tag>(in.read_uint8());
  switch (tag) {
    case lib0::any_tag::undefined:
    case lib0::any_tag::null:
    case lib0::any_tag::true_value:
    case lib0::any_tag::false_value: return true;
    case lib0::any_tag::integer: return in.skip_integer();
    case lib0::any_tag::float32: return in.skip(4), true;
    case lib0::any_tag::float64:
    case lib0::any_tag::bigint: return in.skip(8), true;
    case lib0::any_tag::string: {
      std::uint32_t size = 0;
      return skip_text(in, end, size).has_value();
    }
    case lib0::any_tag::array:
    case lib0::any_tag::object:
      return depth_max > 0 &&
             skip_plain_members(in, end, tag == lib0::any_tag::object, depth_max - 1);
    default: return false;
  }
}

/// Steps over the elements of an array, or the members of an object: none is called `__proto__`.
inline bool skip_plain_members(lib0::quick_reader& in, const std::uint8_t* end, bool has_names,
                               std::size_t depth_max) {
  constexpr std::ptrdiff_t member_size_max = 2 * value_size_max;
  const std::uint32_t count = in.read_uint8();
  if (count >= 0x80) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (end - in.at() < member_size_max) return false;
    if (has_names) {
      const std::uint32_t size = in.read_uint8();
      if (size > lib0::size_max_of_few || !lib0::is_ascii_in_few(in.at(), size) ||
          as_text(byte_view{in.at(), size}) == lib0::prototype_key)
        return false;
      in.skip(size);
    }
    if (!skip_plain_value(in, end, depth_max)) return false;
  }
  return true;
}

/// Of the limits of an update those that bound contents.
struct quick_limits {
  std::size_t name_size_max;
  std::size_t depth_max;
};

/// A name of few bytes, all ASCII. Requires: the bytes of one of the longest can be read.
inline bool read_short_name(lib0::quick_reader& in, const quick_limits& limit,
                            std::string_view& name) {
  const std::uint32_t size = in.read_uint8();
  if (size > lib0::size_max_of_few || !lib0::is_ascii_in_few(in.at(), size) ||
      size > limit.name_size_max)
    return false;
  name = as_text(byte_view{in.at(), size});
  in.skip(size);
  return true;
}

inline bool read_quick_type(lib0::quick_reader& in, const quick_limits& limit, struct_view& out) {
  const std::uint8_t kind = in.read_uint8();
  if (kind > static_cast<std::uint8_t>(type_kind::xml_text)) return false;
  std::string_view name;
  out.type = static_cast<type_kind>(kind);
  const bool has_name = out.type == type_kind::xml_element || out.type == type_kind::xml_hook;
  if (has_name && !read_short_name(in, limit, name)) return false;
  if (has_name) out.content = as_bytes(name).data();
  out.content_size = static_cast<std::uint32_t>(name.size());
  out.length = 1;
  return true;
}

inline bool read_quick_text(lib0::quick_reader& in, const std::uint8_t* end, struct_view& out) {
  const auto length = skip_text(in, end, out.content_size);
  if (!length) return false;
  out.length = static_cast<std::uint32_t>(*length);
  out.content = in.at() - out.content_size;
  out.is_ascii = out.length == out.content_size;
  return out.length > 0;
}

inline bool read_quick_values(lib0::quick_reader& in, const std::uint8_t* end,
                              const quick_limits& limit, struct_view& out) {
  constexpr std::uint32_t count_max = 64;
  constexpr std::size_t depth_max = 4;
  out.length = in.read_uint8();
  if (out.length == 0 || out.length > count_max) return false;
  out.content = in.at();
  for (std::uint32_t i = 0; i < out.length; ++i)
    if (end - in.at() < value_size_max ||
        !skip_plain_value(in, end, std::min(limit.depth_max, depth_max)))
      return false;
  out.content_size = static_cast<std::uint32_t>(in.at() - out.content);
  return true;
}

/// Fills the content and the length of a struct of one of four kinds. False if it is another, or is
/// not written in the common way; then `out` must not be used.
inline bool read_quick_content(content_kind kind, lib0::quick_reader& in, const std::uint8_t* end,
                               const quick_limits& limit, struct_view& out) {
  switch (kind) {
    case content_kind::any: return read_quick_values(in, end, limit, out);
    case content_kind::string: return read_quick_text(in, end, out);
    case content_kind::type: return read_quick_type(in, limit, out);
    case content_kind::deleted:
      out.length = in.read_mostly_short();
      return out.length > 0 && !in.is_odd();
    default: return false;
  }
}

}  // namespace troupe::crdt
