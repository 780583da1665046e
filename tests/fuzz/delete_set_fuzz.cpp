// A delete set, in either format, against a document that has something to delete: text that is cut
// anywhere, nested types, formats, map values. Input: a byte for the format, then the delete set.
#include <cstdlib>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe {

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

/// Clients 1 and 2; every clock from 0 on to 24 and 7.
byte_buffer content() {
  using namespace test;
  update_builder made;
  made.client(2)
      .text(after({1, 3}), "mno")
      .format(after({2, 2}), "bold", "true")
      .numbers(in_type({1, 12}), {1, 2, 3});
  made.client(1)
      .text(in_root("text"), "abcdefghij")
      .type(in_root("map", "array"), crdt::type_kind::array)
      .type(in_type({1, 10}), crdt::type_kind::map)
      .type(in_type({1, 11}, "inner"), crdt::type_kind::array)
      .text(in_type({1, 12}), "x\xf0\x9f\x98\x80y")
      .numbers(in_root("map", "value"), {1})
      .numbers(after_value({1, 17}), {2})
      .embed(before({1, 0}), "{}")
      .text(after({1, 9}), "klmno");
  return made.build();
}

byte_buffer framed(byte_view delete_set, crdt::update_format format) {
  const byte_buffer head = format == crdt::update_format::v1
                               ? byte_buffer{0}
                               : byte_buffer{0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
  byte_buffer update = head;
  update.insert(update.end(), delete_set.begin(), delete_set.end());
  return update;
}

}  // namespace

}  // namespace troupe

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  static const byte_buffer made = content();
  if (size == 0) return 0;
  const auto format = (data[0] & 1) == 0 ? crdt::update_format::v1 : crdt::update_format::v2;
  const byte_buffer update = framed(byte_view{data, size}.subspan(1), format);
  crdt::doc first, later;
  demand(first.apply_update(made).has_value());
  const auto vector = first.state_vector();
  const bool is_taken = first.apply_update(update, format).has_value();
  crdt::check_invariants(first.contents());
  demand(first.state_vector() == vector);
  demand(later.apply_update(update, format).has_value() == is_taken);
  demand(later.apply_update(made).has_value());
  crdt::check_invariants(later.contents());
  demand(first.text("text") == later.text("text"));
  demand(first.map_json("map") == later.map_json("map"));
  return 0;
}
