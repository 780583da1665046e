#include "protocol/crdt/wire/decoded_update.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/doc_checks.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::decoded_update_test {

using namespace troupe::test;
using crdt::content_kind;
using crdt::decoded_update;
using crdt::type_kind;

namespace {

const crdt::limits default_limits;

decoded_update decoded(const byte_buffer& update) {
  decoded_update out;
  const auto outcome = crdt::decode_update(update, crdt::update_format::v1, default_limits, out);
  INFO("update " << to_hex(update));
  if (!outcome) FAIL("rejected: " << to_string(outcome.error()));
  return out;
}

/// The code with which a document that holds something rejects an update; it must stay as it was.
errc error_of(const byte_buffer& update, const crdt::limits& limit = default_limits) {
  INFO("update " << to_hex(update));
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "before").erase(1, 2, 2));
  const std::string before = state_of(doc);
  const auto applied = doc.apply_update(update);
  REQUIRE_FALSE(applied.has_value());
  REQUIRE(state_of(doc) == before);
  crdt::check_invariants(doc.contents());
  return applied.error().code;
}

errc error_of(const update_builder& update, const crdt::limits& limit = default_limits) {
  return error_of(update.build(), limit);
}

errc error_of(std::string_view digits) { return error_of(hex(digits)); }

/// `depth` arrays of one element around null, as `any`.
byte_buffer nested_any(std::size_t depth) {
  byte_buffer bytes;
  for (std::size_t i = 0; i < depth; ++i) bytes.insert(bytes.end(), {117, 1});
  bytes.push_back(126);
  return bytes;
}

const char* const golden_cases[] = {"any_values",
                                    "binary",
                                    "concurrent_edit_and_delete",
                                    "concurrent_same_place",
                                    "deleted_types",
                                    "empty",
                                    "insert_into_deleted_type",
                                    "legacy_json",
                                    "many_clients",
                                    "map_overwrite",
                                    "nested_types",
                                    "pending_deletions",
                                    "pending_other_client",
                                    "pending_structs",
                                    "subdocuments",
                                    "text_attributes",
                                    "text_delete",
                                    "text_format",
                                    "text_split_surrogates",
                                    "text_unicode",
                                    "xml"};

byte_buffer golden(const std::string& name) {
  const auto bytes = read_file(std::string{TROUPE_GOLDEN_DIR "/"} + name + ".v1.bin");
  if (!bytes) FAIL("golden file " << name << ".v1.bin is absent");
  return *bytes;
}

}  // namespace

// --- what is read ---

TEST_CASE("decode reads an empty update", "[crdt]") {
  const decoded_update empty = decoded(hex("00 00"));
  CHECK(empty.structs.empty());
  CHECK(empty.blocks.empty());
  CHECK(empty.deletes.empty());
}

TEST_CASE("decode reads text in a root", "[crdt]") {
  const byte_buffer update = hex("01 01 01 00 04 01 01 74 02 61 62 00");
  const decoded_update read = decoded(update);
  REQUIRE(read.blocks.size() == 1);
  CHECK(read.blocks[0].count == 1);
  CHECK(read.clients.id(read.blocks[0].client) == 1);
  REQUIRE(read.structs.size() == 1);
  const crdt::struct_view& text = read.structs[0];
  CHECK(text.clock == 0);
  CHECK(text.length == 2);
  CHECK(text.kind == content_kind::string);
  CHECK(text.is_ascii);
  CHECK(as_text(text.content_bytes()) == "ab");
  CHECK_FALSE(text.has_origin());
  CHECK_FALSE(text.has_right_origin());
  REQUIRE(text.parent != nullptr);
  CHECK(text.parent->is_root);
  CHECK(text.parent->name == "t");
  CHECK_FALSE(text.parent->has_key);
}

TEST_CASE("decode learns no client from what follows a number in a long form", "[crdt]") {
  const std::string text = "01 02 01 00 | 04 01 01 74 02 61 62 | c4 ";
  // The origin and the right origin of the second text: its clock, then its client, are longer
  // than needed, so that a reader of common sizes would look for the next id too early.
  for (const std::string_view ids : {"01 80 80 80 80 80 80 00 01 01", "01 80 80 80 80 00 01 01",
                                     "81 80 80 80 80 80 80 80 00 00 01 01"}) {
    INFO(ids);
    const byte_buffer update = hex(text + std::string{ids} + " 01 78 | 00");
    const decoded_update read = decoded(update);
    CHECK(read.clients.ids() == std::vector<crdt::client_id>{1});
    REQUIRE(read.structs.size() == 2);
    CHECK(read.structs[1].origin == crdt::unit_id{0, 0});
    CHECK(read.structs[1].right_origin == crdt::unit_id{0, 1});
  }
  // The same with a value, which another loop reads: behind a struct that names its parent.
  const byte_buffer value = hex("01 02 01 00 | 08 01 01 74 02 7d 01 7d 02 | "
                                "c8 01 80 80 80 80 80 80 00 01 01 01 7e | 00");
  CHECK(decoded(value).clients.ids() == std::vector<crdt::client_id>{1});
}

TEST_CASE("decode reads a tombstone, an item behind it and the delete set", "[crdt]") {
  const byte_buffer update = hex("01 02 01 00 | 01 01 01 74 01 | 84 01 00 01 62 | 01 01 01 00 01");
  const decoded_update read = decoded(update);
  REQUIRE(read.structs.size() == 2);
  CHECK(read.structs[0].kind == content_kind::deleted);
  CHECK(read.structs[0].length == 1);
  CHECK(read.structs[1].clock == 1);
  CHECK(read.structs[1].origin.clock == 0);
  CHECK(read.clients.id(read.structs[1].origin.client) == 1);
  CHECK(read.structs[1].parent == nullptr);
  REQUIRE(read.deletes.size() == 1);
  CHECK(read.clients.id(read.deletes[0].client) == 1);
  CHECK(read.deletes[0].range == crdt::clock_range{0, 1});
}

TEST_CASE("decode reads no key behind an origin although the key flag is set", "[crdt]") {
  const byte_buffer update = hex("01 02 01 00 | 21 01 01 6d 01 6b 02 | a8 01 01 01 7d 03 | 00");
  const decoded_update read = decoded(update);
  REQUIRE(read.structs.size() == 2);
  REQUIRE(read.structs[0].parent != nullptr);
  CHECK(read.structs[0].parent->name == "m");
  CHECK(read.structs[0].parent->has_key);
  CHECK(read.structs[0].parent->key == "k");
  CHECK(read.structs[0].length == 2);
  CHECK(read.structs[1].kind == content_kind::any);
  CHECK(read.structs[1].has_key);
  CHECK(read.structs[1].parent == nullptr);
  CHECK(to_hex(read.structs[1].content_bytes()) == "7d03");
}

TEST_CASE("decode reads every kind of content with its length", "[crdt]") {
  const byte_buffer update = update_builder{}
                                 .client(5, 10)
                                 .gc(3)
                                 .deleted(in_root("r"), 4)
                                 .json(after({5, 16}), {"1", "undefined", "{\"a\":[]}"})
                                 .binary(after({5, 19}), hex("00ff"))
                                 .text(after({5, 20}), "a\xF0\x9F\x98\x80")
                                 .embed(after({5, 23}), "{\"i\":1}")
                                 .format(after({5, 24}), "bold", "true")
                                 .type(after({5, 25}), type_kind::map)
                                 .element(after({5, 26}), type_kind::xml_element, "p")
                                 .numbers(after({5, 27}), {1, 2})
                                 .subdocument(after({5, 29}), "guid", hex("76 00"))
                                 .build();
  const decoded_update read = decoded(update);
  REQUIRE(read.structs.size() == 11);
  const std::vector<std::pair<crdt::clock_type, crdt::clock_type>> expected{
      {10, 3}, {13, 4}, {17, 3}, {20, 1}, {21, 3}, {24, 1},
      {25, 1}, {26, 1}, {27, 1}, {28, 2}, {30, 1}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(read.structs[i].clock == expected[i].first);
    CHECK(read.structs[i].length == expected[i].second);
    CHECK(static_cast<std::size_t>(read.structs[i].kind) == (i < 7 ? i : i == 7 ? 7 : i - 1));
  }
  CHECK(to_hex(read.structs[3].content_bytes()) == "00ff");
  CHECK_FALSE(read.structs[4].is_ascii);
  CHECK(as_text(read.structs[5].content_bytes()) == "{\"i\":1}");
  CHECK(to_hex(read.structs[6].content_bytes()) == "04626f6c64"
                                                   "0474727565");
  CHECK(read.structs[7].type == type_kind::map);
  CHECK(read.structs[8].type == type_kind::xml_element);
  CHECK(as_text(read.structs[8].content_bytes()) == "p");
  CHECK(to_hex(read.structs[9].content_bytes()) == "7d017d02");
  CHECK(to_hex(read.structs[10].content_bytes()) == "0467756964"
                                                    "7600");
}

TEST_CASE("decode reads parents given by id, and keys in them", "[crdt]") {
  const byte_buffer update = update_builder{}
                                 .client(2)
                                 .text(in_type({1, 4}), "x")
                                 .numbers(in_type({1, 5}, "key"), {1})
                                 .text(between({1, 6}, {3, 7}), "y")
                                 .build();
  const decoded_update read = decoded(update);
  REQUIRE(read.structs.size() == 3);
  CHECK_FALSE(read.structs[0].parent->is_root);
  CHECK(read.clients.id(read.structs[0].parent->owner.client) == 1);
  CHECK(read.structs[0].parent->owner.clock == 4);
  CHECK_FALSE(read.structs[0].parent->has_key);
  CHECK(read.structs[1].parent->owner.clock == 5);
  CHECK(read.structs[1].parent->key == "key");
  CHECK(read.clients.id(read.structs[2].origin.client) == 1);
  CHECK(read.structs[2].origin.clock == 6);
  CHECK(read.clients.id(read.structs[2].right_origin.client) == 3);
  CHECK(read.structs[2].right_origin.clock == 7);
}

TEST_CASE("decode leaves skips out but counts their clocks", "[crdt]") {
  const byte_buffer update =
      update_builder{}.client(1).skip(5).text(in_root("t"), "a").skip(2).gc(1).build();
  const decoded_update read = decoded(update);
  REQUIRE(read.structs.size() == 2);
  CHECK(read.structs[0].clock == 5);
  CHECK(read.structs[1].clock == 8);
  CHECK(read.structs[1].kind == content_kind::gc);
}

TEST_CASE("decode drops structs of length zero", "[crdt]") {
  const byte_buffer update = update_builder{}
                                 .client(1)
                                 .gc(0)
                                 .text(in_root("t"), "")
                                 .numbers(in_root("t"), {})
                                 .json(in_root("t"), {})
                                 .deleted(in_root("t"), 0)
                                 .text(in_root("t"), "a")
                                 .build();
  const decoded_update read = decoded(update);
  REQUIRE(read.structs.size() == 1);
  CHECK(read.structs[0].clock == 0);
  CHECK(as_text(read.structs[0].content_bytes()) == "a");
  crdt::doc doc;
  must_apply(doc, update);
  CHECK(doc.text("t") == "a");
  CHECK(state_of(doc) == "010101000401017401"
                         "61"
                         "00");
}

TEST_CASE("decode accepts blocks, delete sets and ranges that are empty", "[crdt]") {
  CHECK(decoded(hex("01 00 05 07 00")).blocks.empty());
  CHECK(decoded(hex("00 01 05 00")).deletes.empty());
  CHECK(decoded(hex("00 01 05 01 07 00")).deletes.empty());
}

TEST_CASE("decode ignores the flags of a GC", "[crdt]") {
  const byte_buffer update = hex("01 03 01 00 | e0 03 | 04 01 01 74 01 61 | 20 02 | 00");
  const decoded_update read = decoded(update);
  REQUIRE(read.structs.size() == 3);
  CHECK(read.structs[0].kind == content_kind::gc);
  CHECK(read.structs[1].clock == 3);
  CHECK(read.structs[2].kind == content_kind::gc);
  CHECK(read.structs[2].clock == 4);
  CHECK(read.structs[2].length == 2);
}

TEST_CASE("decode takes client ids of 53 bits everywhere", "[crdt]") {
  const crdt::client_id id = (crdt::client_id{1} << 53) - 1;
  const byte_buffer update = update_builder{}
                                 .client(id)
                                 .text(in_root("t"), "ab")
                                 .text(after({id, 1}), "c")
                                 .erase(id, 1, 1)
                                 .build();
  const decoded_update read = decoded(update);
  CHECK(read.clients.ids() == std::vector<crdt::client_id>{id});
}

// --- what is rejected ---

TEST_CASE("decode rejects an empty buffer", "[crdt]") { CHECK(error_of("") == errc::truncated); }

TEST_CASE("decode rejects bytes behind the delete set", "[crdt]") {
  CHECK(error_of("00 00 00") == errc::trailing_bytes);
  CHECK(error_of("01 01 01 00 04 01 01 74 02 61 62 00 01") == errc::trailing_bytes);
}

TEST_CASE("decode rejects counts that the remaining bytes cannot hold", "[crdt]") {
  CHECK(error_of("ffffffff0f 01 01 00 00 01 00") == errc::truncated);        // clients
  CHECK(error_of("01 8080808008 01 00 00 01 00") == errc::truncated);        // 2^31 structs
  CHECK(error_of("01 8080808020 01 00 00 01 00") == errc::truncated);        // 2^33 structs
  CHECK(error_of("01 ffffffffffffff0f 01 00 00 01 00") == errc::truncated);  // 2^53 - 1 structs
  CHECK(error_of("00 ffffffff0f 01 01 00 01") == errc::truncated);           // delete set clients
  CHECK(error_of("00 01 01 ffffffff0f 00 01") == errc::truncated);           // delete ranges
  CHECK(error_of("01 01 01 00 08 01 01 74 ffffffff0f 78 00") == errc::truncated);     // any values
  CHECK(error_of("01 01 01 00 02 01 01 74 ffffffff0f 01 31 00") == errc::truncated);  // JSON values
}

TEST_CASE("decode rejects clocks above the limit of the engine", "[crdt]") {
  const std::uint64_t huge = std::uint64_t{1} << 52;
  CHECK(error_of(update_builder{}.client(2).gc(huge)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(2).gc(huge).gc(huge).gc(huge)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(2).gc(crdt::clock_max).gc(1)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(2).skip(crdt::clock_max).gc(1)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(2, crdt::clock_max).gc(1)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(2, huge).gc(1)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(2).deleted(in_root("t"), huge)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(2).text(after({3, huge}), "a")) == errc::number_too_large);
  CHECK(error_of(update_builder{}.erase(1, huge, 1)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.erase(1, 0, huge)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.erase(1, crdt::clock_max, 1)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.erase(1, 1, crdt::clock_max)) == errc::number_too_large);
}

TEST_CASE("decode accepts a struct that ends at the highest clock", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(2).gc(crdt::clock_max - 1).gc(1));
  CHECK(clock_of(doc, 2) == crdt::clock_max);
  CHECK(state_of(doc) == "01"
                         "01"
                         "0200"
                         "00feffffff0f"
                         "01"
                         "0201"
                         "00feffffff0f");
}

TEST_CASE("decode rejects client ids above 2^53 - 1", "[crdt]") {
  const crdt::client_id id = std::uint64_t{1} << 53;
  CHECK(error_of(update_builder{}.client(id).gc(1)) == errc::number_too_large);
  CHECK(error_of(update_builder{}.client(1, 6).text(after({id, 0}), "a")) ==
        errc::number_too_large);
  CHECK(error_of(update_builder{}.client(1, 6).text(before({id, 0}), "a")) ==
        errc::number_too_large);
  CHECK(error_of(update_builder{}.client(1, 6).text(in_type({id, 0}), "a")) ==
        errc::number_too_large);
  CHECK(error_of(update_builder{}.erase(id, 0, 1)) == errc::number_too_large);
}

TEST_CASE("decode rejects an item that refers to itself or to a later one of its client",
          "[crdt]") {
  for (const std::uint64_t clock : {10u, 11u, 12u, 99u}) {
    CAPTURE(clock);
    const item_id later{2, clock};
    CHECK(error_of(update_builder{}.client(2, 10).text(after(later), "ab")) ==
          errc::invalid_reference);
    CHECK(error_of(update_builder{}.client(2, 10).text(before(later), "ab")) ==
          errc::invalid_reference);
    CHECK(error_of(update_builder{}.client(2, 10).text(between({1, 0}, later), "ab")) ==
          errc::invalid_reference);
    CHECK(error_of(update_builder{}.client(2, 10).text(in_type(later), "ab")) ==
          errc::invalid_reference);
    CHECK(error_of(update_builder{}.client(2, 10).type(in_type(later, "k"), type_kind::map)) ==
          errc::invalid_reference);
  }
  decoded(update_builder{}.client(2, 10).text(after({2, 9}), "ab").build());
}

TEST_CASE("decode rejects contents it does not know", "[crdt]") {
  for (std::uint8_t kind = 11; kind < 32; ++kind) {
    CAPTURE(kind);
    const byte_buffer content{kind, 1, 1, 't', 1};
    CHECK(error_of(update_builder{}.client(2).raw(content)) == errc::unknown_content);
  }
}

TEST_CASE("decode rejects types it does not know", "[crdt]") {
  for (const std::uint64_t kind : {7u, 9u, 15u, 255u, 100'000u}) {
    CAPTURE(kind);
    CHECK(error_of(update_builder{}.client(2).type(in_root("t"), kind)) == errc::unknown_type);
  }
}

TEST_CASE("decode rejects any values that are not valid", "[crdt]") {
  CHECK(error_of(update_builder{}.client(2).any(in_root("t"), 1, hex("73"))) == errc::invalid_any);
  CHECK(error_of(update_builder{}.client(2).any(in_root("t"), 2, hex("78 80"))) ==
        errc::invalid_any);
  CHECK(error_of(update_builder{}.client(2).subdocument(in_root("t"), "g", hex("00"))) ==
        errc::invalid_any);
}

TEST_CASE("decode rejects strings that are not UTF-8, wherever they stand", "[crdt]") {
  const std::string bad = "\xED\xA0\x80";  // a surrogate
  CHECK(error_of(update_builder{}.client(2).text(in_root(bad), "a")) == errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).text(in_root("t", bad), "a")) == errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).text(in_root("t"), bad)) == errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).json(in_root("t"), {"\"" + bad + "\""})) ==
        errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).embed(in_root("t"), "\"" + bad + "\"")) ==
        errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).format(in_root("t"), bad, "1")) == errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).format(in_root("t"), "k", "\"" + bad + "\"")) ==
        errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).element(in_root("t"), type_kind::xml_hook, bad)) ==
        errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).any(in_root("t"), 1, hex("77 01 ff"))) ==
        errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).any(in_root("t"), 1, hex("76 01 01 ff 78"))) ==
        errc::invalid_utf8);
  CHECK(error_of(update_builder{}.client(2).subdocument(in_root("t"), bad, hex("76 00"))) ==
        errc::invalid_utf8);
}

TEST_CASE("decode rejects JSON texts that JSON.parse would not take", "[crdt]") {
  for (const char* text : {"", "{", "[1,]", "01", "undefined", "NaN", "1 2"}) {
    CAPTURE(text);
    CHECK(error_of(update_builder{}.client(2).embed(in_root("t"), text)) == errc::invalid_json);
    CHECK(error_of(update_builder{}.client(2).format(in_root("t"), "k", text)) ==
          errc::invalid_json);
  }
  CHECK(error_of(update_builder{}.client(2).json(in_root("t"), {"1", "{"})) == errc::invalid_json);
  decoded(update_builder{}.client(2).embed(in_root("t"), "\"\\ud800\"").build());
}

TEST_CASE("decode rejects any values nested deeper than the limit", "[crdt]") {
  decoded(update_builder{}.client(2).any(in_root("t"), 1, nested_any(1000)).build());
  CHECK(error_of(update_builder{}.client(2).any(in_root("t"), 1, nested_any(1001))) ==
        errc::too_deep);
  CHECK(error_of(update_builder{}.client(2).any(in_root("t"), 1, nested_any(5000))) ==
        errc::too_deep);
  CHECK(error_of(update_builder{}.client(2).subdocument(in_root("t"), "g", nested_any(1001))) ==
        errc::too_deep);
}

TEST_CASE("decode rejects names longer than the limit", "[crdt]") {
  crdt::limits limit;
  limit.name_size_max = 4;
  decoded_update out;
  CHECK(
      crdt::decode_update(update_builder{}.client(2).numbers(in_root("four", "keys"), {1}).build(),
                          crdt::update_format::v1, limit, out));
  CHECK(error_of(update_builder{}.client(2).text(in_root("names"), "a"), limit) ==
        errc::name_too_long);
  CHECK(error_of(update_builder{}.client(2).text(in_root("t", "names"), "a"), limit) ==
        errc::name_too_long);
  CHECK(error_of(update_builder{}.client(2).format(in_root("t"), "names", "1"), limit) ==
        errc::name_too_long);
  CHECK(error_of(update_builder{}.client(2).element(in_root("t"), type_kind::xml_element, "names"),
                 limit) == errc::name_too_long);
  CHECK(error_of(update_builder{}.client(2).subdocument(in_root("t"), "names", hex("76 00")),
                 limit) == errc::name_too_long);
}

TEST_CASE("decode rejects more structs than the limit", "[crdt]") {
  crdt::limits limit;
  limit.structs_per_update_max = 3;
  CHECK(error_of(update_builder{}.client(2).gc(1).gc(1).gc(1).gc(1), limit) ==
        errc::update_too_large);
  CHECK(error_of(update_builder{}.client(2).gc(1).gc(1).client(3).gc(1).gc(1), limit) ==
        errc::update_too_large);
  decoded_update out;
  CHECK(crdt::decode_update(update_builder{}.client(2).gc(1).gc(1).gc(1).build(),
                            crdt::update_format::v1, limit, out));
}

TEST_CASE("decode rejects an update whose first structs are fine and a later one is not",
          "[crdt]") {
  const auto good = [] {
    return update_builder{}
        .client(1, 6)
        .text(in_root("t"), "never seen")
        .client(2)
        .text(after({1, 5}), "nor this")
        .type(in_root("a"), type_kind::map);
  };
  CHECK(error_of(good().raw(hex("1f 01 01 74 01"))) == errc::unknown_content);
  CHECK(error_of(good().type(in_root("t"), 7)) == errc::unknown_type);
  CHECK(error_of(good().text(in_root("t"), "\xff")) == errc::invalid_utf8);
  CHECK(error_of(good().text(after({2, 9}), "x")) == errc::invalid_reference);
  CHECK(error_of(good().embed(in_root("t"), "{")) == errc::invalid_json);
  CHECK(error_of(good().gc(crdt::clock_max)) == errc::number_too_large);
  CHECK(error_of(good().erase(1, 0, 3).erase(1, crdt::clock_max, 1)) == errc::number_too_large);
  byte_buffer trailing = good().build();
  trailing.push_back(0);
  CHECK(error_of(trailing) == errc::trailing_bytes);
}

TEST_CASE("decode leaves nothing of a rejected update in what it decodes next", "[crdt]") {
  decoded_update out;
  CHECK_FALSE(crdt::decode_update(
      update_builder{}.client(9).text(in_root("t"), "a").gc(crdt::clock_max).build(),
      crdt::update_format::v1, default_limits, out));
  const byte_buffer next = update_builder{}.client(2).gc(1).build();
  REQUIRE(crdt::decode_update(next, crdt::update_format::v1, default_limits, out));
  CHECK(out.structs.size() == 1);
  CHECK(out.blocks.size() == 1);
  CHECK(out.clients.ids() == std::vector<crdt::client_id>{2});
  CHECK(out.parents.empty());
}

// --- real documents, damaged ---

TEST_CASE("every prefix of a valid update is rejected without a change", "[crdt]") {
  for (const char* name : golden_cases) {
    CAPTURE(name);
    const byte_buffer whole = golden(name);
    crdt::doc doc;
    must_apply(doc, update_builder{}.client(1).text(in_root("text"), "a").client(70).gc(3));
    const std::string before = state_of(doc);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      const auto applied = doc.apply_update(byte_view{whole}.first(size));
      REQUIRE_FALSE(applied.has_value());
      REQUIRE(applied.error().code == errc::truncated);
      REQUIRE(state_of(doc) == before);
    }
    crdt::check_invariants(doc.contents());
    must_apply(doc, whole);
  }
}

TEST_CASE("a byte that is changed leads to a rejection or to a sound document", "[crdt]") {
  std::mt19937 random{11};
  for (const char* name : golden_cases) {
    CAPTURE(name);
    const byte_buffer whole = golden(name);
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (int round = 0; round < 6; ++round) {
        byte_buffer damaged = whole;
        // Single bits find flags and counts, random bytes everything else.
        damaged[at] =
            static_cast<std::uint8_t>(round < 3 ? damaged[at] ^ (1u << random() % 8) : random());
        INFO("damaged " << to_hex(damaged));
        crdt::doc doc;
        if (round % 2 == 0) REQUIRE(doc.apply_update(whole));
        const std::string before = state_of(doc);
        const auto applied = doc.apply_update(damaged);
        REQUIRE_NOTHROW(crdt::check_invariants(doc.contents()));
        const std::string after = state_of(doc);
        if (!applied) {
          REQUIRE(after == before);
          continue;
        }
        // Whatever it is now, it survives a restart, and the original can still be applied.
        crdt::doc reloaded;
        REQUIRE(reloaded.apply_update(doc.encode_state_as_update()));
        REQUIRE_NOTHROW(crdt::check_invariants(reloaded.contents()));
        // What waits may be cut where the damage made two structs overlap, and wait no longer.
        const crdt::state_vector vector = doc.state_vector();
        for (const auto& known : vector.entries())
          REQUIRE(clock_of(reloaded, known.client) >= known.clock);
        REQUIRE(reloaded.apply_update(whole));
        REQUIRE_NOTHROW(crdt::check_invariants(reloaded.contents()));
      }
  }
}

}  // namespace troupe::decoded_update_test
