// Reading documents in every form: what each kind of content looks like, which form a root takes by
// itself, and that nesting is no danger. The expected texts are those of yjs 13.6.33; documents at
// random are compared with it in tests/differential/reading.mjs.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::export_test {

using namespace troupe::test;
using crdt::type_kind;

namespace {

/// Text, map and XML with formats and an embed, written and edited by a yjs with client id 1.
byte_buffer edited_by_yjs() {
  return hex(
      "0117010004010174026865840101036c6c6f8401040620776f726c6446010004626f6c640474727565c601040105"
      "04626f6c64046e756c6cc6010c01050577696474680133c5010d0105117b22696d616765223a22612e706e67227d"
      "c6010e0105057769647468046e756c6c2801016d016b017d01070101780301502800011101620177013228000111"
      "01610177013107000111060400011402746584011602787446011501690474727565c6011901150161167b226872"
      "6566223a2275222c22616c74223a2276227dc6011601170169046e756c6cc6011b01170161046e756c6cc4010c01"
      "0d025859a80110017d022801016d016c017d038401180121010103020310011301");
}

/// Chains of `depth` types of this kind, each in the one before, in root "deep".
byte_buffer nested(type_kind kind, std::uint64_t depth) {
  update_builder update;
  update.client(1);
  for (std::uint64_t i = 0; i < depth; ++i) {
    const item_place at = i == 0 ? in_root("deep") : in_type({1, i - 1});
    if (kind == type_kind::xml_element)
      update.element(at, kind, "e");
    else if (kind == type_kind::map)
      update.type(i == 0 ? in_root("deep", "k") : in_type({1, i - 1}, "k"), kind);
    else
      update.type(at, kind);
  }
  return update.build();
}

std::size_t count_of(std::string_view what, std::string_view in) {
  std::size_t count = 0;
  for (std::size_t at = in.find(what); at != in.npos; at = in.find(what, at + what.size())) ++count;
  return count;
}

}  // namespace

TEST_CASE("objects of a few shapes, and of none, are written with sorted keys", "[crdt][export]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto below = [&](std::size_t limit) {
      return static_cast<std::size_t>(random()) % limit;
    };
    std::vector<std::vector<std::string>> shapes(12);
    for (std::vector<std::string>& keys : shapes) {
      std::set<std::string> chosen;
      const std::size_t count = below(8) == 0 ? 40 : below(20);
      while (chosen.size() < count) chosen.insert(std::string{"key "} + std::to_string(below(60)));
      keys.assign(chosen.begin(), chosen.end());
      std::ranges::shuffle(keys, random);
    }
    update_builder update;
    update.client(1);
    std::string expected = "[";
    std::uint64_t clock = 0;
    std::optional<item_id> last;
    for (int i = 0; i < 200; ++i) {
      const item_id object{1, clock++};
      update.type(last ? after(*last) : in_root("a"), type_kind::map);
      last = object;
      std::vector<std::string>& keys = shapes[below(shapes.size())];
      if (below(16) == 0) std::ranges::shuffle(keys, random);
      std::map<std::string, std::size_t> members;
      for (const std::string& key : keys) {
        members[key] = below(64);
        update.numbers(in_type(object, key), {static_cast<std::uint8_t>(members[key])});
        ++clock;
      }
      expected += i == 0 ? "{" : ",{";
      for (const auto& [key, value] : members)
        expected.append(key == members.begin()->first ? "\"" : ",\"")
            .append(key)
            .append("\":")
            .append(std::to_string(value));
      expected += "}";
    }
    crdt::doc doc;
    must_apply(doc, update.build());
    REQUIRE(doc.array_json("a") == expected + "]");
  }
}

TEST_CASE("a document of yjs reads as yjs shows it", "[crdt][export]") {
  crdt::doc doc;
  must_apply(doc, edited_by_yjs());
  CHECK(doc.text("t") == "heXY world");
  CHECK(doc.delta_json("t") ==
        R"([{"insert":"he","attributes":{"bold":true}},{"insert":"XY"},)"
        R"({"insert":{"image":"a.png"},"attributes":{"width":3}},{"insert":" world"}])");
  CHECK(doc.map_json("m") == R"({"k":2,"l":3})");
  CHECK(doc.xml_string("x") == R"(<p b="2"><a alt="v" href="u"><i>te</i></a>xt!</p>)");
  CHECK(doc.json() == R"({"m":{"k":2,"l":3},"t":"heXY world",)"
                      R"("x":"<p b=\"2\"><a alt=\"v\" href=\"u\"><i>te</i></a>xt!</p>"})");
  CHECK(doc.json("absent") == "null");
  CHECK(doc.view().delta_json("absent") == "[]");
  CHECK_FALSE(doc.view().contents("absent"));
}

TEST_CASE("roots tell what they hold, in the order of their names", "[crdt][export]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .text(in_root("text"), "ab😀")
                      .numbers(in_root("array"), {1, 2, 3})
                      .numbers(in_root("map", "k"), {1})
                      .element(in_root("xml"), type_kind::xml_element, "p")
                      .text(in_root("both"), "a")
                      .numbers(in_root("both", "k"), {1})
                      .text(in_root("gone"), "a")
                      .erase(1, 11, 1));
  std::string told;
  for (const crdt::root_info& root : doc.roots())
    told.append(root.name)
        .append(" ")
        .append(to_string(root.contents.kind))
        .append(" " + std::to_string(root.contents.length))
        .append(" " + std::to_string(root.contents.key_count) + "\n");
  CHECK(told == "array array 3 0\nboth mixed 1 1\ngone empty 0 0\nmap map 0 1\n"
                "text text 4 0\nxml xml 1 0\n");
  const crdt::doc_sizes sizes = doc.sizes();
  CHECK(sizes.clients == 1);
  CHECK(sizes.items == 6);
  CHECK(sizes.tombstones == 1);
  CHECK(sizes.clocks == 12);
  CHECK(sizes.content_bytes == 6 + 6 + 2 + 1 + 2);
  CHECK(sizes.memory > 0);
}

TEST_CASE("a type that holds everything at once reads as delta and keys", "[crdt][export]") {
  // As yjs 14 writes: text, a format, a value and a named type in one fragment, which has a key.
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .text(in_root("r"), "hi")
                      .format(after({1, 1}), "b", "true")
                      .text(after({1, 2}), "bold")
                      .numbers(after({1, 6}), {7})
                      .element(after({1, 7}), type_kind::xml_element, "P")
                      .text(in_type({1, 8}), "inner")
                      .binary(after({1, 8}), hex("00ff"))
                      .numbers(in_root("r", "key"), {5})
                      .type(in_root("list"), type_kind::xml_fragment)
                      .numbers(in_type({1, 16}), {1})
                      .type(after({1, 16}), type_kind::xml_fragment)
                      .numbers(in_type({1, 18}, "a"), {2})
                      .type(after({1, 18}), type_kind::xml_fragment)
                      .text(after({1, 20}), "x"));
  CHECK(doc.json("r") ==
        R"({"delta":[{"insert":"hi"},{"insert":"bold","attributes":{"b":true}},)"
        R"({"insert":7,"attributes":{"b":true}},{"insert":"<p>inner</p>","attributes":{"b":true}},)"
        R"({"insert":"AP8=","attributes":{"b":true}}],"keys":{"key":5}})");
  // Values are no part of the delta of yjs 13.
  CHECK(doc.delta_json("r") == R"([{"insert":"hi"},{"insert":"bold","attributes":{"b":true}},)"
                               R"({"insert":"<p>inner</p>","attributes":{"b":true}}])");
  CHECK(doc.text("r") == "hibold");
  CHECK(doc.xml_string("r") == "hibold7<p>inner</p>0,255");
  CHECK(doc.view().xml_string("r", type_kind::xml_text) == "hi<b>bold</b><b><p>inner</p></b>");
  // Nested types of yjs 14 without a name are fragments by their number; what is in them counts.
  CHECK(doc.json("list") ==
        R"({"delta":[{"insert":[1]},{"insert":{"a":2}},{"insert":""},{"insert":"x"}],"keys":{}})");
}

TEST_CASE("XML prints values as JavaScript does and escapes nothing", "[crdt][export]") {
  crdt::doc doc;
  // An array of 1.5, null, "<", [true]; an object; NaN; bytes.
  must_apply(doc, update_builder{}
                      .client(1)
                      .element(in_root("x"), type_kind::xml_element, "DIV")
                      .any(in_type({1, 0}, "z"), 1, hex("75047c3fc000007e77013c750178"))
                      .any(in_type({1, 0}, "o"), 1, hex("7600"))
                      .any(in_type({1, 0}, "n"), 1, hex("7b7ff8000000000000"))
                      .any(in_type({1, 0}, "y"), 1, hex("740201ff"))
                      .type(in_type({1, 0}, "t"), type_kind::array)
                      .type(in_type({1, 0}), type_kind::xml_text)
                      .embed(in_type({1, 6}), R"({"a":1})")
                      .format(after({1, 7}), "c", R"(["p","q"])")
                      .embed(after({1, 8}), R"(-0.5)")
                      .type(after({1, 0}), type_kind::map)
                      .element(after({1, 10}), type_kind::xml_hook, "hook")
                      .any(after({1, 11}), 2, hex("7e7f")));
  CHECK(doc.xml_string("x") ==
        R"(<div n="NaN" o="[object Object]" t="[object Object]" y="1,255" z="1.5,,<,true">)"
        R"([object Object]<c 0="p" 1="q">-0.5</c></div>)"
        R"([object Object][object Object]nullundefined)");
}

TEST_CASE("types nested twenty thousand deep read in every form", "[crdt][export]") {
  constexpr std::uint64_t depth = 20'000;
  crdt::doc elements, arrays, maps, fragments, texts;
  must_apply(elements, nested(type_kind::xml_element, depth));
  CHECK(count_of("<e>", elements.xml_string("deep")) == depth);
  CHECK(count_of("</e>", elements.json("deep")) == depth);
  CHECK(count_of("<e>", elements.delta_json("deep")) == depth);
  must_apply(arrays, nested(type_kind::array, depth));
  CHECK(arrays.json("deep").size() == 2 * (depth + 1));
  must_apply(maps, nested(type_kind::map, depth));
  CHECK(count_of("{\"k\":", maps.json("deep")) == depth);
  must_apply(fragments, nested(type_kind::xml_fragment, depth));
  CHECK(fragments.json("deep") == R"("")");
  must_apply(texts, nested(type_kind::xml_text, depth));
  CHECK(texts.xml_string("deep").empty());
  const crdt::snapshot now = arrays.snapshot();
  CHECK(arrays.view_at(now).json("deep") == arrays.json("deep"));
}

TEST_CASE("a value that came as JSON text reads as one that came as any", "[crdt][export]") {
  crdt::doc from_v1, from_v2;
  must_apply(from_v1, update_builder{}
                          .client(1)
                          .format(in_root("t"), "f", R"( { "b" : 1e2 , "a" : "\u00e9" } )")
                          .embed(after({1, 0}), R"([ 1.0, 12345678901234567890 ])")
                          .format(after({1, 1}), "f", " null "));
  REQUIRE(from_v2.apply_update(from_v1.encode_state_as_update({}, crdt::update_format::v2),
                               crdt::update_format::v2));
  CHECK(from_v1.delta_json("t") ==
        R"([{"insert":[1,12345678901234567000],"attributes":{"f":{"b":100,"a":"é"}}}])");
  CHECK(from_v2.delta_json("t") == from_v1.delta_json("t"));
}

TEST_CASE("a nested type is read by the id of its item", "[crdt][export]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(7)
                      .type(in_root("a"), type_kind::text)
                      .text(in_type({7, 0}), "inner"));
  CHECK(doc.text(crdt::struct_id{7, 0}) == "inner");
  CHECK(doc.json(crdt::struct_id{7, 0}) == R"("inner")");
  CHECK(doc.json(crdt::struct_id{7, 1}) == "null");  // a text, no type
  CHECK(doc.json(crdt::struct_id{8, 0}) == "null");
  CHECK(doc.json(crdt::struct_id{7, std::uint64_t{1} << 40}) == "null");
}

}  // namespace troupe::export_test
