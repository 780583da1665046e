// The example of protocol/crdt/README.md, as it stands there, line by line.
#include <iostream>
#include <regex>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/read/relative_position.hpp"
#include "tests/support/doc_checks.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::reading_example_test {

using namespace troupe::test;

namespace {

std::string read_example(byte_view update, byte_view further, std::ostringstream& told) {
  std::streambuf* const console = std::cout.rdbuf(told.rdbuf());
  struct restore {
    std::streambuf* to;
    ~restore() { std::cout.rdbuf(to); }
  } const at_end{console};

  crdt::doc doc{{crdt::garbage_collection::off, {}}};  // keeps what is deleted, for snapshots
  if (const auto applied = doc.apply_update(update); !applied)
    return to_string(applied.error());  // "truncated: ... at byte 12"; the document is as it was

  for (const crdt::root_info& root : doc.roots())  // sorted by name
    std::cout << root.name << ": " << to_string(root.contents.kind) << '\n';
  doc.text("body");        // the plain text
  doc.delta_json("body");  // [{"insert":"Hello","attributes":{"bold":true}}]
  doc.map_json("meta");    // {"title":"a"}
  doc.json();              // all roots: {"body":"Hello","meta":{"title":"a"}}

  const crdt::snapshot before = doc.snapshot();
  const auto cursor = *crdt::relative_position_at(doc.contents(), "body", 5);
  if (!doc.apply_update(further)) return "refused";
  doc.view_at(before).text("body");                            // as it was
  crdt::encode_state_at(doc.contents(), before);               // as an update for an empty document
  const auto now_at = resolve(doc.contents(), cursor)->index;  // where the cursor is now

  // What the comments say.
  const auto& past = doc.view_at(before);
  CHECK(past.text("body") == "Hello");
  CHECK(past.delta_json("body") == R"([{"insert":"Hello","attributes":{"bold":true}}])");
  CHECK(past.map_json("meta") == R"({"title":"a"})");
  CHECK(past.json() == R"({"body":"Hello","meta":{"title":"a"}})");
  CHECK(now_at == 6);
  return doc.text("body");
}

/// Code without its spaces, which the formatter of the sources moves.
std::string without_spaces(const std::string& code) {
  return std::regex_replace(code, std::regex{"\\s+"}, "");
}

std::string text_of(const std::string& path) {
  const auto bytes = read_file(std::string{TROUPE_SOURCE_DIR} + "/" + path);
  REQUIRE(bytes);
  return std::string{as_text(*bytes)};
}

}  // namespace

TEST_CASE("the example of the engine's page runs and does what it says", "[crdt][docs]") {
  const byte_buffer update = update_builder{}
                                 .client(1)
                                 .format(in_root("body"), "bold", "true")
                                 .text(after({1, 0}), "Hello")
                                 .any(in_root("meta", "title"), 1, hex("770161"))
                                 .build();
  const byte_buffer further = update_builder{}.client(1, 7).text(after({1, 5}), "!").build();
  std::ostringstream told;
  CHECK(read_example(update, further, told) == "Hello!");
  CHECK(told.str() == "body: text\nmeta: map\n");
  CHECK(read_example(hex("01"), further, told).starts_with("truncated"));
}

TEST_CASE("the example of the engine's page is the one that is tested", "[crdt][docs]") {
  const std::string page = text_of("protocol/crdt/README.md");
  const std::size_t from = page.find("```cpp\n") + 7;
  const std::string example = page.substr(from, page.find("```", from) - from);
  REQUIRE(example.size() > 100);
  CHECK(without_spaces(text_of("tests/unit/protocol/crdt/reading_example_test.cpp"))
            .find(without_spaces(example)) != std::string::npos);
}

}  // namespace troupe::reading_example_test
