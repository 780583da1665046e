// Relative positions: bytes and JSON as yjs 13.6.33 writes them, making and finding. Positions at
// random, with edits in between, are compared with yjs in tests/differential/reading.mjs.
#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/read/relative_position.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::relative_position_test {

using namespace troupe::test;
using crdt::absolute_position;
using crdt::relative_position;
using crdt::struct_id;
using crdt::type_kind;
using crdt::unresolved;

namespace {

std::string bytes_at(const crdt::doc& doc, const crdt::type_ref& type, std::size_t index,
                     std::int64_t assoc) {
  return to_hex(relative_position_at(doc.contents(), type, index, assoc)->encode());
}

relative_position position(std::string_view digits) {
  const auto read = relative_position::decode(hex(digits));
  REQUIRE(read);
  return *read;
}

errc error_of(std::string_view digits) {
  const auto read = relative_position::decode(hex(digits));
  REQUIRE_FALSE(read.has_value());
  return read.error().code;
}

}  // namespace

TEST_CASE("a position has the bytes and the JSON of yjs", "[crdt][position]") {
  crdt::doc doc;  // "hello" in root t, and in root a a text "xy"
  must_apply(doc, hex("01030100040101740568656c6c6f07010161020400010502787900"));
  CHECK(bytes_at(doc, "t", 2, 0) == "00010200");
  CHECK(bytes_at(doc, "t", 5, 0) == "01017400");
  CHECK(bytes_at(doc, "t", 5, -1) == "00010441");
  CHECK(bytes_at(doc, "t", 0, -1) == "01017441");
  CHECK(bytes_at(doc, "t", 2, -1) == "00010141");
  CHECK(bytes_at(doc, "t", 9, -1) == "00010441");
  CHECK(bytes_at(doc, struct_id{1, 5}, 2, 0) == "02010500");
  CHECK(bytes_at(doc, "never seen", 3, 0) == "010a6e65766572207365656e00");
  CHECK_FALSE(relative_position_at(doc.contents(), struct_id{1, 0}, 0));

  const auto at = relative_position_at(doc.contents(), "t", 2, 0);
  CHECK(at->to_json() == R"({"tname":"t","item":{"client":1,"clock":2},"assoc":0})");
  const auto end = relative_position_at(doc.contents(), struct_id{1, 5}, 2, -1);
  CHECK(end->to_json() ==
        R"({"type":{"client":1,"clock":5},"item":{"client":1,"clock":7},"assoc":-1})");
  CHECK(relative_position::from_json(end->to_json()) == *end);
}

TEST_CASE("a position is read back, old ones without assoc too", "[crdt][position]") {
  CHECK(position("00 01 02 00") == position("00 01 02"));
  CHECK(position("00 01 04 41").assoc == -1);
  CHECK(to_hex(position("01 00 00").encode()) == "010000");  // the root with the empty name
  CHECK(to_hex(position("00 ff ff ff ff ff ff ff 0f ff ff ff ff ff ff ff 0f 05").encode()) ==
        "00ffffffffffffff0fffffffffffffff0f05");
  CHECK(error_of("") == errc::truncated);
  CHECK(error_of("00 01") == errc::truncated);
  CHECK(error_of("03 01 01 00") == errc::unknown_content);
  CHECK(error_of("01 01 ff 00") == errc::invalid_utf8);
  CHECK(error_of("00 01 02 00 00") == errc::trailing_bytes);
}

TEST_CASE("a position is read from JSON, and nothing else is", "[crdt][position]") {
  const auto read = relative_position::from_json(
      R"( {"assoc":-1,"other":[{}],"type":null,"item":{"clock":3,"client":4294967295},"tname":"é"} )");
  REQUIRE(read);
  CHECK(read->type == crdt::type_ref{"é"});
  CHECK(read->item == struct_id{4294967295, 3});
  CHECK(read->assoc == -1);
  for (const char* const wrong :
       {"", "{", "[]", "7", "{}", R"({"assoc":0})", R"({"item":3})", R"({"item":{"client":1}})",
        R"({"item":{"client":1,"clock":1.5}})", R"({"item":{"client":-1,"clock":1}})",
        R"({"item":{"client":1e300,"clock":1}})", R"({"tname":7})", R"({"type":"x"})",
        R"({"tname":"t","assoc":"0"})"}) {
    INFO(wrong);
    const auto refused = relative_position::from_json(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_json);
  }
  CHECK(relative_position::from_json("\"\xff\"").error().code == errc::invalid_utf8);
}

TEST_CASE("a position keeps its place while others edit", "[crdt][position]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "hello"));
  const auto before_l = *relative_position_at(doc.contents(), "t", 2, 0);
  const auto behind_e = *relative_position_at(doc.contents(), "t", 2, -1);
  const auto end = *relative_position_at(doc.contents(), "t", 5, 0);
  const auto index_of = [&](const relative_position& at) {
    return resolve(doc.contents(), at)->index;
  };
  must_apply(doc, update_builder{}.client(2).text(between({1, 1}, {1, 2}), "xy"));
  CHECK(index_of(before_l) == 4);
  CHECK(index_of(behind_e) == 2);
  CHECK(index_of(end) == 7);
  must_apply(doc, update_builder{}.erase(1, 1, 2));  // both units they are tied to
  CHECK(index_of(before_l) == 3);
  CHECK(index_of(behind_e) == 1);
  CHECK(resolve(doc.contents(), end) == absolute_position{"t", 5, 0});
}

TEST_CASE("a position that has no index says why", "[crdt][position]") {
  crdt::doc doc;
  must_apply(
      doc,
      update_builder{}.client(1).type(in_root("a"), type_kind::text).text(in_type({1, 0}), "ab"));
  const auto reason = [&](std::string_view digits) {
    return resolve(doc.contents(), position(digits)).error();
  };
  CHECK(reason("00 01 03 00") == unresolved::unknown);    // a clock to come
  CHECK(reason("00 05 00 00") == unresolved::unknown);    // a client to come
  CHECK(reason("02 05 00 00") == unresolved::unknown);    // a type to come
  CHECK(reason("02 01 01 00") == unresolved::collected);  // not a type
  CHECK(resolve(doc.contents(), position("02 01 00 00"))->index == 2);
  CHECK(resolve(doc.contents(), position("02 01 00 41"))->index == 0);
  CHECK(resolve(doc.contents(), position("01 01 7a 00"))->index == 0);  // root z: empty

  must_apply(doc, update_builder{}.erase(1, 0, 1));
  CHECK(reason("00 01 01 00") == unresolved::collected);
  CHECK(reason("02 01 00 00") == unresolved::collected);
}

TEST_CASE("a position in a deleted type that was kept is at its beginning", "[crdt][position]") {
  crdt::doc doc{{crdt::garbage_collection::off, {}}};
  must_apply(doc, update_builder{}
                      .client(1)
                      .type(in_root("a"), type_kind::text)
                      .text(in_type({1, 0}), "ab")
                      .erase(1, 0, 1));
  CHECK(resolve(doc.contents(), position("00 01 02 00")) ==
        absolute_position{struct_id{1, 0}, 0, 0});
}

}  // namespace troupe::relative_position_test
