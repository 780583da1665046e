#include "app/doc/tool.hpp"

#include <catch2/catch_test_macros.hpp>

#include "app/doc/input.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::doc_tool_test {

using test::after;
using test::hex;
using test::in_root;
using test::update_builder;

namespace {

using outcome = tl::expected<std::string, std::string>;

doc_input named(std::string name, byte_buffer bytes) { return {std::move(name), std::move(bytes)}; }

byte_buffer ab() { return update_builder{}.client(1).text(in_root("t"), "ab").build(); }
byte_buffer cd() { return update_builder{}.client(1, 2).text(after({1, 1}), "cd").build(); }

outcome run(doc_request request, const std::vector<doc_input>& inputs,
            const doc_input* since = nullptr) {
  return run_doc_tool(request, inputs, since);
}

outcome run(doc_action action, const std::vector<doc_input>& inputs) {
  doc_request request;
  request.action = action;
  return run(request, inputs);
}

byte_buffer bytes_of(const outcome& result) {
  REQUIRE(result.has_value());
  return {as_bytes(*result).begin(), as_bytes(*result).end()};
}

std::string error_of(const outcome& result) {
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().find('\n') == std::string::npos);
  return result.error();
}

}  // namespace

TEST_CASE("doc info tells of the file and of the document", "[doc_tool]") {
  const byte_buffer update = update_builder{}
                                 .client(7)
                                 .text(in_root("t"), "ab")
                                 .gc(3)
                                 .skip(2)
                                 .text(in_root("t"), "z")
                                 .client(2)
                                 .numbers(in_root("m", "k"), {5})
                                 .erase(7, 0, 1)
                                 .build();
  const outcome table = run(doc_action::info, {named("a.bin", update)});
  REQUIRE(table.has_value());
  CHECK(*table == "a.bin\n"
                  "  format        v1\n"
                  "  size          38 bytes\n"
                  "  updates       1\n"
                  "  structs       4: gc 1, string 2, any 1, skip 1\n"
                  "  deletes       1 clock in 1 range\n"
                  "  clients       2\n"
                  "    7           clocks 0 to 7 in 3 structs, deletes 1 clock\n"
                  "    2           clocks 0 to 0 in 1 struct\n"
                  "document\n"
                  "  items         5\n"
                  "  roots         2\n"
                  "    \"t\"         length 2, 0 keys\n"
                  "    \"m\"         length 0, 1 key\n"
                  "  state         2 clients\n"
                  "    7           clock 5\n"
                  "    2           clock 1\n"
                  "  holes         1\n"
                  "    7           clocks 5 to 6\n"
                  "  waiting       nothing\n");
}

TEST_CASE("doc info --json says the same to programs", "[doc_tool]") {
  doc_request request;
  request.as_json = true;
  const byte_buffer update =
      update_builder{}.client(7).text(in_root("t"), "ab").erase(7, 1, 1).erase(9, 4, 2).build();
  const outcome json = run(request, {named("a\"b.bin", update)});
  REQUIRE(json.has_value());
  const std::string& text = *json;
  CHECK(text.starts_with(
      R"({"files":[{"file":"a\"b.bin","format":"v1","size_bytes":20,"updates":1,"structs":1,)"
      R"("structs_by_kind":{"string":1},"unusable":[],"clients":[)"
      R"({"client":9,"structs":0,"clocks":[0,0],"deletes":[[4,6]]},)"
      R"({"client":7,"structs":1,"clocks":[0,2],"deletes":[[1,2]]}]}],"document":{"items":2,)"
      R"("roots":[{"name":"t","length":1,"keys":0}],"state_vector":{"7":2},"holes":[],)"
      R"("waiting_bytes":)"));
  CHECK_FALSE(text.ends_with(":0}}\n"));  // the deletions of client 9 wait
  CHECK(text.ends_with("}}\n"));
}

TEST_CASE("doc json shows each root as what it holds", "[doc_tool]") {
  const byte_buffer update = update_builder{}
                                 .client(1)
                                 .text(in_root("text"), "a\"b")
                                 .numbers(in_root("list"), {1, 2})
                                 .numbers(in_root("map", "k"), {3})
                                 .build();
  const outcome all = run(doc_action::json, {named("x", update)});
  REQUIRE(all.has_value());
  CHECK(*all == "{\"list\":[1,2],\"map\":{\"k\":3},\"text\":\"a\\\"b\"}\n");
  doc_request request;
  request.action = doc_action::json;
  request.root = "list";
  CHECK(run(request, {named("x", update)}) == "[1,2]\n");
  request.root = "lost";
  CHECK(error_of(run(request, {named("x", update)})) ==
        "the document has no root \"lost\"; its roots: \"text\", \"list\", \"map\"");
}

TEST_CASE("doc text joins files in order and needs no root if there is one", "[doc_tool]") {
  CHECK(run(doc_action::text, {named("1", ab()), named("2", cd())}) == "abcd\n");
  CHECK(run(doc_action::text, {named("2", cd()), named("1", ab())}) == "abcd\n");
  const byte_buffer two =
      update_builder{}.client(1).text(in_root("t"), "a").text(in_root("u\n"), "b").build();
  CHECK(error_of(run(doc_action::text, {named("x", two)})) ==
        "--root is needed: the document has not one root; its roots: \"t\", \"u\\n\"");
  CHECK(error_of(run(doc_action::text, {named("x", hex("0000"))})) ==
        "--root is needed: the document has not one root; it has no roots");
  doc_request request;
  request.action = doc_action::text;
  request.root = "t";
  CHECK(run(request, {named("x", two)}) == "a\n");
}

TEST_CASE("doc dump has a line for each struct, gap and deletion", "[doc_tool]") {
  const byte_buffer update = update_builder{}
                                 .client(5)
                                 .text(in_root("t"), "h\x1b[1m\u202e\"")
                                 .gc(2)
                                 .skip(3)
                                 .format(after({5, 5}), "bold", "true")
                                 .binary(in_root("m", "bytes"), hex("00ff"))
                                 .embed(test::between({5, 0}, {5, 1}), R"({"a":"\u0000"})")
                                 .element(test::before({5, 0}), crdt::type_kind::xml_element, "p")
                                 .numbers(test::in_type({5, 14}, "k"), {1, 2})
                                 .numbers(test::after_value({5, 16}), {3})
                                 .json(in_root("j"), {"undefined", "1"})
                                 .deleted(in_root("t"), 4)
                                 .subdocument(in_root("s"), "guid", hex("7600"))
                                 .erase(5, 0, 2)
                                 .build();
  const outcome dump = run(doc_action::dump, {named("a.bin", update)});
  REQUIRE(dump.has_value());
  const std::string& text = *dump;
  const std::string first = text.substr(0, text.find('\n') + 1);
  CHECK(first ==
        "update 1 of a.bin: " + std::to_string(update.size()) + " bytes from byte 0, format v1\n");
  CHECK(text.substr(first.size()) == "client 5, clocks 0 to 25\n"
                                     "  5:0 +7 string root=\"t\" \"h\\u001b[1m\\u202e\\\"\"\n"
                                     "  5:7 +2 gc\n"
                                     "  5:9 +3 skip\n"
                                     "  5:12 +1 format origin=5:5 \"bold\"=true\n"
                                     "  5:13 +1 binary root=\"m\" key=\"bytes\" 00ff\n"
                                     "  5:14 +1 embed origin=5:0 right=5:1 {\"a\":\"\\u0000\"}\n"
                                     "  5:15 +1 type right=5:0 xml_element \"p\"\n"
                                     "  5:16 +2 any parent=5:14 key=\"k\" [1,2]\n"
                                     "  5:18 +1 any origin=5:16 key=(that of its neighbour) [3]\n"
                                     "  5:19 +2 json root=\"j\" [undefined,1]\n"
                                     "  5:21 +4 deleted root=\"t\"\n"
                                     "  5:25 +1 doc root=\"s\" \"guid\" {}\n"
                                     "delete set\n"
                                     "  5:0 +2\n");
}

TEST_CASE("doc dump shortens long contents and says how long they are", "[doc_tool]") {
  const byte_buffer update = update_builder{}
                                 .client(1)
                                 .text(in_root("t"), std::string(59, 'x') + "\u00e4\u00e4")
                                 .binary(in_root("b"), byte_buffer(40, 0xab))
                                 .build();
  const outcome dump = run(doc_action::dump, {named("a", update)});
  REQUIRE(dump.has_value());
  CHECK(dump->find("\"" + std::string(59, 'x') + "\"... (63 bytes)\n") != std::string::npos);
  CHECK(dump->find(" abababababababababababababababab... (40 bytes)\n") != std::string::npos);
}

TEST_CASE("doc dump tells where each update of a stream lies", "[doc_tool]") {
  byte_buffer stream;
  for (const byte_buffer& update : {ab(), cd()}) {
    stream.push_back(static_cast<std::uint8_t>(update.size()));
    stream.insert(stream.end(), update.begin(), update.end());
  }
  const outcome dump = run(doc_action::dump, {named("s", stream)});
  REQUIRE(dump.has_value());
  CHECK(dump->find("update 1 of s: 12 bytes from byte 1, format v1\n") != std::string::npos);
  CHECK(dump->find("update 2 of s: 11 bytes from byte 14, format v1\n") != std::string::npos);
  CHECK(run(doc_action::text, {named("s", stream)}) == "abcd\n");
}

TEST_CASE("doc convert goes to v2 and back", "[doc_tool]") {
  doc_request request;
  request.action = doc_action::convert;
  request.to = crdt::update_format::v2;
  const byte_buffer v2 = bytes_of(run(request, {named("x", ab())}));
  CHECK(test::to_hex(v2) == "0000010100000104060374616201020101000001010000");
  request.to = crdt::update_format::v1;
  CHECK(bytes_of(run(request, {named("x", v2)})) == ab());
}

TEST_CASE("doc names contents that clients cannot use, and writes them only repaired",
          "[doc_tool]") {
  const auto subdocument = [](std::string_view options) {
    return named("x", update_builder{}
                          .client(3)
                          .text(in_root("t"), "ab")
                          .subdocument(in_root("m", "k"), "g", hex(options))
                          .build());
  };
  const doc_input bad = subdocument("7e");
  const outcome info = run(doc_action::info, {bad});
  REQUIRE(info.has_value());
  CHECK(info->find("  unusable      1 content (see --repair)\n"
                   "    3:2         options of a subdocument\n") != std::string::npos);
  CHECK(run(doc_action::text, {bad}).error().find("--root") != std::string::npos);
  doc_request request;
  request.action = doc_action::info;
  request.as_json = true;
  CHECK(run(request, {bad})
            ->find(R"("unusable":[{"client":3,"clock":2,"what":"options of a subdocument"}])") !=
        std::string::npos);
  CHECK(error_of(run(doc_action::merge, {named("good", ab()), bad})) ==
        "x: has contents that Yjs clients cannot use, 1 in all; with --repair, in 3:2 the options "
        "of a subdocument are replaced by an empty object");
  request = {};
  request.repair = true;
  request.state_vector = "00";
  for (const doc_action action : {doc_action::convert, doc_action::merge, doc_action::diff}) {
    request.action = action;
    request.to = crdt::update_format::v1;
    CHECK(bytes_of(run(request, {bad})) == subdocument("76 00").bytes);
  }
  request.to = crdt::update_format::v2;
  CHECK(bytes_of(run(request, {bad})) == bytes_of(run(request, {subdocument("76 00")})));
}

TEST_CASE("doc merge takes files of both formats and writes that of the first", "[doc_tool]") {
  doc_request request;
  request.action = doc_action::convert;
  request.to = crdt::update_format::v2;
  const byte_buffer cd_v2 = bytes_of(run(request, {named("x", cd())}));
  const byte_buffer merged =
      bytes_of(run(doc_action::merge, {named("1", ab()), named("2", cd_v2)}));
  CHECK(merged == update_builder{}.client(1).text(in_root("t"), "abcd").build());
  const byte_buffer other = bytes_of(run(doc_action::merge, {named("2", cd_v2), named("1", ab())}));
  CHECK(crdt::detect_format(other) == crdt::update_format::v2);
  CHECK(run(doc_action::text, {named("x", other)}) == "abcd\n");
}

TEST_CASE("doc diff leaves out what another file or a state vector has", "[doc_tool]") {
  const byte_buffer abcd = update_builder{}.client(1).text(in_root("t"), "abcd").build();
  doc_request request;
  request.action = doc_action::diff;
  request.since = "old";
  const doc_input old = named("old", ab());
  CHECK(bytes_of(run(request, {named("new", abcd)}, &old)) == cd());
  request.since.reset();
  for (const char* vector : {"010102", "AQEC", "AQEC=="}) {
    request.state_vector = vector;
    CHECK(bytes_of(run(request, {named("new", abcd)})) == cd());
  }
}

TEST_CASE("a state vector is read from hexadecimal and both kinds of base64", "[doc_tool]") {
  const auto vector = parse_state_vector("01ffff0305");
  REQUIRE(vector.has_value());
  CHECK(vector->clock_of(0xffff) == 5);
  CHECK(parse_state_vector("01FFFF0305") == vector);
  CHECK(parse_state_vector("Af//AwU=") == vector);
  CHECK(parse_state_vector("Af__AwU") == vector);
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"no vector", "--state-vector: neither hexadecimal nor base64"},
           {"0101", "--state-vector: truncated: state vector count at byte 1"},
           {"", "--state-vector: truncated: integer at byte 0"}}) {
    INFO(text);
    const auto refused = parse_state_vector(text);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == expected);
  }
}

TEST_CASE("an input that is not an update is refused with the format and the byte", "[doc_tool]") {
  const byte_buffer whole = ab();
  const byte_buffer cut{whole.begin(), whole.begin() + 10};
  const auto refused = [](byte_buffer bytes, std::optional<crdt::update_container> format = {}) {
    doc_request request;
    request.format = format;
    return error_of(run(request, {named("f", std::move(bytes))}));
  };
  CHECK(refused({}) == "f: empty; the smallest update is 2 bytes, 00 00");
  CHECK(refused(cut) ==
        "f: not an update: truncated: bytes at byte 9 of 10, read as v1 (--format reads "
        "it as another)");
  CHECK(refused(cut, crdt::update_container::v1) ==
        "f: not an update: truncated: bytes at byte 9 of 10, read as v1");
  CHECK(refused(hex("000000000000")).find("read as v2 (") != std::string::npos);
  CHECK(refused(ab(), crdt::update_container::v2).ends_with("read as v2"));
  byte_buffer stream{static_cast<std::uint8_t>(whole.size())};
  stream.insert(stream.end(), whole.begin(), whole.end());
  stream.push_back(9);
  CHECK(refused(stream) ==
        "f: not an update: truncated: update 2 of the stream, bytes at byte 14 of 14, read as "
        "stream of v1 (--format reads it as another)");
}

TEST_CASE("what is shown in a line has nothing a terminal acts upon", "[doc_tool]") {
  CHECK(quoted_text("a\x7f\n\t\u0085\u2028\u2066\ufeff\U0001f600\\") ==
        "\"a\\u007f\\n\\t\\u0085\\u2028\\u2066\\ufeff\U0001f600\\\\\"");
  CHECK(one_line("\"\\\x01") == "\"\\\\u0001");
  CHECK(quoted_text("") == "\"\"");
  CHECK(quoted_text("abcdef", 3) == "\"abc\"... (6 bytes)");
  CHECK(quoted_text("abc", 3) == "\"abc\"");
}

}  // namespace troupe::doc_tool_test
