#include "tests/hostile/hostile_case.hpp"

#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::test {

namespace {

using crdt::doc;
using crdt::type_kind;
using crdt::update_format;

constexpr std::uint64_t two_to_53 = std::uint64_t{1} << 53;

byte_buffer nested_any(std::size_t depth) {
  byte_buffer value;
  for (std::size_t i = 0; i < depth; ++i) value.insert(value.end(), {117, 1});
  value.push_back(126);
  return update_builder{}.client(1).any(in_root("t"), 1, value).build();
}

byte_buffer nested_types(std::uint64_t depth, bool is_deleted) {
  update_builder update;
  update.client(1).type(in_root("t"), type_kind::array);
  for (std::uint64_t i = 1; i < depth; ++i) update.type(in_type({1, i - 1}), type_kind::array);
  if (is_deleted) update.erase(1, 0, 1);
  return update.build();
}

byte_buffer valid() { return update_builder{}.client(1).text(in_root("t"), "ab").build(); }

byte_buffer shortened(byte_buffer bytes) {
  bytes.pop_back();
  return bytes;
}

byte_buffer followed_by(byte_buffer bytes, std::uint8_t byte) {
  bytes.push_back(byte);
  return bytes;
}

/// A block that says it has `count` structs and holds one.
byte_buffer claims_structs(std::uint64_t count) {
  lib0::encoder out;
  for (const std::uint64_t number : {std::uint64_t{1}, count, std::uint64_t{1}, std::uint64_t{0}})
    out.write_var_uint(number);
  out.write_bytes(hex("04 01 01 74 02 61 62 00"));
  return out.take();
}

byte_buffer shared_place(update_builder update) { return update.build(); }

bool has_nothing(const doc& of) { return of.item_count() == 0 && of.pending_size() == 0; }
bool waits_whole(const doc& of) { return of.item_count() == 0 && of.pending_size() > 0; }

auto text_is(std::string expected) {
  return [expected](const doc& of) { return of.text("t") == expected; };
}

using cases = std::vector<hostile_case>;

void add_framing(cases& all) {
  const auto v1 = update_format::v1;
  all.push_back({"empty buffer", v1, [] { return byte_buffer{}; }, errc::truncated, {}});
  all.push_back({"truncated", v1, [] { return shortened(valid()); }, errc::truncated, {}});
  all.push_back({"bytes behind the delete set",
                 v1,
                 [] { return followed_by(valid(), 0); },
                 errc::trailing_bytes,
                 {}});
  all.push_back(
      {"no structs in a block", v1, [] { return hex("01 00 01 00 00"); }, {}, has_nothing});
  all.push_back({"more structs claimed than there are",
                 v1,
                 [] { return claims_structs(1000); },
                 errc::truncated,
                 {}});
  all.push_back({"zero-length string, any and GC",
                 v1,
                 [] {
                   return shared_place(update_builder{}
                                           .client(1)
                                           .text(in_root("t"), "")
                                           .any(in_root("t"), 0, {})
                                           .gc(0)
                                           .text(in_root("t"), "x"));
                 },
                 {},
                 [](const doc& of) { return of.text("t") == "x" && of.item_count() == 1; }});
  all.push_back({"clocks above 2^53",
                 v1,
                 [] {
                   const std::uint64_t length = std::uint64_t{1} << 52;
                   return update_builder{}.client(1).gc(length).gc(length).gc(length).build();
                 },
                 errc::number_too_large,
                 {}});
  all.push_back({"client id 2^53",
                 v1,
                 [] { return update_builder{}.client(two_to_53).gc(1).build(); },
                 errc::number_too_large,
                 {}});
}

void add_references(cases& all) {
  const auto v1 = update_format::v1;
  for (const std::uint64_t clock : {std::uint64_t{1}, std::uint64_t{7}}) {
    const std::string whose = clock == 1 ? "own id" : "own future clock";
    const auto add = [&](const std::string& field, const item_place& at) {
      all.push_back(
          {field + " is " + whose,
           v1,
           [at] {
             return update_builder{}.client(1).text(in_root("t"), "a").text(at, "b").build();
           },
           errc::invalid_reference,
           {}});
    };
    add("origin", after({1, clock}));
    add("right origin", before({1, clock}));
    add("parent", in_type({1, clock}));
  }
  all.push_back({"two structs that depend on each other",
                 v1,
                 [] {
                   return update_builder{}
                       .client(2)
                       .text(after({1, 0}), "b")
                       .client(1)
                       .text(after({2, 0}), "a")
                       .build();
                 },
                 {},
                 waits_whole});
  all.push_back({"parent that is no type",
                 v1,
                 [] {
                   return update_builder{}
                       .client(1)
                       .text(in_root("t"), "a")
                       .text(in_type({1, 0}), "b")
                       .build();
                 },
                 {},
                 text_is("a")});
  all.push_back({"left and right in different parents",
                 v1,
                 [] {
                   return update_builder{}
                       .client(1)
                       .text(in_root("t"), "a")
                       .text(in_root("u"), "b")
                       .text(between({1, 0}, {1, 1}), "c")
                       .build();
                 },
                 {},
                 text_is("ac")});
  all.push_back({"right origin left of the origin",
                 v1,
                 [] {
                   return update_builder{}
                       .client(1)
                       .text(in_root("t"), "ab")
                       .client(2)
                       .text(between({1, 1}, {1, 0}), "c")
                       .build();
                 },
                 {},
                 text_is("abc")});
}

void add_contents(cases& all) {
  const auto v1 = update_format::v1;
  all.push_back({"unknown content",
                 v1,
                 [] { return hex("01 01 01 00 0b 01 01 74 00 00"); },
                 errc::unknown_content,
                 {}});
  all.push_back({"unknown type",
                 v1,
                 [] { return update_builder{}.client(1).type(in_root("t"), 7).build(); },
                 errc::unknown_type,
                 {}});
  all.push_back({"unknown any tag",
                 v1,
                 [] { return update_builder{}.client(1).any(in_root("t"), 1, hex("01")).build(); },
                 errc::invalid_any,
                 {}});
  all.push_back({"invalid UTF-8",
                 v1,
                 [] { return update_builder{}.client(1).text(in_root("t"), "\xc3(").build(); },
                 errc::invalid_utf8,
                 {}});
  all.push_back({"skip first",
                 v1,
                 [] { return update_builder{}.client(1).skip(3).text(in_root("t"), "a").build(); },
                 {},
                 [](const doc& of) { return of.text("t") == "a" && of.state_vector().empty(); }});
  all.push_back({"skip in the middle",
                 v1,
                 [] {
                   return update_builder{}
                       .client(1)
                       .text(in_root("t"), "a")
                       .skip(3)
                       .text(in_root("t"), "b")
                       .build();
                 },
                 {},
                 [](const doc& of) {
                   return of.text("t").size() == 2 && of.state_vector().clock_of(1) == 1;
                 }});
  all.push_back({"the same client twice",
                 v1,
                 [] {
                   return update_builder{}
                       .client(1)
                       .text(in_root("t"), "a")
                       .client(1, 1)
                       .text(after({1, 0}), "b")
                       .build();
                 },
                 {},
                 text_is("ab")});
  crdt::limits shallow;
  shallow.any_depth_max = 10;
  all.push_back(
      {"any nested 20 deep", v1, [] { return nested_any(20); }, errc::too_deep, {}, shallow});
  all.push_back({"types nested 2,000 deep",
                 v1,
                 [] { return nested_types(2'000, false); },
                 {},
                 [](const doc& of) { return of.item_count() == 2'000; }});
  all.push_back({"types nested 2,000 deep, deleted",
                 v1,
                 [] { return nested_types(2'000, true); },
                 {},
                 [](const doc& of) { return of.item_count() == 2; }});
}

}  // namespace

std::vector<hostile_case> hostile_cases() {
  cases all;
  add_framing(all);
  add_references(all);
  add_contents(all);
  for (hostile_case& bomb : bomb_cases()) all.push_back(std::move(bomb));
  return all;
}

}  // namespace troupe::test
