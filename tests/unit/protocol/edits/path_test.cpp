#include "protocol/edits/path.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::path_test {

using form = edits::path::step::form;

namespace {

edits::path read(std::string_view json) {
  auto path = edits::read_path(json);
  INFO(json);
  REQUIRE(path);
  return *path;
}

std::string refused(std::string_view json) {
  const auto path = edits::read_path(json);
  INFO(json);
  REQUIRE_FALSE(path);
  CHECK(path.error().code == errc::invalid_edit);
  return path.error().detail;
}

}  // namespace

TEST_CASE("a pointer names a root, then keys and numbers that may be either", "[edits]") {
  const edits::path path = read(R"("/notes/0/title/007")");
  CHECK(path.root == "notes");
  REQUIRE(path.steps.size() == 3);
  CHECK(path.steps[0].is == form::either);
  CHECK(path.steps[0].index == 0);
  CHECK(path.steps[0].key == "0");
  CHECK(path.steps[1].is == form::key);
  CHECK(path.steps[2].is == form::key);  // no number is written like this
  CHECK(edits::to_string(path) == "/notes/0/title/007");
}

TEST_CASE("a pointer escapes slash and tilde", "[edits]") {
  const edits::path path = read(R"("/a~1b/c~0d/~01")");
  CHECK(path.root == "a/b");
  CHECK(path.steps[0].key == "c~d");
  CHECK(path.steps[1].key == "~1");
  CHECK(edits::to_string(path) == "/a~1b/c~0d/~01");
  CHECK(read(R"("/")").root.empty());
  CHECK(read(R"("//")").steps.size() == 1);
}

TEST_CASE("in an array texts are keys and numbers are indices", "[edits]") {
  const edits::path path = read(R"([ "notes", 3, "3" ])");
  CHECK(path.root == "notes");
  REQUIRE(path.steps.size() == 2);
  CHECK(path.steps[0].is == form::index);
  CHECK(path.steps[0].index == 3);
  CHECK(path.steps[1].is == form::key);
  CHECK(path.steps[1].key == "3");
}

TEST_CASE("what is no path is refused with what is wrong", "[edits]") {
  CHECK(refused(R"("notes")").find("begin with /") != std::string::npos);
  CHECK(refused(R"("/a~2")").find("~") != std::string::npos);
  CHECK(refused(R"("/a~")").find("~") != std::string::npos);
  CHECK(refused("[]") == "path is empty");
  CHECK(refused("[0]").find("root") != std::string::npos);
  CHECK(refused(R"(["a", -1])").find("key or an index") != std::string::npos);
  CHECK(refused(R"(["a", 1.5])").find("key or an index") != std::string::npos);
  CHECK(refused(R"(["a", 4294967296])").find("key or an index") != std::string::npos);
  CHECK(refused(R"(["a", null])").find("key or an index") != std::string::npos);
  CHECK(refused("7").find("text") != std::string::npos);
  std::string deep = "\"";
  for (std::size_t i = 0; i <= edits::path_steps_max + 1; ++i) deep += "/a";
  CHECK(refused(deep + "\"").find("more than 100 steps") != std::string::npos);
}

TEST_CASE("a long path is shortened where it is shown", "[edits]") {
  const std::string long_key(1000, 'x');
  CHECK(edits::to_string(read("\"/" + long_key + "\"")).size() < 250);
}

}  // namespace troupe::path_test
