#include "net/watch/watched_directory.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::watched_directory_test {

namespace {

watched_directory with(std::vector<std::string> include, std::vector<std::string> exclude) {
  watched_directory made;
  for (const std::string& pattern : include) made.include.push_back(*glob::parse(pattern));
  for (const std::string& pattern : exclude) made.exclude.push_back(*glob::parse(pattern));
  return made;
}

std::string document_of(std::string_view text, std::string_view path) {
  watched_directory from;
  from.document = text;
  const auto name = document_of_file(from, path);
  return name ? *name : "refused: " + name.error().detail;
}

std::string refusal_of_template(std::string_view text) {
  const auto checked = check_document_template(text);
  return checked ? "" : checked.error().detail;
}

}  // namespace

TEST_CASE("without patterns every file and directory is wanted", "[watch]") {
  CHECK(wants_file({}, "a/b"));
  CHECK(wants_directory({}, "a"));
}

TEST_CASE("include chooses files, exclude wins over it", "[watch]") {
  const watched_directory from = with({"*.md", "**/*.txt"}, {"secret*"});
  CHECK(wants_file(from, "a.md"));
  CHECK(wants_file(from, "x/a.txt"));
  CHECK_FALSE(wants_file(from, "a.rs"));
  CHECK_FALSE(wants_file(from, "x/secret.md"));
  CHECK(wants_directory(from, "x"));
}

TEST_CASE("a directory that is excluded, or all that is in it, is not looked into", "[watch]") {
  const watched_directory from = with({}, {".git/**", "node_modules", "*.swp"});
  CHECK_FALSE(wants_directory(from, ".git"));
  CHECK_FALSE(wants_directory(from, "x/node_modules"));
  CHECK(wants_directory(from, "x/.git"));
  CHECK(wants_directory(from, "x"));
}

TEST_CASE("the document's name is the template with the path in it", "[watch]") {
  CHECK(document_of("{path}", "x/a.md") == "x/a.md");
  CHECK(document_of("notes/{path}", "x/a.md") == "notes/x/a.md");
  CHECK(document_of("{path}:{path}", "a") == "a:a");
  CHECK(document_of("all-of-them", "x/a.md") == "all-of-them");
  CHECK(document_of("{path}", "{path}") == "{path}");
}

TEST_CASE("a path that makes no document's name is refused", "[watch]") {
  CHECK(document_of("{path}", "a\n") == "refused: the document name has control characters");
  CHECK(document_of("{path}", "a\xFF") == "refused: the path is not valid UTF-8");
  CHECK(document_of("all", "a\xFF") == "refused: the path is not valid UTF-8");
  CHECK(document_of("{path}", std::string(513, 'a')) ==
        "refused: the document name is longer than 512 bytes");
  CHECK(document_of("all", std::string(513, 'a')) == "all");
}

TEST_CASE("a template that makes no document's name is refused", "[watch]") {
  CHECK(refusal_of_template("{path}").empty());
  CHECK(refusal_of_template("notes").empty());
  CHECK(refusal_of_template("") == "is empty");
  CHECK(refusal_of_template("{name}") == "has a brace that is not of {path}, the only placeholder");
  CHECK(refusal_of_template("{path") == "has a brace that is not of {path}, the only placeholder");
  CHECK(refusal_of_template("a\tb") ==
        "gives no name for a document: the document name has control characters");
}

}  // namespace troupe::watched_directory_test
