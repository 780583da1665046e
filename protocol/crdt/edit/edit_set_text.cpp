// Setting a whole text: what differs is removed and inserted, the rest stays with the cursors in
// it.
#include "base/text_diff.hpp"
#include "base/utf8.hpp"
#include "protocol/crdt/edit/edit.hpp"

namespace troupe::crdt {

namespace {

/// The first number above the code points: what is no character has numbers from here on.
constexpr std::uint32_t code_points_end = 0x11'0000;

/// UTF-16 units of a code point.
constexpr std::uint32_t units_of(std::uint32_t code_point) noexcept {
  return code_point >= 0x1'0000 && code_point < code_points_end ? 2 : 1;
}

/// Bytes of the character that begins so. Requires: valid UTF-8.
constexpr std::size_t size_of_character(std::uint8_t first) noexcept {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

void append_code_points(byte_view utf8, std::vector<std::uint32_t>& to) {
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t size = size_of_character(utf8[at]);
    constexpr std::uint32_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    std::uint32_t point = utf8[at] & masks[size];
    for (std::size_t i = 1; i < size; ++i) point = point << 6 | (utf8[at + i] & 0x3fu);
    to.push_back(point);
    at += size;
  }
}

/// The visible units of a sequence; each that is no character is equal to no other.
std::vector<std::uint32_t> code_points_of(const struct_store& in, chain_handle sequence) {
  std::vector<std::uint32_t> points;
  std::uint32_t others = code_points_end;
  if (sequence == none) return points;
  for (item_handle at = in.chain_at(sequence).head; at != none; at = in.at(at).right) {
    const item& current = in.at(at);
    if (!current.is_visible()) continue;
    if (current.kind() == content_kind::string)
      append_code_points(in.content_of(current), points);
    else
      for (clock_type i = 0; i < current.length; ++i) points.push_back(others++);
  }
  return points;
}

}  // namespace

result<void> doc_edit::set_text(const type_ref& in, std::string_view utf8) {
  if (!is_valid_utf8(as_bytes(utf8))) return fail(errc::invalid_utf8, "text");
  TROUPE_ASSIGN(const target of, open(in));
  const std::vector<std::uint32_t> before = code_points_of(doc_->store_, of.sequence);
  std::vector<std::uint32_t> after;
  append_code_points(as_bytes(utf8), after);
  std::size_t at_before = 0, at_byte = 0;
  std::uint32_t index = 0;
  for (const diff_run& run : diff_texts(before, after)) {
    std::uint32_t units = 0;
    if (run.what != diff_run::kind::inserted)
      for (std::size_t i = 0; i < run.size; ++i) units += units_of(before[at_before++]);
    std::size_t bytes = 0;
    if (run.what != diff_run::kind::deleted)
      for (std::size_t i = 0; i < run.size; ++i)
        bytes += size_of_character(static_cast<std::uint8_t>(utf8[at_byte + bytes]));
    if (run.what == diff_run::kind::deleted) {
      TROUPE_TRY(remove_text(in, index, units));
      continue;
    }
    const std::string_view text = utf8.substr(at_byte, bytes);
    at_byte += bytes;
    if (run.what == diff_run::kind::inserted) {
      TROUPE_TRY(insert_text(in, index, text));
      units = static_cast<std::uint32_t>(*utf16_length_if_valid(as_bytes(text)));
    }
    index += units;
  }
  return {};
}

}  // namespace troupe::crdt
