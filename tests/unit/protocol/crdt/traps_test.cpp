// Traps that implementations of Yjs have fallen into, and hostile updates, as far as no other test
// has them. tests/traps.md lists every one with the test that keeps it.
#include <optional>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/wire/update_tools.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::traps_test {

using namespace troupe::test;
using crdt::update_format;

namespace {

byte_buffer as_v2(const byte_buffer& update) {
  return *crdt::convert_update(update, update_format::v1, update_format::v2);
}

/// Why a fresh document refuses the v2 update; nullopt if it takes it.
std::optional<errc> refusal_of_v2(const byte_buffer& update) {
  crdt::doc doc;
  const auto applied = doc.apply_update(update, update_format::v2);
  crdt::check_invariants(doc.contents());
  if (applied) return {};
  CHECK(state_of(doc) == "0000");
  return applied.error().code;
}

/// The state (v1) of a document that took in the v2 update.
std::string state_from_v2(const byte_buffer& update) {
  crdt::doc doc;
  const auto applied = doc.apply_update(update, update_format::v2);
  if (!applied) return to_string(applied.error());
  crdt::check_invariants(doc.contents());
  return state_of(doc);
}

/// A v2 update with the given columns, in hexadecimal digits: key clocks, clients, left clocks,
/// right clocks, info, strings, parents, types, lengths; and the rest.
byte_buffer v2_of(const std::vector<std::string>& columns, std::string_view rest) {
  lib0::encoder out;
  out.write_uint8(0);
  for (const std::string& column : columns) out.write_var_bytes(hex(column));
  out.write_bytes(hex(rest));
  return out.take();
}

/// A v2 update of client 1 with a single struct in root "t".
byte_buffer one_struct_v2(const std::string& info, const std::string& types,
                          const std::string& lengths, const std::string& content) {
  return v2_of({"", "01", "", "", info, "01 74 01", "01", types, lengths},
               "01 01 00" + content + "00");
}

byte_buffer merged(const std::vector<byte_buffer>& updates) {
  const std::vector<byte_view> views(updates.begin(), updates.end());
  return *crdt::merge_updates(views);
}

byte_buffer letters(crdt::client_id client, std::uint64_t from, std::string_view text) {
  return from == 0
             ? update_builder{}.client(client).text(in_root("t"), text).build()
             : update_builder{}.client(client, from).text(after({client, from - 1}), text).build();
}

}  // namespace

// --- hostile updates ---

TEST_CASE("every prefix of a valid v2 update is rejected without a change", "[crdt][traps]") {
  const byte_buffer whole = as_v2(update_builder{}
                                      .client(2)
                                      .text(in_root("t"), "ab")
                                      .format(after({2, 1}), "bold", "true")
                                      .numbers(in_root("a"), {1, 2})
                                      .client(1)
                                      .gc(3)
                                      .erase(2, 0, 1)
                                      .build());
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(refusal_of_v2({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
  CHECK_FALSE(refusal_of_v2(whole));
}

TEST_CASE("bytes behind a v2 update are rejected", "[crdt][traps]") {
  byte_buffer update = as_v2(letters(1, 0, "ab"));
  update.push_back(0);
  CHECK(refusal_of_v2(update) == errc::trailing_bytes);
}

TEST_CASE("a struct that refers to its own future leaves nothing of its update behind",
          "[crdt][traps]") {
  crdt::doc doc;
  check_rejected(doc, update_builder{}.client(1).text(in_root("t"), "ok").text(after({1, 9}), "no"),
                 errc::invalid_reference);
}

TEST_CASE("v2 knows the same contents, types and any tags as v1", "[crdt][traps]") {
  CHECK_FALSE(refusal_of_v2(one_struct_v2("08", "", "01", "7f")));
  CHECK(refusal_of_v2(one_struct_v2("0b", "", "", "")) == errc::unknown_content);
  CHECK(refusal_of_v2(one_struct_v2("07", "07", "", "")) == errc::unknown_type);
  CHECK(refusal_of_v2(one_struct_v2("07", "09", "", "")) == errc::unknown_type);
  CHECK(refusal_of_v2(one_struct_v2("08", "", "01", "73")) == errc::invalid_any);
}

TEST_CASE("a v2 string column that is not UTF-8 is rejected", "[crdt][traps]") {
  CHECK(refusal_of_v2(v2_of({"", "01", "", "", "04", "02 74c3 41 00", "01", "", ""},
                            "01 01 00 00")) == errc::invalid_utf8);
}

TEST_CASE("values nested 5,000 deep are rejected in both formats", "[crdt][traps]") {
  byte_buffer deep;
  for (int i = 0; i < 5000; ++i) deep.insert(deep.end(), {117, 1});
  deep.push_back(126);
  crdt::doc doc;
  check_rejected(doc, update_builder{}.client(1).any(in_root("a"), 1, deep), errc::too_deep);
  CHECK(refusal_of_v2(one_struct_v2("08", "", "01", to_hex(deep))) == errc::too_deep);
}

TEST_CASE("sixty thousand GCs in 23 bytes take the room of one", "[crdt][traps]") {
  const byte_buffer bomb =
      v2_of({"", "01", "", "", "00", "00", "", "", "41 ded403"}, "01 e0d403 00 00");
  CHECK(bomb.size() <= 23);
  crdt::doc doc;
  REQUIRE(doc.apply_update(bomb, update_format::v2));
  CHECK(clock_of(doc, 1) == 60'000);
  CHECK(doc.item_count() == 1);
}

TEST_CASE("twenty million GCs in 25 bytes are rejected", "[crdt][traps]") {
  const byte_buffer bomb =
      v2_of({"", "01", "", "", "00", "00", "", "", "41 fed9c409"}, "01 80dac409 00 00");
  CHECK(bomb.size() <= 25);
  CHECK(refusal_of_v2(bomb));
}

TEST_CASE("the update that keeps mergeUpdatesV2 busy for ever is rejected", "[crdt][traps]") {
  // yjs issue 687
  const byte_buffer bomb = hex("00010000000001000100010200001602000001fdffffffff7f0000");
  CHECK(refusal_of_v2(bomb));
  const byte_buffer empty = hex("00000000000001000000000000");
  const byte_view both[] = {empty, bomb};
  CHECK_FALSE(crdt::merge_updates(both, update_format::v2));
  CHECK_FALSE(crdt::diff_update(bomb, {}, update_format::v2));
}

TEST_CASE("a count of structs that no update can hold is rejected in v2", "[crdt][traps]") {
  CHECK(refusal_of_v2(v2_of({"", "01", "", "", "00", "00", "", "", "01"}, "01 8080808008 00 00")));
  CHECK(refusal_of_v2(v2_of({"", "01", "", "", "00", "00", "", "", "01"}, "01 8080808020 00 00")));
}

// --- format v2 ---

TEST_CASE("formats and embeds are JSON text in v1 and any in v2", "[crdt][traps]") {
  // yjs 13.6.33: "ab" in bold, then an embed {"x":1} in front
  const std::string v1 =
      "0104010006010174016204747275658401000261628601020162046e756c6c450100077b2278223a317d00";
  const byte_buffer v2 = hex("00020002024102020004010007060084008600450a057462"
                             "6162624100020101010000010400787e760101787d0100");
  CHECK(state_from_v2(v2) == v1);
  CHECK(to_hex(*crdt::convert_update(hex(v1), update_format::v1, update_format::v2)) == to_hex(v2));
}

TEST_CASE("a key of the v2 key table may be used again", "[crdt][traps]") {
  // Two formats with key number 0. yjs writes numbers 0 and 1 and the text twice.
  const byte_buffer twice =
      v2_of({"01 00", "41 00", "00", "", "06 00 86", "02 74 62 41 00", "01", "", ""},
            "01 02 00 78 7e 00");
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .format(in_root("t"), "b", "true")
                      .format(after({1, 0}), "b", "null"));
  CHECK(state_from_v2(twice) == state_of(doc));
}

TEST_CASE("legacy JSON values in v2 need no bytes behind them", "[crdt][traps]") {
  const byte_buffer v1 =
      update_builder{}.client(1).json(in_root("a"), {"1", "undefined", "\"x\"", "null"}).build();
  CHECK(state_from_v2(as_v2(v1)) == to_hex(v1));
}

TEST_CASE("a run of zeros in v2 begins with a negative zero", "[crdt][traps]") {
  // yjs 13.6.33, client 0, "ab", then "c" and "d" in front, then "e" behind "d"
  CHECK(state_from_v2(hex("000002400100020004030400440b06746162636465010201020101000001030000")) ==
        "0103000004010174026162440000016344000202646500");
}

TEST_CASE("structs behind GCs keep their clocks in v2, through many clients", "[crdt][traps]") {
  // yjs 13.6.33: three clients, each with a collected type in front of a value
  const std::string v1 = "03030300410200010003880204017d03030200410100010003880104017d0203010001010"
                         "161010003880100017d01"
                         "03030100040201000401010004";
  CHECK(
      state_from_v2(hex("00000503420141020308004802010011410000008800410000008800010000008803016101"
                        "010100090103410003410003010303007d0303007d0203007d0103030100030201000301"
                        "010003")) == v1);
  update_builder many;
  for (crdt::client_id client = 40; client > 0; --client)
    many.client(client).gc(3).text(in_root("t"), "a").skip(2).gc(1).text(in_root("t"), "b");
  crdt::doc doc;
  REQUIRE(doc.apply_update(as_v2(many.build()), update_format::v2));
  CHECK(doc.state_vector().entries().size() == 40);
  for (crdt::client_id client = 1; client <= 40; ++client) CHECK(clock_of(doc, client) == 4);
  CHECK(doc.text("t").size() == 80);
}

// --- integration ---

TEST_CASE("a parent that a higher client brings later in the update is found", "[crdt][traps]") {
  const auto update = update_builder{}
                          .client(1)
                          .text(in_type({9, 1}), "x")
                          .client(9)
                          .type(in_root("a"), crdt::type_kind::array)
                          .type(in_type({9, 0}), crdt::type_kind::text);
  crdt::doc doc, through_v2;
  CHECK_FALSE(must_apply(doc, update).has_parked);
  CHECK(doc.array_json("a") == "[[\"x\"]]");
  REQUIRE(through_v2.apply_update(as_v2(update.build()), update_format::v2));
  CHECK(state_of(through_v2) == state_of(doc));
}

TEST_CASE("structs next to the highest clock are found, split and deleted", "[crdt][traps]") {
  const std::uint64_t first = 0xffff'fffe - 6;
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).gc(first));
  must_apply(doc, update_builder{}.client(1, first).text(in_root("t"), "abcdef"));
  must_apply(doc, update_builder{}.client(2).text(between({1, first + 2}, {1, first + 3}), "-"));
  must_apply(doc, update_builder{}.erase(1, first + 4, 1));
  CHECK(doc.text("t") == "abc-df");
  CHECK(clock_of(doc, 1) == 0xffff'fffe);
}

TEST_CASE("of two contents with one id the first stays, and the second is not passed on",
          "[crdt][traps]") {
  crdt::doc doc;
  must_apply(doc, letters(1, 0, "first"));
  const std::string before = state_of(doc);
  const auto second = must_apply(doc, letters(1, 0, "other"));
  CHECK_FALSE(second.changed);
  CHECK(state_of(doc) == before);
  CHECK(to_hex(doc.encode_last_change()) == "0000");
}

TEST_CASE("an update tells whether some of it waits", "[crdt][traps]") {
  crdt::doc doc;
  CHECK(must_apply(doc, letters(1, 2, "cd")).has_parked);
  CHECK(doc.pending_size() > 0);
  CHECK_FALSE(must_apply(doc, letters(1, 0, "ab")).has_parked);
  CHECK(doc.pending_size() == 0);
  CHECK(doc.text("t") == "abcd");
}

TEST_CASE("numbers keep the form in which they came, in both formats", "[crdt][traps]") {
  // 2 as float32 and as float64, 2^53, 1 as bigint, -0, and 1 as an integer
  const byte_buffer values = hex("7c40000000 7b4000000000000000 7b4340000000000000"
                                 "7a0000000000000001 7d40 7d01");
  const byte_buffer update = update_builder{}.client(1).any(in_root("a"), 6, values).build();
  crdt::doc doc;
  must_apply(doc, update);
  CHECK(state_of(doc) == to_hex(update));
  CHECK(state_from_v2(as_v2(update)) == to_hex(update));
}

// --- tools ---

TEST_CASE("merging leaves the delete sets of its inputs as they were", "[crdt][traps]") {
  const byte_buffer first = update_builder{}.erase(1, 0, 2).build();
  const byte_buffer second = update_builder{}.erase(1, 2, 2).build();
  const byte_buffer third = update_builder{}.erase(1, 1, 1).build();
  CHECK(to_hex(merged({first, second})) == to_hex(update_builder{}.erase(1, 0, 4).build()));
  CHECK(to_hex(merged({first, third})) == to_hex(first));
  CHECK(to_hex(merged({first})) == to_hex(first));
}

TEST_CASE("merging fills the gap that an earlier merge left", "[crdt][traps]") {
  const byte_buffer a = letters(1, 0, "ab"), b = letters(1, 2, "cd"), c = letters(1, 4, "ef");
  const byte_buffer with_gap = merged({c, a});
  CHECK(to_hex(with_gap) == to_hex(update_builder{}
                                       .client(1)
                                       .text(in_root("t"), "ab")
                                       .skip(2)
                                       .text(after({1, 3}), "ef")
                                       .build()));
  CHECK(to_hex(merged({with_gap, b})) == to_hex(letters(1, 0, "abcdef")));
  CHECK(to_hex(merged({b, with_gap, with_gap})) == to_hex(letters(1, 0, "abcdef")));
}

TEST_CASE("merging updates that overlap inside of a struct loses nothing", "[crdt][traps]") {
  const byte_buffer whole = letters(1, 0, "abcd0123");
  crdt::state_vector one;
  one.add(1, 1);
  const byte_buffer tail = *crdt::diff_update(whole, one);
  CHECK(to_hex(merged({letters(1, 0, "abcd"), tail})) == to_hex(whole));
  CHECK(to_hex(merged({tail, letters(1, 0, "abcd")})) == to_hex(whole));
}

TEST_CASE("a difference that begins in a skip begins behind it", "[crdt][traps]") {
  const byte_buffer with_gap = merged({letters(1, 0, "ab"), letters(1, 4, "ef")});
  crdt::state_vector three;
  three.add(1, 3);
  CHECK(to_hex(*crdt::diff_update(with_gap, three)) == to_hex(letters(1, 4, "ef")));
}

}  // namespace troupe::traps_test
