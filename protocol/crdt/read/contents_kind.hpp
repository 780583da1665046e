// What a type holds, judged by what is in it: a root carries no kind on the wire, and since yjs 14
// the kind of a nested type says little. Cost of asking: linear in the sequence of the type.
#pragma once

#include "protocol/crdt/read/visibility.hpp"

namespace troupe::crdt {

enum class contents_kind : std::uint8_t {
  empty,  ///< Nothing shows.
  text,   ///< Strings, embeds and formats, and nothing else.
  array,  ///< Values or types, and no keys.
  map,    ///< Keys, and no sequence.
  xml,    ///< XML types alone. An array of XML types looks the same.
  mixed,  ///< Keys and a sequence, or text among values: yjs 14, or a text with attributes.
};

/// "empty", "text", ...
std::string_view to_string(contents_kind kind) noexcept;

struct type_contents {
  contents_kind kind = contents_kind::empty;
  std::size_t length = 0;     ///< Units of the sequence: UTF-16 units of text, values, types.
  std::size_t key_count = 0;  ///< Keys that have a value.
};

template <class Visibility>
type_contents contents_of(const struct_store& from, const Visibility& visible, type_handle type);

/// What a type has ever held, as far as its deleted items still show it: garbage collection leaves
/// their number, and that they had a key, but not their contents.
contents_kind held_kind_of(const struct_store& from, type_handle type);

extern template type_contents contents_of(const struct_store&, const visible_now&, type_handle);
extern template type_contents contents_of(const struct_store&, const visible_at&, type_handle);

}  // namespace troupe::crdt
