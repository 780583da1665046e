// Snapshots: their bytes, and documents read and made again as they were. The bytes come from yjs
// 13.6.33; documents at random are compared with it in tests/differential/reading.mjs.
#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::snapshot_test {

using namespace troupe::test;
using crdt::garbage_collection;
using crdt::snapshot;
using crdt::update_format;

namespace {

errc error_of(std::string_view digits, update_format format = update_format::v1) {
  const auto read = snapshot::decode(hex(digits), format);
  REQUIRE_FALSE(read.has_value());
  return read.error().code;
}

crdt::doc_settings keeping() { return {garbage_collection::off, {}}; }

}  // namespace

TEST_CASE("a snapshot has the bytes of yjs", "[crdt][snapshot]") {
  crdt::doc doc;
  must_apply(doc, hex("01 01 01 00 04 01 01 74 02 61 62 00"));
  CHECK(to_hex(doc.snapshot().encode()) == "00010102");
  must_apply(doc, hex("00 01 01 01 00 01"));
  CHECK(to_hex(doc.snapshot().encode()) == "010101000101"
                                           "0102");
  CHECK(to_hex(crdt::doc{}.snapshot().encode()) == "0000");
  // Ranges [2, 5), [16, 17), [19, 20): in v2 as distances and lengths less one.
  const auto v1 = snapshot::decode(hex("01 01 03 02 03 10 01 13 01 01 01 22"));
  const auto v2 = snapshot::decode(hex("01 01 03 02 02 0b 00 02 00 01 01 22"), update_format::v2);
  REQUIRE(v1);
  REQUIRE(v2);
  CHECK(*v1 == *v2);
  CHECK(to_hex(v2->encode()) == "01010302031001130101"
                                "0122");
  CHECK(to_hex(v1->encode(update_format::v2)) == "010103020"
                                                 "20b000200010122");
}

TEST_CASE("a snapshot is put in order when it is read", "[crdt][snapshot]") {
  // Clients 1, 9, 1; ranges out of order, overlapping, adjacent and empty; client 1 known twice.
  const auto read = snapshot::decode(
      hex("03 01 02 05 02 00 03  09 01 00 00  01 02 03 01 06 04  03 01 02 05 07 01 04"));
  REQUIRE(read);
  CHECK(to_hex(read->encode()) == "0101020004050502"
                                  "0507"
                                  "0104");
  CHECK(read->deleted.covers(1, {5, 5}));
  CHECK_FALSE(read->deleted.covers(1, {3, 3}));
  CHECK_FALSE(read->deleted.covers(1, {4, 1}));
  CHECK_FALSE(read->deleted.covers(9, {0, 1}));
}

TEST_CASE("bytes that are no snapshot are refused", "[crdt][snapshot]") {
  CHECK(error_of("") == errc::truncated);
  CHECK(error_of("00") == errc::truncated);
  CHECK(error_of("01 01 01 00") == errc::truncated);
  CHECK(error_of("ff ff ff ff 0f") == errc::truncated);
  CHECK(error_of("01 01 ff ff ff ff 0f 00 00") == errc::truncated);
  CHECK(error_of("00 00 00") == errc::trailing_bytes);
  CHECK(error_of("01 01 01 01 ff ff ff ff 0f 00") == errc::number_too_large);
  CHECK(error_of("01 01 02 ff ff ff ff 0e 00 ff ff ff ff 0f 00 00", update_format::v2) ==
        errc::number_too_large);
  const auto read = snapshot::decode(hex("01 01 01 00 01 01 01"));
  REQUIRE_FALSE(read);
  CHECK(read.error().offset == 6);  // of the whole, not of the state vector
}

TEST_CASE("a document is read as it was, cut within its runs", "[crdt][snapshot]") {
  crdt::doc doc{keeping()};
  must_apply(doc,
             update_builder{}.client(1).text(in_root("t"), "ab").numbers(in_root("m", "k"), {1}));
  const snapshot before = doc.snapshot();
  // Typed on in the middle of a run to be, over the pair, and the value replaced twice.
  must_apply(doc, update_builder{}
                      .client(1, 3)
                      .text(after({1, 1}), "c😀d")
                      .numbers(after_value({1, 2}), {2})
                      .numbers(after_value({1, 7}), {3}));
  const snapshot later = doc.snapshot();
  must_apply(doc, update_builder{}.erase(1, 1, 1).erase(1, 3, 1).erase(1, 8, 1));
  const std::string now = state_of(doc);

  CHECK(doc.text("t") == "a😀d");
  CHECK(doc.view_at(before).text("t") == "ab");
  CHECK(doc.view_at(later).text("t") == "abc😀d");
  CHECK(doc.map_json("m") == "{}");
  CHECK(doc.view_at(before).map_json("m") == R"({"k":1})");
  CHECK(doc.view_at(later).map_json("m") == R"({"k":3})");
  CHECK(doc.view_at(later).json() == R"({"m":{"k":3},"t":"abc😀d"})");
  CHECK(doc.view_at(before).contents("t")->length == 2);
  CHECK(doc.view_at(snapshot{}).json() == R"({"m":{},"t":""})");
  CHECK(doc.view_at(doc.snapshot()).json() == doc.json());
  CHECK(state_of(doc) == now);  // reading changes nothing

  for (const update_format format : {update_format::v1, update_format::v2}) {
    for (const snapshot& at : {before, later, doc.snapshot()}) {
      const auto update = crdt::encode_state_at(doc.contents(), at, format);
      REQUIRE(update);
      crdt::doc restored{keeping()};
      REQUIRE(restored.apply_update(*update, format));
      crdt::check_invariants(restored.contents());
      CHECK(restored.json() == doc.view_at(at).json());
      CHECK(restored.snapshot() == at);
    }
  }
}

TEST_CASE("a value that was merged with later ones is still the one known then",
          "[crdt][snapshot]") {
  crdt::doc doc{keeping()};
  must_apply(doc, update_builder{}.client(1).numbers(in_root("m", "k"), {1}));
  const snapshot before = doc.snapshot();
  must_apply(doc, update_builder{}.client(1, 1).numbers(after_value({1, 0}), {2}).erase(1, 1, 1));
  CHECK(doc.item_count() == 1);  // one run of two values, both deleted
  CHECK(doc.view_at(before).map_json("m") == R"({"k":1})");
  CHECK(doc.view_at(doc.snapshot()).map_json("m") == "{}");
}

TEST_CASE("a half of a surrogate pair shows as U+FFFD at a snapshot", "[crdt][snapshot]") {
  crdt::doc doc{keeping()};
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "a😀b"));
  const auto at = snapshot::decode(hex("01 01 01 00 01 01 01 02"));  // clock 1 of [0, 2)
  REQUIRE(at);
  CHECK(doc.view_at(*at).text("t") == "\xef\xbf\xbd");
  CHECK(doc.text("t") == "a😀b");
}

TEST_CASE("what was collected is missing at a snapshot, and the document says so",
          "[crdt][snapshot]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "abc"));
  const snapshot whole = doc.snapshot();
  must_apply(doc, update_builder{}.erase(1, 1, 1));
  CHECK(doc.view_at(whole).text("t") == "ac");
  CHECK_FALSE(crdt::is_whole_at(doc.contents(), whole));
  CHECK_FALSE(crdt::encode_state_at(doc.contents(), whole));
  // What had been deleted by then may be collected.
  CHECK(crdt::is_whole_at(doc.contents(), doc.snapshot()));
  // A snapshot of somebody who knows more is not ours to restore.
  CHECK_FALSE(crdt::is_whole_at(crdt::doc{}.contents(), whole));
  CHECK_FALSE(crdt::is_whole_at(doc.contents(), *snapshot::decode(hex("00 01 01 04"))));
}

TEST_CASE("a snapshot knows which updates are in it", "[crdt][snapshot]") {
  crdt::doc doc;
  const byte_buffer first = update_builder{}.client(1).text(in_root("t"), "abc").build();
  const byte_buffer deletion = update_builder{}.erase(1, 1, 2).build();
  must_apply(doc, first);
  const snapshot before = doc.snapshot();
  must_apply(doc, deletion);
  const snapshot after_deletion = doc.snapshot();
  CHECK(*crdt::contains_update(before, first));
  CHECK_FALSE(*crdt::contains_update(before, deletion));
  CHECK(*crdt::contains_update(after_deletion, deletion));
  CHECK_FALSE(*crdt::contains_update(snapshot{}, first));
  CHECK(*crdt::contains_update(snapshot{}, hex("00 00")));
  CHECK_FALSE(crdt::contains_update(before, hex("01")).has_value());
}

}  // namespace troupe::snapshot_test
