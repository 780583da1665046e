// Cuts encoded contents at unit offsets: UTF-8 text at UTF-16 offsets, runs of values between
// elements.
#pragma once

#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

/// Where a UTF-16 offset falls in UTF-8 text.
struct text_cut {
  /// Bytes in front of the cut, or in front of the code point whose pair is split.
  std::size_t byte_offset = 0;
  /// The cut goes through a surrogate pair: both halves become U+FFFD.
  bool splits_pair = false;
};

/// Requires: `text` is valid UTF-8 of at least `utf16_offset` units.
text_cut find_text_cut(byte_view text, std::size_t utf16_offset) noexcept;
/// The same where the size of the whole text is known, from the nearer end.
text_cut find_text_cut(byte_view text, std::size_t utf16_offset, std::size_t utf16_size) noexcept;

/// Bytes of the first `count` values of a run of kind any or json.
/// Requires: the run was validated and has that many.
std::size_t size_of_values(content_kind kind, byte_view values, std::size_t count) noexcept;

/// Units [offset, offset + length) of the content of `whole`, as bytes. They lie in `scratch` if
/// the cut splits a surrogate pair, else in the content itself. Requires: kind string, any or json
/// for a proper slice.
byte_view slice_content(const struct_view& whole, clock_type offset, clock_type length,
                        byte_buffer& scratch);

}  // namespace troupe::crdt
