// Where structs go: positions among concurrent insertions, map entries, contents that are known in
// part, text that is cut. What waits is in doc_pending_test.cpp, what is collected in
// doc_collect_test.cpp, what is told to others in doc_change_test.cpp.
#include "protocol/crdt/doc.hpp"

#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/doc_checks.hpp"

namespace troupe::doc_test {

using namespace troupe::test;
using crdt::type_kind;

namespace {

const std::string smile = "\xF0\x9F\x98\x80";    // two UTF-16 units
const std::string replacement = "\xEF\xBF\xBD";  // U+FFFD

update_builder text_of_client(crdt::client_id client, std::string_view text) {
  return update_builder{}.client(client).text(in_root("t"), text);
}

/// A document that took in the updates in the given order.
struct filled_doc {
  crdt::doc doc;
  explicit filled_doc(const std::vector<byte_buffer>& updates) {
    for (const byte_buffer& update : updates) must_apply(doc, update);
  }
};

/// The text of root "t" after the updates, which must be the same in every order.
std::string text_in_any_order(std::vector<byte_buffer> updates) {
  std::sort(updates.begin(), updates.end());
  const filled_doc first{updates};
  const std::string text = first.doc.text("t");
  const std::string state = state_of(first.doc);
  while (std::next_permutation(updates.begin(), updates.end())) {
    const filled_doc other{updates};
    CHECK(other.doc.text("t") == text);
    CHECK(state_of(other.doc) == state);
  }
  return text;
}

}  // namespace

// --- the worked examples ---

TEST_CASE("doc is empty at first", "[crdt]") {
  const crdt::doc doc;
  CHECK(state_of(doc) == "0000");
  CHECK(doc.state_vector().empty());
  CHECK(to_hex(doc.state_vector().encode()) == "00");
  CHECK(doc.text("t").empty());
  CHECK(doc.array_json("a") == "[]");
  CHECK(doc.map_json("m") == "{}");
  CHECK(doc.item_count() == 0);
  CHECK(doc.pending_size() == 0);
}

TEST_CASE("doc takes in text and writes the same bytes", "[crdt]") {
  crdt::doc doc;
  const auto applied = must_apply(doc, hex("01 01 01 00 04 01 01 74 02 61 62 00"));
  CHECK(applied.changed);
  CHECK(applied.is_verbatim);
  CHECK_FALSE(applied.has_parked);
  CHECK(doc.text("t") == "ab");
  CHECK(state_of(doc) == "010101000401017402616200");
  CHECK(to_hex(doc.state_vector().encode()) == "010102");
}

TEST_CASE("doc collects deleted text and writes a tombstone for it", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, hex("01 01 01 00 04 01 01 74 02 61 62 00"));
  must_apply(doc, hex("00 01 01 01 00 01"));
  CHECK(doc.text("t") == "b");
  CHECK(state_of(doc) == "0102010001010174018401000162"
                         "0101010001");
}

TEST_CASE("doc without garbage collection keeps deleted text", "[crdt]") {
  crdt::doc doc{{crdt::garbage_collection::off, {}}};
  must_apply(doc, hex("01 01 01 00 04 01 01 74 02 61 62 00"));
  must_apply(doc, hex("00 01 01 01 00 01"));
  CHECK(doc.text("t") == "b");
  CHECK(state_of(doc) == "0102010004010174016184010001620101010001");
}

TEST_CASE("doc writes a map entry that replaced others as yjs does", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).numbers(in_root("m", "k"), {1}));
  must_apply(doc, update_builder{}.client(1, 1).numbers(after_value({1, 0}), {2}).erase(1, 0, 1));
  must_apply(doc, update_builder{}.client(1, 2).numbers(after_value({1, 1}), {3}).erase(1, 1, 1));
  CHECK(doc.map_json("m") == R"({"k":3})");
  CHECK(state_of(doc) == "01020100"
                         "2101016d016b02"
                         "a80101017d03"
                         "0101010002");
}

TEST_CASE("doc ignores an update that says nothing", "[crdt]") {
  crdt::doc doc;
  const auto applied = must_apply(doc, hex("00 00"));
  CHECK_FALSE(applied.changed);
  CHECK_FALSE(applied.has_parked);
  CHECK(state_of(doc) == "0000");
}

// --- positions ---

TEST_CASE("doc orders concurrent insertions at one place by client id", "[crdt]") {
  CHECK(text_in_any_order({text_of_client(3, "ccc").build(), text_of_client(1, "aaa").build(),
                           text_of_client(2, "bbb").build()}) == "aaabbbccc");
}

TEST_CASE("doc compares client ids in all their 53 bits", "[crdt]") {
  const crdt::client_id low = 5;
  const crdt::client_id high = (crdt::client_id{1} << 52) + 1;  // its lower 32 bits are below 5
  CHECK(text_in_any_order({text_of_client(high, "high").build(),
                           text_of_client(low, "low").build()}) == "lowhigh");
  crdt::doc doc;
  must_apply(doc, text_of_client((crdt::client_id{1} << 53) - 1, "x"));
  CHECK(state_of(doc) == "0101"
                         "ffffffffffffff0f"
                         "00"
                         "040101740178"
                         "00");
  CHECK(to_hex(doc.state_vector().encode()) == "01"
                                               "ffffffffffffff0f"
                                               "01");
}

TEST_CASE("doc does not interleave runs that were typed at one place", "[crdt]") {
  std::vector<byte_buffer> updates{text_of_client(9, "[]").build()};
  for (const crdt::client_id client : {1u, 2u}) {
    updates.push_back(update_builder{}
                          .client(client)
                          .text(between({9, 0}, {9, 1}), client == 1 ? "a" : "x")
                          .build());
    updates.push_back(update_builder{}
                          .client(client, 1)
                          .text(between({client, 0}, {9, 1}), client == 1 ? "bc" : "yz")
                          .build());
  }
  CHECK(text_in_any_order(updates) == "[abcxyz]");
}

TEST_CASE("doc keeps what was prepended at one place together", "[crdt]") {
  std::vector<byte_buffer> updates{text_of_client(9, "!").build()};
  for (const crdt::client_id client : {1u, 2u}) {
    updates.push_back(
        update_builder{}.client(client).text(before({9, 0}), client == 1 ? "b" : "y").build());
    updates.push_back(update_builder{}
                          .client(client, 1)
                          .text(before({client, 0}), client == 1 ? "a" : "x")
                          .build());
  }
  CHECK(text_in_any_order(updates) == "abxy!");
}

TEST_CASE("doc takes the list of the left neighbour if that of the right one differs", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).text(in_root("a"), "abc"));
  must_apply(doc, update_builder{}.client(2).text(in_root("b"), "xyz"));
  must_apply(doc, update_builder{}.client(3).text(between({1, 1}, {2, 1}), "N"));
  CHECK(doc.text("a") == "abcN");
  CHECK(doc.text("b") == "xyz");
  must_apply(doc, update_builder{}.client(0).text(between({1, 0}, {2, 1}), "M"));
  CHECK(doc.text("a") == "aMbcN");
}

TEST_CASE("doc places an item whose right neighbour is left of its left one as yjs does",
          "[crdt]") {
  SECTION("both in one item") {
    crdt::doc doc;
    must_apply(doc, text_of_client(1, "abcdef"));
    must_apply(doc, update_builder{}.client(3).text(between({1, 4}, {1, 1}), "N"));
    CHECK(doc.text("t") == "aNbcdef");
    CHECK(state_of(doc) == "0201"
                           "0300"
                           "c401040101014e"
                           "020100"
                           "0401017401618401000562"
                           "63646566"
                           "00");
  }
  SECTION("in different items") {
    crdt::doc doc;
    must_apply(doc, text_of_client(1, "ab"));
    must_apply(doc, update_builder{}.client(2).text(after({1, 1}), "cd"));
    must_apply(doc, update_builder{}.client(3).text(between({2, 0}, {1, 1}), "N"));
    CHECK(doc.text("t") == "abcdN");
  }
}

TEST_CASE("doc puts an item that names only a right neighbour in front of it", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "bc"));
  must_apply(doc, update_builder{}.client(2).text(before({1, 0}), "a"));
  CHECK(doc.text("t") == "abc");
  must_apply(doc, update_builder{}.client(3).text(before({1, 1}), "-"));
  CHECK(doc.text("t") == "ab-c");  // all from the head on are at the same place, of lower clients
}

TEST_CASE("doc splits an item at the neighbours of a new one and merges nothing of it again",
          "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "abcd"));
  CHECK(doc.item_count() == 1);
  must_apply(doc, update_builder{}.client(2).text(between({1, 1}, {1, 2}), "X"));
  CHECK(doc.text("t") == "abXcd");
  CHECK(doc.item_count() == 3);
}

TEST_CASE("doc grows the item at which somebody types", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "a"));
  std::string expected = "a";
  for (crdt::clock_type clock = 1; clock < 500; ++clock) {
    expected.push_back(static_cast<char>('a' + clock % 26));
    must_apply(
        doc, update_builder{}.client(1, clock).text(after({1, clock - 1}), expected.substr(clock)));
  }
  CHECK(doc.text("t") == expected);
  CHECK(doc.item_count() == 1);
}

TEST_CASE("doc does not merge text whose right neighbours at creation differ", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "z"));
  must_apply(doc, update_builder{}.client(2).text(before({1, 0}), "a"));
  must_apply(doc, update_builder{}.client(2, 1).text(after({2, 0}), "b"));
  must_apply(doc, update_builder{}.client(2, 2).text(between({2, 1}, {1, 0}), "c"));
  CHECK(doc.item_count() == 4);
}

// --- maps ---

TEST_CASE("doc gives a key the value of the highest client among concurrent ones", "[crdt]") {
  std::vector<byte_buffer> updates;
  for (const crdt::client_id client : {1u, 2u, 3u})
    updates.push_back(update_builder{}
                          .client(client)
                          .numbers(in_root("m", "k"), {static_cast<std::uint8_t>(client)})
                          .build());
  std::sort(updates.begin(), updates.end());
  do {
    const filled_doc filled{updates};
    CHECK(filled.doc.map_json("m") == R"({"k":3})");
    // The values that lost are deleted although no delete set says so.
    CHECK(state_of(filled.doc) == "03"
                                  "0103002801016d016b017d03"
                                  "0102002101016d016b01"
                                  "0101002101016d016b01"
                                  "020201000101010001");
  } while (std::next_permutation(updates.begin(), updates.end()));
}

TEST_CASE("doc deletes a map entry that arrives left of the current one", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(2).numbers(in_root("m", "k"), {2}));
  const auto applied = must_apply(doc, update_builder{}.client(1).numbers(in_root("m", "k"), {1}));
  CHECK(applied.changed);
  CHECK(doc.map_json("m") == R"({"k":2})");
}

TEST_CASE("doc deletes the value that a new one replaces", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(5).text(in_root("m", "k"), "old"));
  must_apply(doc, update_builder{}.client(1).numbers(after_value({5, 2}), {7}));
  CHECK(doc.map_json("m") == R"({"k":7})");
  CHECK(state_of(doc) == "02"
                         "0105002101016d016b03"
                         "010100a80502017d07"
                         "0105010003");
}

TEST_CASE("doc has no value for a key whose last value was deleted", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .numbers(in_root("m", "gone"), {1})
                      .numbers(in_root("m", "kept"), {2})
                      .erase(1, 0, 1));
  CHECK(doc.map_json("m") == R"({"kept":2})");
  must_apply(doc, update_builder{}.client(2).numbers(after_value({1, 0}), {3}));
  CHECK(doc.map_json("m") == R"({"gone":3,"kept":2})");
}

TEST_CASE("doc reads the last element of a run as the value of a key", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).numbers(in_root("m", "k"), {1, 2, 3}));
  CHECK(doc.map_json("m") == R"({"k":3})");
}

TEST_CASE("doc cuts a run under a key where somebody inserts into it", "[crdt]") {
  // No editor writes this, but yjs takes it: the left part is neither the entry nor deleted.
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).numbers(in_root("m", "k"), {1, 2}));
  SECTION("behind the rest of the run") {
    must_apply(doc, update_builder{}.client(2).numbers(after_value({1, 0}), {3}));
    CHECK(doc.map_json("m") == R"({"k":3})");
    CHECK(state_of(doc) == "02"
                           "010200a80100017d03"
                           "020100"
                           "2801016d016b017d01"
                           "a1010001"
                           "0101010101");
  }
  SECTION("in front of it") {
    must_apply(doc, update_builder{}.client(0).numbers(after_value({1, 0}), {3}));
    CHECK(doc.map_json("m") == R"({"k":2})");
    CHECK(state_of(doc) == "02"
                           "020100"
                           "2801016d016b017d01"
                           "a80100017d02"
                           "010000a1010001"
                           "0100010001");
  }
}

TEST_CASE("doc keeps a sequence and keys in one type", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .text(in_root("t"), "text")
                      .numbers(in_root("t", "size"), {12})
                      .numbers(after({1, 3}), {1}));
  CHECK(doc.text("t") == "text");
  CHECK(doc.map_json("t") == R"({"size":12})");
  CHECK(doc.array_json("t") == R"(["t","e","x","t",1])");
}

// --- contents as JSON ---

TEST_CASE("doc writes nested types and every content as JSON", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .type(in_root("a"), type_kind::map)                       // (1, 0)
                      .numbers(in_type({1, 0}, "n"), {5})                       // (1, 1)
                      .type(in_type({1, 0}, "list"), type_kind::array)          // (1, 2)
                      .numbers(in_type({1, 2}), {1, 2})                         // (1, 3..4)
                      .type(after({1, 0}), type_kind::text)                     // (1, 5)
                      .text(in_type({1, 5}), "a\"b")                            // (1, 6..8)
                      .format(after({1, 8}), "bold", "true")                    // (1, 9)
                      .json(after({1, 5}), {"{\"x\":[1]}", "undefined"})        // (1, 10..11)
                      .binary(after({1, 11}), hex("ff00"))                      // (1, 12)
                      .embed(after({1, 12}), "{\"image\":\"a.png\"}")           // (1, 13)
                      .subdocument(after({1, 13}), "guid", hex("76 00"))        // (1, 14)
                      .any(after({1, 14}), 1, hex("76 01 0161 75 02 78 7e")));  // (1, 15)
  CHECK(doc.array_json("a") == R"([{"list":[1,2],"n":5},"a\"b",{"x":[1]},null,"/wA=",)"
                               R"({"image":"a.png"},{"guid":"guid"},{"a":[true,null]}])");
}

TEST_CASE("doc leaves formats and embeds out of plain text", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .format(in_root("t"), "bold", "true")
                      .text(after({1, 0}), "bold")
                      .format(after({1, 4}), "bold", "null")
                      .embed(after({1, 5}), "{}")
                      .text(after({1, 6}), " plain"));
  CHECK(doc.text("t") == "bold plain");
}

// --- what is known already ---

TEST_CASE("doc takes an update twice without a change", "[crdt]") {
  crdt::doc doc;
  const byte_buffer update = update_builder{}
                                 .client(1)
                                 .text(in_root("t"), "abc")
                                 .numbers(in_root("m", "k"), {1})
                                 .erase(1, 1, 1)
                                 .build();
  must_apply(doc, update);
  const std::string before = state_of(doc);
  const auto again = must_apply(doc, update);
  CHECK_FALSE(again.changed);
  CHECK_FALSE(again.has_parked);
  CHECK(state_of(doc) == before);
}

TEST_CASE("doc takes from a struct only what it does not know", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "abc"));
  const auto applied = must_apply(doc, text_of_client(1, "abcdef"));
  CHECK(applied.changed);
  CHECK_FALSE(applied.is_verbatim);
  CHECK(doc.text("t") == "abcdef");
  CHECK(state_of(doc) == "0101010004010174"
                         "06616263646566"
                         "00");
}

TEST_CASE("doc takes the unknown end of runs of values", "[crdt]") {
  crdt::doc doc;
  must_apply(
      doc,
      update_builder{}.client(1).numbers(in_root("a"), {1, 2}).client(2).json(in_root("j"), {"1"}));
  must_apply(doc, update_builder{}
                      .client(1)
                      .numbers(in_root("a"), {1, 2, 3, 4})
                      .client(2)
                      .json(in_root("j"), {"1", "null", "\"x\""}));
  CHECK(doc.array_json("a") == "[1,2,3,4]");
  CHECK(doc.array_json("j") == "[1,null,\"x\"]");
}

TEST_CASE("doc puts the unknown end of a struct behind its known part", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "ab"));
  must_apply(doc, update_builder{}.client(2).text(after({1, 1}), "X"));
  must_apply(doc, text_of_client(1, "abcd"));
  CHECK(doc.text("t") == "abcdX");  // cd follows b by its author 1, who comes before 2
}

TEST_CASE("doc takes the unknown end of a tombstone and of a GC", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).deleted(in_root("t"), 2).client(2).gc(3));
  must_apply(doc, update_builder{}.client(1).deleted(in_root("t"), 5).client(2).gc(4));
  CHECK(clock_of(doc, 1) == 5);
  CHECK(clock_of(doc, 2) == 4);
  CHECK(state_of(doc) == "02"
                         "0102000004"
                         "010100"
                         "0101017405"
                         "02"
                         "02010004"
                         "01010005");
}

TEST_CASE("doc turns the rest of a struct into a GC if its known part is one", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).gc(2));
  must_apply(doc, text_of_client(1, "abcd"));
  CHECK(doc.text("t").empty());
  CHECK(state_of(doc) == "01"
                         "0101000004"
                         "0101010004");
}

TEST_CASE("doc takes both blocks of a client that occurs twice in one update", "[crdt]") {
  SECTION("in order") {
    crdt::doc doc;
    must_apply(doc, update_builder{}
                        .client(1)
                        .text(in_root("t"), "ab")
                        .client(2)
                        .text(in_root("u"), "x")
                        .client(1, 2)
                        .text(after({1, 1}), "cd"));
    CHECK(doc.text("t") == "abcd");
    CHECK(doc.text("u") == "x");
    CHECK(doc.pending_size() == 0);
  }
  SECTION("the later one first") {
    crdt::doc doc;
    must_apply(
        doc,
        update_builder{}.client(1, 2).text(after({1, 1}), "cd").client(1).text(in_root("t"), "ab"));
    CHECK(doc.text("t") == "abcd");
    CHECK(doc.pending_size() == 0);
  }
  SECTION("overlapping") {
    crdt::doc doc;
    must_apply(
        doc,
        update_builder{}.client(1).text(in_root("t"), "abc").client(1).text(in_root("t"), "abcde"));
    CHECK(doc.text("t") == "abcde");
    CHECK(clock_of(doc, 1) == 5);
  }
}

// --- surrogate pairs ---

TEST_CASE("doc replaces both halves of a surrogate pair into which somebody inserts", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "a" + smile + "b"));
  must_apply(doc, update_builder{}.client(2).text(between({1, 1}, {1, 2}), "X"));
  CHECK(doc.text("t") == "a" + replacement + "X" + replacement + "b");
  CHECK(clock_of(doc, 1) == 4);
  // Lengths are those of before, so that the next edit finds its place.
  must_apply(doc, update_builder{}.client(1, 4).text(after({1, 3}), "c"));
  CHECK(doc.text("t") == "a" + replacement + "X" + replacement + "bc");
}

TEST_CASE("doc replaces the half that is left when the other half is deleted", "[crdt]") {
  for (const std::uint64_t half : {1u, 2u}) {
    CAPTURE(half);
    crdt::doc doc;
    must_apply(doc, text_of_client(1, "a" + smile + "b"));
    must_apply(doc, update_builder{}.erase(1, half, 1));
    CHECK(doc.text("t") == "a" + replacement + "b");
    crdt::doc reloaded;
    must_apply(reloaded, doc.encode_state_as_update());
    CHECK(reloaded.text("t") == "a" + replacement + "b");
    CHECK(clock_of(reloaded, 1) == 4);
  }
}

TEST_CASE("doc deletes a whole surrogate pair without a trace of it", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "a" + smile + "b"));
  must_apply(doc, update_builder{}.erase(1, 1, 2));
  CHECK(doc.text("t") == "ab");
}

TEST_CASE("doc cuts a surrogate pair of which it knows one half already", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "a" + replacement));  // as somebody sent it who was cut off
  must_apply(doc, text_of_client(1, "a" + smile + "b"));
  CHECK(doc.text("t") == "a" + replacement + replacement + "b");
  CHECK(clock_of(doc, 1) == 4);
}

TEST_CASE("doc writes U+FFFD for the half of a pair that a state vector asks for", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "a" + smile + "b"));
  const auto half = crdt::state_vector::decode(hex("01 01 02"));
  REQUIRE(half);
  CHECK(to_hex(doc.encode_state_as_update(*half)) == "01010102"
                                                     "84010104efbfbd62"
                                                     "00");
  CHECK(doc.text("t") == "a" + smile + "b");
}

// --- deletions ---

TEST_CASE("doc deletes ranges that overlap, repeat, are empty or unsorted", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "0123456789"));
  must_apply(
      doc,
      update_builder{}.erase(1, 6, 3).erase(1, 1, 0).erase(1, 2, 2).erase(1, 3, 4).erase(1, 6, 1));
  CHECK(doc.text("t") == "019");
  CHECK(state_of(doc) == "0103010004010174023031"
                         "81010107"
                         "8401080139"
                         "0101010207");
}

TEST_CASE("doc steps over GCs and tombstones inside a range to delete", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .text(in_root("t"), "ab")
                      .gc(3)
                      .deleted(in_root("t"), 2)
                      .text(after({1, 1}), "cd"));
  must_apply(doc, update_builder{}.erase(1, 1, 7));
  CHECK(doc.text("t") == "ad");
}

TEST_CASE("doc deletes nothing twice", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, text_of_client(1, "abc"));
  must_apply(doc, update_builder{}.erase(1, 0, 2));
  const auto again = must_apply(doc, update_builder{}.erase(1, 0, 2));
  CHECK_FALSE(again.changed);
  CHECK_FALSE(again.has_parked);
}

}  // namespace troupe::doc_test
