#include "protocol/crdt/wire/content_slice.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/utf8.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::content_slice_test {

using namespace troupe::crdt;
using test::hex;
using test::to_hex;

namespace {

struct_view view_of(content_kind kind, byte_view content, clock_type length) {
  struct_view view;
  view.kind = kind;
  view.content = content.data();
  view.content_size = static_cast<std::uint32_t>(content.size());
  view.length = length;
  view.is_ascii = kind == content_kind::string && content.size() == length;
  return view;
}

std::string text_slice(std::string_view text, clock_type offset, clock_type length) {
  const auto units = utf16_length_if_valid(as_bytes(text));
  REQUIRE(units.has_value());
  byte_buffer scratch;
  const struct_view whole =
      view_of(content_kind::string, as_bytes(text), static_cast<clock_type>(*units));
  return std::string{as_text(slice_content(whole, offset, length, scratch))};
}

const std::string replacement = "\xEF\xBF\xBD";
const std::string smile = "\xF0\x9F\x98\x80";

}  // namespace

TEST_CASE("content slice finds UTF-16 offsets in text of all widths", "[crdt]") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC" + smile + "z";  // units: 1 1 1 2 1
  const auto cut = [&](std::size_t offset) { return find_text_cut(as_bytes(text), offset); };
  CHECK(cut(0).byte_offset == 0);
  CHECK(cut(1).byte_offset == 1);
  CHECK(cut(2).byte_offset == 3);
  CHECK(cut(3).byte_offset == 6);
  CHECK_FALSE(cut(3).splits_pair);
  CHECK(cut(4).byte_offset == 6);
  CHECK(cut(4).splits_pair);
  CHECK(cut(5).byte_offset == 10);
  CHECK_FALSE(cut(5).splits_pair);
  CHECK(cut(6).byte_offset == 11);
}

TEST_CASE("content slice cuts ASCII text at byte offsets", "[crdt]") {
  CHECK(text_slice("hello", 0, 5) == "hello");
  CHECK(text_slice("hello", 1, 3) == "ell");
  CHECK(text_slice("hello", 4, 1) == "o");
}

TEST_CASE("content slice cuts other text between its characters", "[crdt]") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC" + smile + "z";
  CHECK(text_slice(text, 0, 6) == text);
  CHECK(text_slice(text, 1, 2) == "\xC3\xA9\xE2\x82\xAC");
  CHECK(text_slice(text, 3, 2) == smile);
  CHECK(text_slice(text, 5, 1) == "z");
}

TEST_CASE("content slice through a surrogate pair has U+FFFD for the half it holds", "[crdt]") {
  const std::string text = "a" + smile + "b";
  CHECK(text_slice(text, 0, 2) == "a" + replacement);
  CHECK(text_slice(text, 2, 2) == replacement + "b");
  CHECK(text_slice(text, 1, 1) == replacement);
  CHECK(text_slice(text, 2, 1) == replacement);
  CHECK(text_slice(smile + "x" + smile, 1, 3) == replacement + "x" + replacement);
  CHECK(text_slice(smile + smile, 1, 2) == replacement + replacement);
  CHECK(text_slice(smile + smile, 1, 3) == replacement + smile);
  CHECK(text_slice(smile + smile + smile, 1, 4) == replacement + smile + replacement);
}

TEST_CASE("content slice never changes the number of units", "[crdt]") {
  const std::string text = "x" + smile + smile + "\xC3\xA9" + smile;
  const clock_type units = 8;
  for (clock_type from = 0; from < units; ++from)
    for (clock_type length = 1; from + length <= units; ++length) {
      CAPTURE(from, length);
      CHECK(utf16_length_if_valid(as_bytes(text_slice(text, from, length))) == length);
    }
}

TEST_CASE("content slice measures and cuts runs of any values", "[crdt]") {
  const byte_buffer values = hex("7d01 | 7702 6869 | 75 01 7d02 | 7e | 76 01 0161 78");
  CHECK(size_of_values(content_kind::any, values, 0) == 0);
  CHECK(size_of_values(content_kind::any, values, 1) == 2);
  CHECK(size_of_values(content_kind::any, values, 2) == 6);
  CHECK(size_of_values(content_kind::any, values, 5) == values.size());
  byte_buffer scratch;
  const struct_view whole = view_of(content_kind::any, values, 5);
  CHECK(to_hex(slice_content(whole, 1, 2, scratch)) == "770268697501"
                                                       "7d02");
  CHECK(to_hex(slice_content(whole, 4, 1, scratch)) == "7601016178");
  CHECK(to_hex(slice_content(whole, 0, 5, scratch)) == to_hex(values));
}

TEST_CASE("content slice measures and cuts runs of JSON values", "[crdt]") {
  const byte_buffer values = hex("0131 | 04 6e756c6c | 09 756e646566696e6564");
  CHECK(size_of_values(content_kind::json, values, 2) == 7);
  byte_buffer scratch;
  const struct_view whole = view_of(content_kind::json, values, 3);
  CHECK(to_hex(slice_content(whole, 1, 1, scratch)) == "046e756c6c");
  CHECK(to_hex(slice_content(whole, 2, 1, scratch)) == "09756e646566696e6564");
}

TEST_CASE("content slice of a tombstone has no bytes", "[crdt]") {
  byte_buffer scratch;
  CHECK(slice_content(view_of(content_kind::deleted, {}, 10), 3, 4, scratch).empty());
}

}  // namespace troupe::content_slice_test
