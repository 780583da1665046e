#include "protocol/edits/batch.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::batch_test {

using edits::batch;
using edits::kind;

namespace {

edits::edit_error refused(std::string_view json) {
  const auto parsed = batch::parse(json);
  INFO(json);
  REQUIRE_FALSE(parsed);
  return parsed.error();
}

/// The text of the failure of a batch of one operation.
std::string wrong(std::string_view operation) {
  const auto why = refused("[" + std::string{operation} + "]");
  CHECK(why.index == 0);
  CHECK(why.why.code == errc::invalid_edit);
  return edits::to_string(why);
}

}  // namespace

TEST_CASE("every operation is read with what it needs", "[edits]") {
  const auto parsed = batch::parse(R"( [
    {"op":"insertText","path":"/t","index":3,"text":"x","attributes":{"b":true}},
    {"op":"deleteText","path":"/t","index":0,"length":2},
    {"op":"formatText","path":"/t","index":0,"length":2,"attributes":{"b":null}},
    {"op":"appendText","path":"/t","text":"\u00e4"},
    {"op":"setText","path":"/t","text":""},
    {"op":"insertEmbed","path":"/t","index":0,"value":{"image":1}},
    {"op":"insert","path":"/a","index":0,"values":[1,{}]},
    {"op":"push","path":"/a","type":"map","value":{"k":1}},
    {"op":"set","path":"/m/k","value":[1]},
    {"op":"delete","path":"/m/k"},
    {"op":"setAttribute","path":"/x/0","name":"class","value":"big"},
    {"op":"removeAttribute","path":"/x/0","name":"class"},
    {"op":"test","path":"/m","exists":false} ] )");
  REQUIRE(parsed);
  const auto& all = parsed->operations();
  REQUIRE(all.size() == 13);
  CHECK(all[0].what == kind::insert_text);
  CHECK(all[0].index == 3);
  CHECK(all[0].text == "x");
  CHECK(all[0].attributes == R"({"b":true})");
  CHECK(all[1].length == 2);
  CHECK(all[3].text == "\u00e4");
  CHECK(all[6].has_many);
  CHECK(all[6].value == "[1,{}]");
  CHECK(all[7].type == edits::content_type::map);
  CHECK(all[8].value == "[1]");
  CHECK(all[9].length == 1);
  CHECK(all[10].text == "class");
  CHECK_FALSE(all[12].exists);
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(all[i].what == static_cast<kind>(i));  // each once, in the order of the enumerators
}

TEST_CASE("a batch keeps its text, wherever it goes", "[edits]") {
  auto text = std::make_unique<std::string>(R"([{"op":"push","path":"/a","values":[1]}])");
  auto parsed = batch::parse(*text);
  REQUIRE(parsed);
  text.reset();
  const batch copy = *parsed;
  *parsed = batch{};
  CHECK(copy.operations()[0].value == "[1]");
}

TEST_CASE("a list that is none is refused as a whole", "[edits]") {
  CHECK(refused("{}").index == edits::edit_error::no_index);
  CHECK(edits::to_string(refused("{}")) == "the edits must be an array");
  CHECK(refused("[").why.code == errc::invalid_json);
  CHECK(refused("[\"\xff\"]").why.code == errc::invalid_utf8);
  CHECK(refused(R"([{"op":"\ud800"}])").why.code == errc::invalid_json);
  CHECK(batch::parse("[]")->operations().empty());
  std::string deep(edits::value_depth_max + 1, '[');
  deep.append(edits::value_depth_max + 1, ']');
  CHECK(refused(R"([{"op":"set","path":"/m/k","value":)" + deep + "}]").why.code == errc::too_deep);
}

TEST_CASE("an operation that is malformed is refused with its number and path", "[edits]") {
  const auto why = refused(R"([{"op":"push","path":"/a","values":[]},{"op":"fly","path":"/b/c"}])");
  CHECK(why.index == 1);
  CHECK(why.path == "/b/c");
  CHECK(edits::to_string(why) == "edit 1 at /b/c: there is no op 'fly'");
  CHECK(wrong("7") == "edit 0: an edit must be an object");
  CHECK(wrong("{}") == "edit 0: path is missing");
  CHECK(wrong(R"({"op":"setText"})") == "edit 0: path is missing");
  CHECK(wrong(R"({"path":"/t"})") == "edit 0 at /t: op is missing, or is not a text");
  CHECK(wrong(R"({"op":"setText","path":"/t"})") == "edit 0 at /t: text is missing");
  CHECK(wrong(R"({"op":"setText","path":"/t","text":1})") == "edit 0 at /t: text must be a text");
  CHECK(wrong(R"({"op":"setText","path":"/t","text":"","index":1})") ==
        "edit 0 at /t: setText has no index");
  CHECK(wrong(R"({"op":"setText","path":"/t","test":""})") ==
        "edit 0 at /t: there is no member 'test'");
  CHECK(wrong(R"({"op":"deleteText","path":"/t","index":-1,"length":1})").find("index must be") !=
        std::string::npos);
  CHECK(wrong(R"({"op":"deleteText","path":"/t","index":0,"length":1e3})").find("length must be") !=
        std::string::npos);
  CHECK(wrong(R"({"op":"push","path":"/a"})").find("one of value and values") != std::string::npos);
  CHECK(wrong(R"({"op":"push","path":"/a","value":1,"values":[1]})").find("one of") !=
        std::string::npos);
  CHECK(wrong(R"({"op":"push","path":"/a","values":[1],"type":"map"})").find("type goes with") !=
        std::string::npos);
  CHECK(wrong(R"({"op":"push","path":"/a","values":1})").find("must be an array") !=
        std::string::npos);
  CHECK(wrong(R"({"op":"set","path":"/m/k","value":1,"type":"set"})").find("type must be") !=
        std::string::npos);
  CHECK(wrong(R"({"op":"test","path":"/m"})").find("one of value and exists") != std::string::npos);
  CHECK(wrong(R"({"op":"test","path":"/m","exists":1})").find("true or false") !=
        std::string::npos);
  CHECK(wrong(R"({"op":"formatText","path":"/t","index":0,"length":1,"attributes":[]})")
            .find("must be an object") != std::string::npos);
}

TEST_CASE("a batch has at most so many operations", "[edits]") {
  std::string text = "[";
  for (std::size_t i = 0; i <= edits::operations_max; ++i)
    text.append(i == 0 ? "" : ",").append(R"({"op":"test","path":"/m","exists":true})");
  CHECK(refused(text + "]").why.code == errc::update_too_large);
}

}  // namespace troupe::batch_test
