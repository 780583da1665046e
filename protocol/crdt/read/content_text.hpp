// Contents of items as text, shared by the exporters: single values as JSON or as JavaScript
// converts them to a string, and the attributes that formats give to a text. Views point into the
// arena of a store and are valid until its next change.
#pragma once

#include <map>
#include <string>

#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

/// One value: lib0 `any`, or JSON text (legacy values: or the word `undefined`).
struct value_view {
  byte_view bytes;
  bool is_any = false;
};

/// Bytes of the units [offset, offset + length) of an item's content; `scratch` as in
/// slice_content.
byte_view content_part(const struct_store& from, const item& of, clock_type offset,
                       clock_type length, byte_buffer& scratch);

/// Calls visit(value_view) for each of `count` values of kind any or json.
template <class Visit>
void for_each_value(content_kind kind, byte_view values, clock_type count, Visit visit) {
  lib0::decoder in{values};
  for (clock_type i = 0; i < count; ++i) {
    if (kind == content_kind::any)
      visit(value_view{in.skip_any(lib0::any_depth_limit), true});
    else
      visit(value_view{in.read_var_bytes(), false});
  }
}

/// Calls visit(text) for each code point of UTF-8 text.
template <class Visit>
void for_each_character(byte_view text, Visit visit) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
    visit(as_text(text.subspan(at, end - at)));
    at = end;
  }
}

/// The value of an item of kind embed.
value_view embedded_value(const struct_store& from, const item& of);

/// As JSON, of flavour lossless. JSON text is read and written again, so that it looks the same
/// whichever update format it came in.
void append_as_json(value_view value, std::string& out);

/// As `String(value)` of JavaScript: strings without quotes, arrays joined by commas, objects as
/// "[object Object]". Source: ECMA-262 ToString.
void append_as_string(value_view value, std::string& out);

/// {"guid":...} of a subdocument.
void append_subdocument_json(byte_view content, std::string& out);

/// The attributes at a place in a text: what the formats left of it say, by key.
class text_attributes {
 public:
  /// Applies an item of kind format; a value of null ends the attribute.
  void apply(const struct_store& from, const item& format);

  bool empty() const noexcept { return by_key_.empty(); }
  void clear() noexcept { by_key_.clear(); }

  /// {"key":value,...}, keys in the order of their bytes.
  void append_json(std::string& out) const;

  /// An opening tag for each attribute, sorted as JavaScript sorts, and the closing tags.
  /// Source: yjs YXmlText.toString.
  void append_tags(std::string& opening, std::string& closing) const;

 private:
  std::map<std::string_view, value_view> by_key_;
};

/// The order of JavaScript strings: by UTF-16 units. It differs from that of the bytes where
/// surrogate pairs meet U+E000 and above. Requires: valid UTF-8.
bool utf16_less(std::string_view a, std::string_view b) noexcept;

}  // namespace troupe::crdt
