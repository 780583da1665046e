// What arrives before that on which it depends: structs and deletions wait, nothing is lost, and
// all of it takes its place once what it waits for is there. Holes between the clocks of a client
// are allowed, as in yjs 14.
#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/doc_checks.hpp"

namespace troupe::doc_pending_test {

using namespace troupe::test;
using crdt::type_kind;

namespace {

/// Whether all documents that get the updates in any order end in one state; returns it.
std::string state_in_any_order(std::vector<byte_buffer> updates) {
  std::string state;
  std::sort(updates.begin(), updates.end());
  do {
    crdt::doc doc;
    for (const byte_buffer& update : updates) must_apply(doc, update);
    CHECK(doc.pending_size() == 0);
    if (state.empty()) state = state_of(doc);
    CHECK(state_of(doc) == state);
  } while (std::next_permutation(updates.begin(), updates.end()));
  return state;
}

}  // namespace

TEST_CASE("a struct waits for its left neighbour", "[crdt]") {
  crdt::doc doc;
  const auto parked = must_apply(doc, update_builder{}.client(2).text(after({1, 1}), "cd"));
  CHECK_FALSE(parked.changed);
  CHECK_FALSE(parked.is_verbatim);
  CHECK(parked.has_parked);
  CHECK(doc.pending_size() > 0);
  CHECK(doc.text("t").empty());
  CHECK(doc.state_vector().empty());
  // It is part of what a store or another peer gets.
  CHECK(state_of(doc) == "01"
                         "010200"
                         "8401010263"
                         "64"
                         "00");

  const auto woken = must_apply(doc, update_builder{}.client(1).text(in_root("t"), "ab"));
  CHECK(woken.changed);
  CHECK_FALSE(woken.is_verbatim);
  CHECK_FALSE(woken.has_parked);
  CHECK(doc.text("t") == "abcd");
  CHECK(doc.pending_size() == 0);
}

TEST_CASE("a struct waits for its right neighbour", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "a"));
  CHECK(must_apply(doc, update_builder{}.client(2).text(between({1, 0}, {3, 0}), "b")).has_parked);
  CHECK(doc.text("t") == "a");
  must_apply(doc, update_builder{}.client(3).text(after({1, 0}), "c"));
  CHECK(doc.text("t") == "abc");
}

TEST_CASE("a struct waits for a right neighbour even where its parent is a root", "[crdt]") {
  crdt::doc doc;
  CHECK(must_apply(doc, update_builder{}.client(2).text(before({3, 0}), "b")).has_parked);
  must_apply(doc, update_builder{}.client(3).text(in_root("t"), "c"));
  CHECK(doc.text("t") == "bc");
}

TEST_CASE("a struct waits for its parent", "[crdt]") {
  crdt::doc doc;
  CHECK(must_apply(doc, update_builder{}.client(1).numbers(in_type({2, 0}), {1, 2})).has_parked);
  CHECK(must_apply(doc, update_builder{}.client(3).numbers(in_type({2, 0}, "k"), {3})).has_parked);
  must_apply(doc, update_builder{}.client(2).type(in_root("a"), type_kind::array));
  CHECK(doc.array_json("a") == "[[1,2]]");
  CHECK(doc.pending_size() == 0);
  CHECK(clock_of(doc, 3) == 1);
}

TEST_CASE("a struct waits for one id after the other", "[crdt]") {
  CHECK(state_in_any_order({
            update_builder{}.client(1).text(in_root("t"), "a").build(),
            update_builder{}.client(2).text(after({1, 0}), "c").build(),
            update_builder{}.client(3).text(between({1, 0}, {2, 0}), "b").build(),
            update_builder{}.client(4).text(between({3, 0}, {2, 0}), "!").build(),
        }) == "04"
              "010400"
              "c4030002000121"
              "010300"
              "c4010002000162"
              "010200"
              "8401000163"
              "010100"
              "040101740161"
              "00");
}

TEST_CASE("a chain of structs that wait for each other wakes up as a whole", "[crdt]") {
  crdt::doc doc;
  for (crdt::client_id client = 2000; client > 1; --client)
    must_apply(doc, update_builder{}.client(client).text(after({client - 1, 0}), "x"));
  CHECK(doc.text("t").empty());
  const auto woken = must_apply(doc, update_builder{}.client(1).text(in_root("t"), "x"));
  CHECK(woken.changed);
  CHECK(doc.text("t") == std::string(2000, 'x'));
  CHECK(doc.pending_size() == 0);
}

TEST_CASE("structs of one update find each other in whatever order their clients stand", "[crdt]") {
  // Chains from client to client, upward and downward, and back and forth between two.
  crdt::doc up, down, zigzag;
  update_builder ascending, descending, two;
  for (crdt::client_id client = 1; client <= 500; ++client) {
    const auto at = [&](crdt::client_id first, crdt::client_id before) {
      return client == first ? in_root("t") : after({before, 0});
    };
    ascending.client(client).text(at(500, client + 1), "x");
    descending.client(client).text(at(1, client - 1), "x");
  }
  two.client(1).text(in_root("t"), "0");
  for (std::uint64_t i = 1; i < 100; ++i) two.text(after({2, i - 1}), "0");
  two.client(2);
  for (std::uint64_t i = 0; i < 100; ++i) two.text(after({1, i}), "1");
  must_apply(up, ascending);
  must_apply(down, descending);
  CHECK_FALSE(must_apply(zigzag, two).has_parked);
  CHECK(up.text("t") == std::string(500, 'x'));
  CHECK(down.text("t") == std::string(500, 'x'));
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += "01";
  CHECK(zigzag.text("t") == expected);
}

TEST_CASE("two structs that depend on each other wait, and nothing else with them", "[crdt]") {
  crdt::doc doc;
  const auto applied = must_apply(doc, update_builder{}
                                           .client(1)
                                           .text(after({2, 0}), "a")
                                           .client(2)
                                           .text(after({1, 0}), "b")
                                           .client(3)
                                           .text(in_root("t"), "free"));
  CHECK(applied.changed);
  CHECK(applied.has_parked);
  CHECK(doc.text("t") == "free");
  CHECK(clock_of(doc, 1) == 0);
  CHECK(clock_of(doc, 2) == 0);
  CHECK(doc.pending_size() > 0);
}

TEST_CASE("a struct takes its place although earlier ones of its client are missing", "[crdt]") {
  crdt::doc doc;
  const auto applied = must_apply(doc, update_builder{}.client(1, 5).text(in_root("t"), "later"));
  CHECK(applied.changed);
  CHECK(applied.is_verbatim);
  CHECK_FALSE(applied.has_parked);
  CHECK(doc.text("t") == "later");
  CHECK(clock_of(doc, 1) == 0);  // the first clock that is missing
  CHECK(doc.state_vector().empty());
  CHECK(state_of(doc) == "01"
                         "010105"
                         "04010174"
                         "056c61746572"
                         "00");

  must_apply(doc, update_builder{}.client(1).text(in_root("u"), "first"));
  CHECK(doc.text("u") == "first");
  CHECK(clock_of(doc, 1) == 10);
}

TEST_CASE("holes fill from any side and in any order", "[crdt]") {
  std::vector<crdt::clock_type> clocks;
  for (crdt::clock_type clock = 0; clock < 300; ++clock) clocks.push_back(clock);
  std::mt19937 random{5};
  for (int round = 0; round < 5; ++round) {
    std::shuffle(clocks.begin(), clocks.end(), random);
    crdt::doc doc;
    std::vector<bool> known(301);
    for (const crdt::clock_type clock : clocks) {
      must_apply(doc, update_builder{}.client(1, clock).numbers(
                          in_root("m", "k" + std::to_string(clock)), {1}));
      known[clock] = true;
      const auto state = static_cast<crdt::clock_type>(
          std::find(known.begin(), known.end(), false) - known.begin());
      REQUIRE(clock_of(doc, 1) == state);
    }
    CHECK(doc.pending_size() == 0);
    CHECK(doc.item_count() == 300);
  }
}

TEST_CASE("a struct that covers holes and known parts fills the holes only", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1, 2).gc(2));
  must_apply(doc, update_builder{}.client(1, 7).gc(1));
  const auto applied = must_apply(doc, update_builder{}.client(1).gc(10));
  CHECK(applied.changed);
  CHECK_FALSE(applied.is_verbatim);
  CHECK(clock_of(doc, 1) == 10);
  CHECK(state_of(doc) == "01"
                         "010100000a"
                         "01"
                         "0101000a");
}

TEST_CASE("skips in an update leave holes and wait for nothing", "[crdt]") {
  crdt::doc doc;
  const auto applied = must_apply(
      doc,
      update_builder{}.client(1).skip(3).text(in_root("t"), "a").skip(2).text(in_root("u"), "b"));
  CHECK(applied.changed);
  CHECK_FALSE(applied.has_parked);
  CHECK(doc.text("t") == "a");
  CHECK(doc.text("u") == "b");
  CHECK(doc.state_vector().empty());
  CHECK(state_of(doc) == "01"
                         "030103"
                         "040101740161"
                         "0a02"
                         "040101750162"
                         "00");
}

TEST_CASE("a hole is what a state vector tells, and what is sent from there on", "[crdt]") {
  crdt::doc doc;
  must_apply(doc,
             update_builder{}.client(1).text(in_root("t"), "ab").skip(2).text(in_root("u"), "c"));
  CHECK(clock_of(doc, 1) == 2);
  const auto known = crdt::state_vector::decode(hex("01 01 02"));
  REQUIRE(known);
  CHECK(to_hex(doc.encode_state_as_update(*known)) == "01"
                                                      "010104"
                                                      "040101750163"
                                                      "00");
  const auto part = crdt::state_vector::decode(hex("01 01 01"));
  REQUIRE(part);
  CHECK(to_hex(doc.encode_state_as_update(*part)) == "01"
                                                     "030101"
                                                     "8401000162"
                                                     "0a02"
                                                     "040101750163"
                                                     "00");
}

TEST_CASE("a deletion waits for what it deletes", "[crdt]") {
  crdt::doc doc;
  const auto parked = must_apply(doc, update_builder{}.erase(1, 1, 2));
  CHECK_FALSE(parked.changed);
  CHECK(parked.has_parked);
  CHECK(doc.pending_size() > 0);
  CHECK(state_of(doc) == "00"
                         "01"
                         "01010102");
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "abcd"));
  CHECK(doc.text("t") == "ad");
  CHECK(doc.pending_size() == 0);
  CHECK(state_of(doc) == "0103010004010174016181010002840102016401"
                         "01010102");
}

TEST_CASE("a deletion waits for the part of its range that is missing", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "abc"));
  const auto applied = must_apply(doc, update_builder{}.erase(1, 1, 4));
  CHECK(applied.changed);
  CHECK(applied.has_parked);
  CHECK(doc.text("t") == "a");
  CHECK(state_of(doc).ends_with("01"
                                "01010104"));
  must_apply(doc, update_builder{}.client(1, 3).text(after({1, 2}), "d"));
  CHECK(doc.text("t") == "a");
  CHECK(doc.pending_size() > 0);
  must_apply(doc, update_builder{}.client(1, 4).text(after({1, 3}), "ef"));
  CHECK(doc.text("t") == "af");
  CHECK(doc.pending_size() == 0);
}

TEST_CASE("a deletion across holes takes what is there and waits for the rest", "[crdt]") {
  crdt::doc doc;
  must_apply(doc,
             update_builder{}.client(1, 2).text(in_root("t"), "c").skip(1).text(in_root("t"), "e"));
  must_apply(doc, update_builder{}.erase(1, 0, 5));
  CHECK(doc.text("t").empty());
  must_apply(doc, update_builder{}.client(1, 3).text(in_root("t"), "d"));
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "ab"));
  CHECK(doc.text("t").empty());
  CHECK(doc.pending_size() == 0);
  CHECK(state_of(doc).ends_with("01"
                                "01010005"));
}

TEST_CASE("a deletion of a struct that waits takes effect with it", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(2).text(after({1, 0}), "bcd"));
  must_apply(doc, update_builder{}.erase(2, 1, 1));
  CHECK(state_of(doc) == "01"
                         "010200"
                         "84010003626364"
                         "01"
                         "02010101");
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "a"));
  CHECK(doc.text("t") == "abd");
  CHECK(doc.pending_size() == 0);
}

TEST_CASE("updates with structs and deletions give one state in any order", "[crdt]") {
  const std::string state = state_in_any_order({
      update_builder{}.client(1).text(in_root("t"), "hello").build(),
      update_builder{}.client(1, 5).text(after({1, 4}), " world").erase(1, 0, 1).build(),
      update_builder{}.client(2).text(between({1, 1}, {1, 2}), "X").build(),
      update_builder{}.client(2, 1).numbers(in_root("m", "k"), {1}).erase(2, 0, 1).build(),
      update_builder{}.client(3).numbers(after_value({2, 1}), {2}).erase(1, 4, 3).build(),
  });
  crdt::doc doc;
  must_apply(doc, hex(state));
  CHECK(doc.text("t") == "ellorld");
  CHECK(doc.map_json("m") == R"({"k":2})");
}

TEST_CASE("what waits survives a restart and wakes up there", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(5).text(in_root("t"), "known"));
  must_apply(doc, update_builder{}.client(2).text(between({1, 1}, {1, 2}), "X"));
  must_apply(doc, update_builder{}.client(5, 9).numbers(in_type({3, 0}, "k"), {4}));
  must_apply(doc, update_builder{}.erase(1, 0, 1));
  crdt::doc reloaded;
  const auto applied = must_apply(reloaded, doc.encode_state_as_update());
  CHECK(applied.has_parked);
  CHECK(reloaded.pending_size() > 0);
  CHECK(state_of(reloaded) == state_of(doc));
  CHECK(reloaded.state_vector() == doc.state_vector());
  for (crdt::doc* each : {&doc, &reloaded}) {
    must_apply(*each, update_builder{}.client(1).text(in_root("u"), "abc"));
    must_apply(*each, update_builder{}.client(3).type(in_root("a"), type_kind::map));
    CHECK(each->text("u") == "bXc");
    CHECK(each->array_json("a") == R"([{"k":4}])");
    CHECK(each->pending_size() == 0);
  }
  CHECK(state_of(reloaded) == state_of(doc));
}

TEST_CASE("what waits is written between what is known, with skips where something is missing",
          "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .text(in_root("t"), "ab")
                      .text(after({9, 0}), "cd")
                      .skip(3)
                      .text(after({9, 4}), "hi")
                      .text(in_root("u"), "j"));
  CHECK(doc.text("t") == "ab");
  CHECK(doc.text("u") == "j");
  CHECK(clock_of(doc, 1) == 2);
  CHECK(state_of(doc) == "01"
                         "050100"
                         "040101740261"
                         "62"
                         "840900026364"
                         "0a03"
                         "84090402"
                         "6869"
                         "04010175016a"
                         "00");
}

TEST_CASE("a struct that waits is sent from the clock that is asked for", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(2).text(after({1, 0}), "abcd"));
  const auto part = crdt::state_vector::decode(hex("01 02 01"));
  REQUIRE(part);
  CHECK(to_hex(doc.encode_state_as_update(*part)) == "01"
                                                     "010201"
                                                     "84020003626364"
                                                     "00");
  const auto all = crdt::state_vector::decode(hex("01 02 04"));
  REQUIRE(all);
  CHECK(to_hex(doc.encode_state_as_update(*all)) == "00"
                                                    "00");
}

TEST_CASE("an update that waits already takes no more room the second time", "[crdt]") {
  crdt::doc doc;
  const byte_buffer update =
      update_builder{}.client(2).text(after({1, 0}), "abcd").erase(3, 0, 9).build();
  must_apply(doc, update);
  const std::size_t size = doc.pending_size();
  const std::string state = state_of(doc);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(must_apply(doc, update).changed);
  CHECK(doc.pending_size() == size);
  CHECK(state_of(doc) == state);
}

TEST_CASE("a waiting struct of which a part arrives otherwise adds only the rest", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(2).text(between({1, 0}, {1, 1}), "abcd"));
  // The same struct as one sees it whose peer had merged and cut it: its beginning as a tombstone.
  must_apply(doc, update_builder{}.client(2).gc(2));
  CHECK(clock_of(doc, 2) == 2);
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "<>"));
  CHECK(doc.text("t") == "<>");  // the rest of a GC is a GC
  CHECK(clock_of(doc, 2) == 4);
  CHECK(doc.pending_size() == 0);
}

}  // namespace troupe::doc_pending_test
