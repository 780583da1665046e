#include "protocol/crdt/wire/content_slice.hpp"

#include <array>

#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

namespace {

constexpr std::array<std::uint8_t, 3> replacement_bytes{0xef, 0xbf, 0xbd};
constexpr std::size_t pair_size = 4;  // bytes of a code point that takes two UTF-16 units

std::size_t sequence_size(std::uint8_t lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : pair_size;
}

}  // namespace

text_cut find_text_cut(byte_view text, std::size_t utf16_offset) noexcept {
  std::size_t at = 0;
  for (std::size_t units = 0; units < utf16_offset;) {
    const std::size_t size = sequence_size(text[at]);
    units += size == pair_size ? 2 : 1;
    if (units > utf16_offset) return {at, true};
    at += size;
  }
  return {at, false};
}

text_cut find_text_cut(byte_view text, std::size_t utf16_offset, std::size_t utf16_size) noexcept {
  if (utf16_offset <= utf16_size / 2) return find_text_cut(text, utf16_offset);
  std::size_t at = text.size();
  for (std::size_t units = utf16_size; units > utf16_offset;) {
    std::size_t size = 1;
    while ((text[at - size] & 0xc0) == 0x80) ++size;
    units -= size == pair_size ? 2 : 1;
    at -= size;
    if (units < utf16_offset) return {at, true};
  }
  return {at, false};
}

std::size_t size_of_values(content_kind kind, byte_view values, std::size_t count) noexcept {
  lib0::decoder in{values};
  for (std::size_t i = 0; i < count; ++i) {
    if (kind == content_kind::any)
      in.skip_any(lib0::any_depth_limit);
    else
      in.read_var_bytes();
  }
  return in.offset();
}

byte_view slice_content(const struct_view& whole, clock_type offset, clock_type length,
                        byte_buffer& scratch) {
  const byte_view bytes = whole.content_bytes();
  if (offset == 0 && length == whole.length) return bytes;
  if (whole.kind == content_kind::any || whole.kind == content_kind::json) {
    const std::size_t from = size_of_values(whole.kind, bytes, offset);
    return bytes.subspan(from, size_of_values(whole.kind, bytes.subspan(from), length));
  }
  if (whole.kind != content_kind::string) return bytes;
  if (whole.is_ascii) return bytes.subspan(offset, length);
  const text_cut front = find_text_cut(bytes, offset);
  const text_cut back = find_text_cut(bytes, offset + length);
  if (!front.splits_pair && !back.splits_pair)
    return bytes.subspan(front.byte_offset, back.byte_offset - front.byte_offset);
  scratch.clear();
  const auto add = [&scratch](byte_view part) {
    const std::size_t size = scratch.size();
    scratch.resize(size + part.size());
    std::memcpy(scratch.data() + size, part.data(), part.size());
  };
  if (front.splits_pair) add(replacement_bytes);
  const std::size_t from = front.byte_offset + (front.splits_pair ? pair_size : 0);
  // A slice of one half of a pair has nothing between its cuts.
  if (from < back.byte_offset) add(bytes.subspan(from, back.byte_offset - from));
  if (back.splits_pair) add(replacement_bytes);
  return scratch;
}

}  // namespace troupe::crdt
