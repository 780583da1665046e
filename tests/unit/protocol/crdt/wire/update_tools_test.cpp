#include "protocol/crdt/wire/update_tools.hpp"

#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/support/doc_checks.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::update_tools_test {

using crdt::update_format;
using test::after;
using test::hex;
using test::in_root;
using test::to_hex;
using test::update_builder;

namespace {

// What yjs 13.6.33 wrote for three insertions of client 5 at the end of the text "t", "one", "two"
// and "three", and then a deletion.
const std::string one = "01010500 0401 0174 036f6e65 00";
const std::string two = "01010503 84 0502 0374776f 00";
const std::string three = "01010506 84 0505 057468726565 00";
const std::string removal = "00 01 05 01 01 04";
/// mergeUpdates of the first and the third: between them a Skip of three.
const std::string with_hole = "01030500 0401 0174 036f6e65 0a03 84 0505 057468726565 00";

byte_buffer merged(const std::vector<byte_buffer>& updates,
                   update_format format = update_format::v1) {
  const std::vector<byte_view> views{updates.begin(), updates.end()};
  const auto result = crdt::merge_updates(views, format);
  if (!result) FAIL("not merged: " << to_string(result.error()));
  return *result;
}

byte_buffer converted(const byte_buffer& update, update_format from, update_format to) {
  const auto result = crdt::convert_update(update, from, to);
  REQUIRE(result.has_value());
  return *result;
}

byte_buffer to_v2(const byte_buffer& update) {
  return converted(update, update_format::v1, update_format::v2);
}

crdt::state_vector vector_of(crdt::client_id client, crdt::clock_type clock) {
  crdt::state_vector vector;
  vector.add(client, clock);
  return vector;
}

byte_buffer difference(const byte_buffer& update, const crdt::state_vector& known) {
  const auto result = crdt::diff_update(update, known);
  REQUIRE(result.has_value());
  return *result;
}

/// What a document holds that has applied the update, whatever its items came to be.
std::string effect_of(const byte_buffer& update, update_format format = update_format::v1) {
  crdt::doc doc;
  const auto applied = doc.apply_update(update, format);
  if (!applied) FAIL("rejected: " << to_string(applied.error()));
  crdt::check_invariants(doc.contents());
  return test::normal_form(doc) + (doc.pending_size() > 0 ? " and something waits" : "");
}

std::string digits(std::string_view spaced) { return to_hex(hex(spaced)); }

/// Random edits of three clients that hear of each other now and then: all updates, in the order in
/// which they were made.
std::vector<byte_buffer> random_history(unsigned seed, std::size_t size) {
  std::mt19937 random{seed};
  test::editing_client clients[] = {test::editing_client{3}, test::editing_client{200},
                                    test::editing_client{(std::uint64_t{1} << 40) + 1}};
  std::vector<byte_buffer> history;
  std::size_t heard[3] = {};
  while (history.size() < size) {
    const std::size_t who = random() % 3;
    if (random() % 3 == 0)
      for (; heard[who] < history.size(); ++heard[who])
        REQUIRE(clients[who].doc.apply_update(history[heard[who]]));
    history.push_back(clients[who].edit_randomly(random));
  }
  return history;
}

/// The first or last updates of a history, as one.
byte_buffer merged_part(const std::vector<byte_buffer>& history, std::size_t from, std::size_t to) {
  const auto first = history.begin();
  return merged(
      {first + static_cast<std::ptrdiff_t>(from), first + static_cast<std::ptrdiff_t>(to)});
}

}  // namespace

TEST_CASE("merging updates with a hole between them writes the Skip that yjs writes",
          "[crdt][update_tools]") {
  CHECK(to_hex(merged({hex(one), hex(three)})) == digits(with_hole));
  CHECK(to_hex(merged({hex(three), hex(one)})) == digits(with_hole));
  CHECK(to_hex(
            merged({to_v2(hex(one)), to_v2(hex(three)), to_v2(hex(removal))}, update_format::v2)) ==
        "0000024500010a000504000a00840d09746f6e65746872656501030501010000010300030105010103");
}

TEST_CASE("what fills a hole makes the Skip go", "[crdt][update_tools]") {
  const std::string whole = "01010500 0401 0174 0b6f6e6574776f7468726565 00";
  CHECK(to_hex(merged({hex(with_hole), hex(two)})) == digits(whole));
  CHECK(to_hex(merged({hex(two), hex(with_hole)})) == digits(whole));
  CHECK(effect_of(merged({hex(with_hole), hex(two)})) == effect_of(hex(whole)));
}

TEST_CASE("an update merged with itself, or alone, or with nothing, is itself",
          "[crdt][update_tools]") {
  for (const std::string& update : {one, three, removal, with_hole, std::string{"0000"}}) {
    CHECK(to_hex(merged({hex(update)})) == digits(update));
    CHECK(to_hex(merged({hex(update), hex(update), hex("0000")})) == digits(update));
  }
  CHECK(to_hex(merged({})) == "0000");
}

TEST_CASE("structs that overlap are cut so that every unit is there once", "[crdt][update_tools]") {
  const std::string text = "abcd0123";
  const byte_buffer whole = update_builder{}.client(1).text(in_root("t"), text).build();
  for (std::size_t end = 1; end <= text.size(); ++end)
    for (std::size_t start = 0; start <= end; ++start) {
      INFO("[0.." << end << ") and [" << start << "..8)");
      const byte_buffer a =
          update_builder{}.client(1).text(in_root("t"), text.substr(0, end)).build();
      const byte_buffer b = difference(whole, vector_of(1, static_cast<crdt::clock_type>(start)));
      CHECK(merged({a, b}) == whole);
      CHECK(merged({b, a}) == whole);
      CHECK(effect_of(merged({to_v2(b), to_v2(a)}, update_format::v2), update_format::v2) ==
            effect_of(whole));
    }
}

TEST_CASE("parts of a long text merge to all of it, in any order and number",
          "[crdt][update_tools]") {
  std::mt19937 random{11};
  std::string text;
  for (int i = 0; i < 200; ++i) text.push_back(static_cast<char>('a' + i % 26));
  const byte_buffer whole = update_builder{}.client(1).text(in_root("t"), text).build();
  for (int round = 0; round < 100; ++round) {
    std::vector<byte_buffer> parts;
    crdt::clock_type covered = 0;
    while (covered < text.size()) {
      const auto start = static_cast<crdt::clock_type>(random() % (covered + 1));
      const auto end = static_cast<crdt::clock_type>(
          std::min<std::size_t>(text.size(), covered + 1 + random() % 30));
      update_builder part;
      part.client(1, start);
      part.text(start == 0 ? in_root("t") : after({1, start - 1}), text.substr(start, end - start));
      parts.push_back(part.build());
      covered = end;
    }
    std::shuffle(parts.begin(), parts.end(), random);
    CHECK(merged(parts) == whole);
  }
}

TEST_CASE("a difference begins inside a struct, drops a Skip in front and keeps the others",
          "[crdt][update_tools]") {
  // diffUpdate of yjs, by the clock of client 5.
  const std::pair<crdt::clock_type, std::string> cases[] = {
      {0, with_hole}, {1, "01030501 84 0500 026e65 0a03 84 0505 057468726565 00"},
      {3, three},     {4, three},
      {6, three},     {8, "01010508 84 0507 03726565 00"},
      {11, "0000"},   {12, "0000"},
  };
  for (const auto& [clock, expected] : cases) {
    INFO("clock " << clock);
    CHECK(to_hex(difference(hex(with_hole), vector_of(5, clock))) == digits(expected));
  }
  CHECK(to_hex(difference(hex(with_hole), vector_of(6, 100))) == digits(with_hole));
}

TEST_CASE("a difference keeps all deletions", "[crdt][update_tools]") {
  const byte_buffer all = merged({hex(one), hex(two), hex(removal)});
  CHECK(to_hex(difference(all, vector_of(5, 100))) == digits(removal));
}

TEST_CASE("a difference that begins inside a surrogate pair has a replacement character",
          "[crdt][update_tools]") {
  const byte_buffer whole = hex("01010100 0401 0174 0661f09f988062 00");
  const byte_buffer half = difference(whole, vector_of(1, 2));
  CHECK(to_hex(half) == digits("01010102 84 0101 04efbfbd62 00"));  // diffUpdate of yjs
  CHECK(merged({whole, half}) == whole);
  CHECK(merged({half, whole}) == whole);  // what begins first is kept, as in yjs
}

TEST_CASE("values and tombstones are cut where a difference begins", "[crdt][update_tools]") {
  const byte_buffer values = update_builder{}.client(1).numbers(in_root("a"), {7, 8, 9}).build();
  CHECK(difference(values, vector_of(1, 1)) ==
        update_builder{}.client(1, 1).numbers(after({1, 0}), {8, 9}).build());
  const byte_buffer json =
      update_builder{}.client(1).json(in_root("a"), {"1", "undefined", "{}"}).build();
  CHECK(difference(json, vector_of(1, 2)) ==
        update_builder{}.client(1, 2).json(after({1, 1}), {"{}"}).build());
  const byte_buffer deleted = update_builder{}.client(1).deleted(in_root("a"), 5).build();
  CHECK(difference(deleted, vector_of(1, 3)) ==
        update_builder{}.client(1, 3).deleted(after({1, 2}), 2).build());
  CHECK(difference(update_builder{}.client(1).gc(5).build(), vector_of(1, 3)) ==
        update_builder{}.client(1, 3).gc(2).build());
}

TEST_CASE("a state vector ends at the first hole and leaves out what begins late",
          "[crdt][update_tools]") {
  CHECK(to_hex(crdt::state_vector_from_update(hex(with_hole))->encode()) == "010503");
  CHECK(to_hex(crdt::state_vector_from_update(hex(three))->encode()) == "00");
  CHECK(to_hex(crdt::state_vector_from_update(hex(removal))->encode()) == "00");
  CHECK(crdt::state_vector_from_update(to_v2(hex(with_hole)), update_format::v2).value() ==
        crdt::state_vector_from_update(hex(with_hole)).value());
}

TEST_CASE("the spans of an update reach over its holes, clients descending",
          "[crdt][update_tools]") {
  const byte_buffer update = merged({hex(one), hex(three), update_builder{}.client(1).gc(4).build(),
                                     update_builder{}.client(9, 7).gc(1).build(), hex(removal)});
  const auto spans = crdt::update_meta(update);
  REQUIRE(spans.has_value());
  REQUIRE(spans->size() == 3);
  CHECK((*spans)[0].client == 9);
  CHECK((*spans)[0].clocks == crdt::clock_range{7, 1});
  CHECK((*spans)[1].client == 5);
  CHECK((*spans)[1].clocks == crdt::clock_range{0, 11});
  CHECK((*spans)[2].client == 1);
  CHECK((*spans)[2].clocks == crdt::clock_range{0, 4});
}

TEST_CASE("a client that comes twice in an update is merged with itself", "[crdt][update_tools]") {
  const byte_buffer twice = update_builder{}
                                .client(1)
                                .text(in_root("t"), "ab")
                                .client(1, 2)
                                .text(after({1, 1}), "cd")
                                .build();
  CHECK(merged({twice}) == update_builder{}.client(1).text(in_root("t"), "abcd").build());
}

TEST_CASE("two values of a key stay two structs, of which the second deletes the first",
          "[crdt][update_tools]") {
  const byte_buffer first = update_builder{}.client(1).numbers(in_root("m", "k"), {1}).build();
  const byte_buffer second =
      update_builder{}.client(1, 1).numbers(test::after_value({1, 0}), {2}).build();
  const byte_buffer both = update_builder{}
                               .client(1)
                               .numbers(in_root("m", "k"), {1})
                               .numbers(test::after_value({1, 0}), {2})
                               .build();
  CHECK(merged({first, second}) == both);
  CHECK(merged({second, first}) == both);
  crdt::doc apart;
  test::must_apply(apart, first);
  test::must_apply(apart, second);
  CHECK(effect_of(both) == test::normal_form(apart));
  // Values of an array that follow each other become one struct.
  CHECK(merged({update_builder{}.client(1).numbers(in_root("a"), {1}).build(),
                update_builder{}.client(1, 1).numbers(after({1, 0}), {2}).build()}) ==
        update_builder{}.client(1).numbers(in_root("a"), {1, 2}).build());
}

TEST_CASE("deletions of several updates become sorted ranges", "[crdt][update_tools]") {
  const byte_buffer a = update_builder{}.erase(1, 4, 2).erase(2, 0, 1).build();
  const byte_buffer b = update_builder{}.erase(1, 0, 2).erase(1, 6, 1).erase(1, 1, 2).build();
  CHECK(to_hex(merged({a, b})) == digits("00 02 02 01 0001 01 02 0003 0403"));
}

TEST_CASE("merging has the effect of applying, in any order and grouping", "[crdt][update_tools]") {
  const unsigned seed = GENERATE(range(1u, 16u));
  INFO("seed " << seed);
  const std::vector<byte_buffer> history = random_history(seed, 60);
  crdt::doc doc;
  for (const byte_buffer& update : history) test::must_apply(doc, update);
  REQUIRE(doc.pending_size() == 0);
  const std::string expected = test::normal_form(doc);

  const byte_buffer all = merged(history);
  CHECK(effect_of(all) == expected);
  CHECK(merged({all}) == all);
  CHECK(merged({all, all}) == all);
  CHECK(effect_of(to_v2(all), update_format::v2) == expected);
  CHECK(converted(to_v2(all), update_format::v2, update_format::v1) == all);
  CHECK(crdt::state_vector_from_update(all) == doc.state_vector());

  std::mt19937 random{seed};
  std::vector<byte_buffer> shuffled = history;
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  CHECK(merged(shuffled) == all);

  const std::size_t middle = random() % history.size();
  const byte_buffer left = merged_part(shuffled, 0, middle);
  const byte_buffer right = merged_part(shuffled, middle, shuffled.size());
  CHECK(merged({left, right}) == all);
  CHECK(merged({right, left, left}) == all);
}

TEST_CASE("what a document has and the difference to it make the whole", "[crdt][update_tools]") {
  const unsigned seed = GENERATE(range(1u, 16u));
  INFO("seed " << seed);
  const std::vector<byte_buffer> history = random_history(seed, 60);
  const byte_buffer all = merged(history);
  std::mt19937 random{seed};
  for (int round = 0; round < 8; ++round) {
    const byte_buffer known = merged_part(history, 0, random() % history.size());
    const byte_buffer missing = difference(all, *crdt::state_vector_from_update(known));
    CHECK(effect_of(merged({known, missing})) == effect_of(all));
    crdt::doc doc;
    test::must_apply(doc, known);
    CHECK(crdt::state_vector_from_update(known) == doc.state_vector());
    test::must_apply(doc, missing);
    CHECK(test::normal_form(doc) == effect_of(all));
  }
  const byte_buffer nothing_new = difference(all, *crdt::state_vector_from_update(all));
  CHECK(crdt::update_meta(nothing_new)->empty());
  CHECK(difference(all, {}) == all);
}

TEST_CASE("a wrong update fails alone and among others", "[crdt][update_tools]") {
  const byte_buffer good = hex(one);
  const byte_buffer cut{good.begin(), good.end() - 1};
  const byte_view both[] = {good, cut};
  CHECK(crdt::merge_updates(both).error().code == errc::truncated);
  CHECK(crdt::diff_update(cut, {}).error().code == errc::truncated);
  CHECK(crdt::convert_update(cut, update_format::v1, update_format::v2).error().code ==
        errc::truncated);
  CHECK(crdt::state_vector_from_update(cut).error().code == errc::truncated);
  CHECK(crdt::update_meta(cut).error().code == errc::truncated);
  CHECK(crdt::merge_updates({}).value() == hex("0000"));
}

TEST_CASE("a few bytes of v2 that stand for any number of structs are bounded",
          "[crdt][update_tools]") {
  const byte_buffer empty = to_v2(hex("0000"));
  const auto merge = [&empty](const byte_buffer& update) {
    const byte_view both[] = {empty, update};
    return crdt::merge_updates(both, update_format::v2);
  };
  // yjs issue 687: mergeUpdatesV2 does not end.
  const byte_buffer endless = hex("00010000000001000100010200001602000001fdffffffff7f0000");
  CHECK_FALSE(merge(endless).has_value());
  // One client with 2^40 structs of a run of GCs that has no end.
  const auto structs = [](std::string_view count) {
    return hex("00 00 0101 00 00 0100 01 00 00 00 02 4100 01" + std::string{count} + "00 00");
  };
  const byte_buffer far_too_many = structs("808080808020");
  CHECK(merge(far_too_many).error().code == errc::number_too_large);
  CHECK_FALSE(crdt::update_meta(far_too_many, update_format::v2).has_value());
  // Of length 1 each, 60,000 are taken and become one; a million are more than so few bytes may
  // mean.
  const byte_buffer many = hex("00 00 0101 00 00 0100 0100 00 00 04 41 ded403 01 e0d403 00 00");
  const auto small = merge(many);
  if (!small) FAIL(to_string(small.error()));
  CHECK(small->size() < 32);
  CHECK(crdt::update_meta(*small, update_format::v2)->front().clocks ==
        crdt::clock_range{0, 60'000});
  const byte_buffer million = hex("00 00 0101 00 00 0100 0100 00 00 04 41 bebd3d 01 c0843d 00 00");
  CHECK(merge(million).error().code == errc::update_too_large);
}

}  // namespace troupe::update_tools_test
