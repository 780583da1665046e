// Operations on documents: what each does, what it refuses, and that a batch is done whole or not
// at all.
#include "protocol/edits/apply.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/read/relative_position.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::apply_test {

using namespace troupe::test;

namespace {

constexpr crdt::client_id own = 77;

edits::batch parsed(std::string_view json) {
  auto batch = edits::batch::parse(json);
  if (!batch) FAIL(edits::to_string(batch.error()));
  return *std::move(batch);
}

/// Carries a batch out, and checks that its update makes another document equal.
bool done(crdt::doc& doc, std::string_view json) {
  crdt::doc other;
  must_apply(other, doc.encode_state_as_update());
  const auto applied = edits::apply(parsed(json), doc, own);
  if (!applied) FAIL(edits::to_string(applied.error()));
  crdt::check_invariants(doc.contents());
  CHECK(applied->changed == !applied->update.empty());
  if (applied->changed) must_apply(other, applied->update);
  CHECK(other.json() == doc.json());
  return applied->changed;
}

/// What is wrong with a batch, which must leave the document as it was.
edits::edit_error refused(crdt::doc& doc, std::string_view json) {
  const std::string before = state_of(doc);
  const auto applied = edits::apply(parsed(json), doc, own);
  INFO(json);
  REQUIRE_FALSE(applied);
  crdt::check_invariants(doc.contents());
  CHECK(state_of(doc) == before);
  return applied.error();
}

std::string why_not(crdt::doc& doc, std::string_view json) {
  return edits::to_string(refused(doc, json));
}

/// A text, an array, a map and XML.
void fill(crdt::doc& doc) {
  REQUIRE(done(doc, R"([
    {"op":"setText","path":"/text","text":"hello world"},
    {"op":"push","path":"/list","values":[1,"two",{"three":3}]},
    {"op":"set","path":"/meta/title","value":"a"},
    {"op":"set","path":"/meta/tags","type":"array","value":["x",{"$type":"map","value":{"y":1}}]},
    {"op":"push","path":"/xml","type":"xml","value":
      {"name":"p","attributes":{"class":"big"},"children":["text",{"name":"br"}]}}])"));
}

}  // namespace

TEST_CASE("texts are inserted, deleted, formatted, appended and set", "[edits]") {
  crdt::doc doc;
  CHECK(done(doc, R"([{"op":"insertText","path":"/t","index":0,"text":"world"}])"));
  CHECK(done(doc, R"([{"op":"insertText","path":"/t","index":0,"text":"hello ",
                       "attributes":{"bold":true}}])"));
  CHECK(doc.delta_json("t") ==
        R"([{"insert":"hello ","attributes":{"bold":true}},{"insert":"world"}])");
  CHECK(done(doc, R"([{"op":"appendText","path":"/t","text":"!"}])"));
  CHECK(done(doc, R"([{"op":"deleteText","path":"/t","index":0,"length":6}])"));
  CHECK(doc.text("t") == "world!");
  CHECK(done(doc, R"([{"op":"formatText","path":"/t","index":0,"length":5,
                       "attributes":{"em":1}}])"));
  CHECK(doc.delta_json("t") == R"([{"insert":"world","attributes":{"em":1}},{"insert":"!"}])");
  CHECK(done(doc, R"([{"op":"insertEmbed","path":"/t","index":6,"value":{"image":"u"}}])"));
  CHECK(doc.delta_json("t").find(R"({"insert":{"image":"u"}})") != std::string::npos);
  CHECK(done(doc, R"([{"op":"setText","path":"/t","text":"words"}])"));
  CHECK(doc.text("t") == "words");
  CHECK_FALSE(done(doc, R"([{"op":"setText","path":"/t","text":"words"}])"));
  CHECK_FALSE(done(doc, "[]"));
}

TEST_CASE("elements are inserted, pushed, replaced and deleted", "[edits]") {
  crdt::doc doc;
  CHECK(done(doc, R"([{"op":"push","path":"/a","values":[1,2,3]}])"));
  CHECK(done(doc, R"([{"op":"insert","path":"/a","index":1,"values":["x","y"]}])"));
  CHECK(doc.array_json("a") == R"([1,"x","y",2,3])");
  CHECK(done(doc, R"([{"op":"set","path":"/a/0","value":{"n":null}}])"));
  CHECK(doc.array_json("a") == R"([{"n":null},"x","y",2,3])");
  CHECK(done(doc, R"([{"op":"delete","path":"/a/1","length":2}])"));
  CHECK(done(doc, R"([{"op":"delete","path":["a",2]}])"));
  CHECK(doc.array_json("a") == R"([{"n":null},2])");
  CHECK(done(doc, R"([{"op":"insert","path":"/a","index":2,"type":"text","value":"inner"},
                      {"op":"appendText","path":"/a/2","text":"!"}])"));
  CHECK(doc.array_json("a") == R"([{"n":null},2,"inner!"])");
}

TEST_CASE("entries are set and deleted, as plain values and as shared types", "[edits]") {
  crdt::doc doc;
  fill(doc);
  CHECK(doc.map_json("meta") == R"({"tags":["x",{"y":1}],"title":"a"})");
  CHECK(done(doc, R"([{"op":"set","path":"/meta/tags/1/y","value":2},
                      {"op":"set","path":"/meta/0","value":"a key"},
                      {"op":"delete","path":"/meta/title"}])"));
  CHECK(doc.map_json("meta") == R"({"0":"a key","tags":["x",{"y":2}]})");
  CHECK(done(doc, R"([{"op":"set","path":"/meta/raw","type":"bytes","value":"AAEC"},
                      {"op":"set","path":"/meta/note","type":"text","value":
                        [{"insert":"b","attributes":{"bold":true}},{"insert":{"i":1}},
                         {"insert":"c"}]}])"));
  CHECK(doc.map_json("meta").find(R"("raw":"AAEC")") != std::string::npos);
  CHECK(doc.map_json("meta").find(R"("note":"bc")") != std::string::npos);
  // A member $type means something within shared types only.
  CHECK(done(doc, R"([{"op":"set","path":"/meta/plain","value":{"$type":"map","value":{}}}])"));
  CHECK(doc.map_json("meta").find(R"("plain":{"$type":"map","value":{}})") != std::string::npos);
}

TEST_CASE("XML gets elements, texts and attributes by path", "[edits]") {
  crdt::doc doc;
  fill(doc);
  CHECK(doc.xml_string("xml") == R"(<p class="big">text<br></br></p>)");
  CHECK(done(doc, R"([
    {"op":"setAttribute","path":"/xml/0","name":"id","value":"p1"},
    {"op":"removeAttribute","path":"/xml/0","name":"class"},
    {"op":"setText","path":"/xml/0/0","text":"other text"},
    {"op":"delete","path":"/xml/0/1"},
    {"op":"insert","path":"/xml","index":0,"type":"xml","value":"first"},
    {"op":"insert","path":"/xml/1","index":0,"type":"xml","value":{"name":"b","children":["B"]}}])"));
  CHECK(doc.xml_string("xml") == R"(first<p id="p1"><b>B</b>other text</p>)");
  CHECK(why_not(doc, R"([{"op":"push","path":"/xml/1","values":[1]}])").find("type xml") !=
        std::string::npos);
}

TEST_CASE("a cursor survives an edit that sets the text", "[edits]") {
  crdt::doc doc;
  fill(doc);
  const auto cursor = *crdt::relative_position_at(doc.contents(), "text", 6);  // before "world"
  CHECK(done(doc, R"([{"op":"setText","path":"/text","text":"oh, hello new world!"}])"));
  CHECK(resolve(doc.contents(), cursor)->index == 14);
}

TEST_CASE("a test holds for the same value, however it is written", "[edits]") {
  crdt::doc doc;
  fill(doc);
  CHECK_FALSE(done(doc, R"([{"op":"test","path":"/text","value":"hello world"},
    {"op":"test","path":"/list/2","value":{ "three" : 3.0 }},
    {"op":"test","path":"/meta","value":{"title":"a","tags":["x",{"y":1}]}},
    {"op":"test","path":"/meta/title","exists":true},
    {"op":"test","path":"/meta/other","exists":false},
    {"op":"test","path":"/nothing","exists":false}])"));
  const auto other = refused(doc, R"([{"op":"test","path":"/meta/title","value":"b"}])");
  CHECK(other.why.code == errc::edit_conflict);
  CHECK(edits::to_string(other) == "edit 0 at /meta/title: another value is there");
  CHECK(why_not(doc, R"([{"op":"test","path":"/meta/x","value":1}])") ==
        "edit 0 at /meta/x: nothing is there");
  CHECK(why_not(doc, R"([{"op":"test","path":"/meta/title","exists":false}])") ==
        "edit 0 at /meta/title: something is there");
}

TEST_CASE("a batch that fails in the middle has changed nothing", "[edits]") {
  crdt::doc doc;
  fill(doc);
  const auto why = refused(doc, R"([
    {"op":"setText","path":"/text","text":"changed"},
    {"op":"delete","path":"/list/0"},
    {"op":"set","path":"/meta/new","type":"map","value":{"a":1}},
    {"op":"deleteText","path":"/text","index":5,"length":10}])");
  CHECK(why.index == 3);
  CHECK(why.why.code == errc::out_of_range);
  CHECK(edits::to_string(why).starts_with("edit 3 at /text: index or length: "));
  // The document goes on.
  CHECK(done(doc, R"([{"op":"appendText","path":"/text","text":"!"}])"));
  CHECK(doc.text("text") == "hello world!");
}

TEST_CASE("only what may fail in the middle needs a copy of the document", "[edits]") {
  const auto needs = [](std::string_view json) { return edits::needs_copy(parsed(json)); };
  CHECK_FALSE(needs(R"([{"op":"appendText","path":"/t","text":"a"}])"));
  CHECK_FALSE(needs(R"([{"op":"set","path":"/m/k","value":1}])"));
  CHECK_FALSE(needs(R"([{"op":"test","path":"/m/k","exists":false},
                        {"op":"set","path":"/m/k","value":1}])"));
  CHECK(needs(R"([{"op":"setText","path":"/t","text":"a"}])"));
  CHECK(needs(R"([{"op":"set","path":"/m/k","value":{},"type":"map"}])"));
  CHECK(needs(R"([{"op":"set","path":"/m/k","value":1},{"op":"test","path":"/m/k","value":1}])"));
}

TEST_CASE("a test that fails behind a write undoes the write", "[edits]") {
  crdt::doc doc;
  fill(doc);
  const auto why = refused(doc, R"([{"op":"appendText","path":"/text","text":"!"},
    {"op":"test","path":"/text","value":"something else"}])");
  CHECK(why.why.code == errc::edit_conflict);
  CHECK(doc.text("text") == "hello world");
}

TEST_CASE("a later operation sees what an earlier one has written", "[edits]") {
  crdt::doc doc;
  CHECK(done(doc, R"([{"op":"push","path":"/todo","type":"map","value":{"done":false}},
                      {"op":"test","path":"/todo/0/done","value":false},
                      {"op":"set","path":"/todo/0/done","value":true}])"));
  CHECK(doc.array_json("todo") == R"([{"done":true}])");
}

TEST_CASE("an operation on something else is refused with what is there", "[edits]") {
  crdt::doc doc;
  fill(doc);
  CHECK(why_not(doc, R"([{"op":"appendText","path":"/meta","text":"x"}])") ==
        "edit 0 at /meta: this is a map, which the operation does not fit");
  CHECK(why_not(doc, R"([{"op":"appendText","path":"/list","text":"x"}])").find("an array") !=
        std::string::npos);
  CHECK(why_not(doc, R"([{"op":"push","path":"/text","values":[1]}])").find("a text") !=
        std::string::npos);
  CHECK(why_not(doc, R"([{"op":"set","path":"/text/key","value":1}])").find("no keys") !=
        std::string::npos);
  CHECK(why_not(doc, R"([{"op":"push","path":"/meta/tags/1","values":[1]}])").find("a map") !=
        std::string::npos);
  CHECK(why_not(doc, R"([{"op":"push","path":"/meta/title","values":[1]}])") ==
        "edit 0 at /meta/title: what is at /meta/title is a value, not a shared type; set all of "
        "it");
  CHECK(why_not(doc, R"([{"op":"push","path":"/meta/no/way","values":[1]}])") ==
        "edit 0 at /meta/no/way: there is nothing at /meta/no");
  CHECK(why_not(doc, R"([{"op":"set","path":"/list/3","value":1}])").find("insert adds one") !=
        std::string::npos);
  CHECK(why_not(doc, R"([{"op":"delete","path":"/meta/no"}])").find("nothing to delete") !=
        std::string::npos);
  CHECK(why_not(doc, R"([{"op":"delete","path":"/meta"}])").find("a root itself") !=
        std::string::npos);
  CHECK(why_not(doc, R"([{"op":"delete","path":"/meta/title","length":2}])").find("not of a key") !=
        std::string::npos);
  CHECK(refused(doc, R"([{"op":"insert","path":"/list","index":4,"values":[1]}])").why.code ==
        errc::out_of_range);
  CHECK(refused(doc, R"([{"op":"delete","path":"/list/1","length":3}])").why.code ==
        errc::out_of_range);
}

TEST_CASE("shared types of malformed values are refused, and nothing of them stays", "[edits]") {
  crdt::doc doc;
  fill(doc);
  for (const char* value :
       {R"("type":"map","value":[])", R"("type":"array","value":{})", R"("type":"text","value":1)",
        R"("type":"text","value":["x"])", R"("type":"xml","value":{"children":[]})",
        R"("type":"xml","value":1)", R"("type":"bytes","value":"?")",
        R"("type":"xml","value":{"name":"p","children":{}})",
        R"("type":"xml","value":{"name":"p","attributes":[]})",
        R"("type":"map","value":{"a":{"$type":"no","value":1}})",
        R"("type":"map","value":{"ok":1,"a":{"$type":"map"}})"}) {
    const auto why = refused(doc, std::string{R"([{"op":"set","path":"/meta/k",)"} + value + "}]");
    CHECK(why.why.code == errc::invalid_edit);
  }
}

TEST_CASE("a pair of surrogates is not cut", "[edits]") {
  crdt::doc doc;
  CHECK(done(doc, R"([{"op":"setText","path":"/t","text":"\ud83d\ude00"}])"));
  CHECK(refused(doc, R"([{"op":"insertText","path":"/t","index":1,"text":"x"}])").why.code ==
        errc::out_of_range);
}

TEST_CASE("the limits of a document hold for edits", "[edits]") {
  crdt::limits limit;
  limit.document_size_max = 4000;
  limit.name_size_max = 10;
  limit.any_depth_max = 3;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  CHECK(done(doc, R"([{"op":"setText","path":"/t","text":"x"}])"));
  const std::string large(5000, 'x');
  const auto full = refused(doc, R"([{"op":"setText","path":"/t","text":"a"},
    {"op":"setText","path":"/u","text":")" +
                                     large + R"("}])");
  CHECK(full.why.code == errc::document_full);
  CHECK(full.index == 1);
  CHECK(refused(doc, R"([{"op":"set","path":"/m/more-than-ten","value":1}])").why.code ==
        errc::name_too_long);
  CHECK(refused(doc, R"([{"op":"set","path":"/m/a","value":[[[[1]]]]}])").why.code ==
        errc::invalid_json);
}

TEST_CASE("a batch of too much work is refused", "[edits]") {
  crdt::limits limit;
  limit.update_steps_max = 1000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  std::string fill_up = "[";
  for (int i = 0; i < 200; ++i)
    fill_up.append(i == 0 ? "" : ",")
        .append(R"({"op":"push","path":"/a","type":"map","value":{}})");
  CHECK(done(doc, fill_up + "]"));
  std::string walk = R"([{"op":"set","path":"/a/199/k","value":1})";
  for (int i = 0; i < 20; ++i) walk += R"(,{"op":"set","path":"/a/199/k","value":1})";
  const auto why = refused(doc, walk + "]");
  CHECK(why.why.code == errc::too_complex);
}

}  // namespace troupe::apply_test
