#include "net/document_path.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace troupe;

namespace {

std::string name_of(std::string_view target) {
  const auto name = document_name_from_target(target);
  REQUIRE(name.has_value());
  return *name;
}

/// The detail of the failure; fails the test if there is none or if it is another one.
std::string refusal_of(std::string_view target) {
  const auto name = document_name_from_target(target);
  REQUIRE_FALSE(name.has_value());
  CHECK(name.error().code == errc::invalid_name);
  return name.error().detail;
}

}  // namespace

TEST_CASE("the document name is the path without its slash and query", "[document_path]") {
  CHECK(name_of("/notes") == "notes");
  CHECK(name_of("/notes?token=a/b?c") == "notes");
  CHECK(name_of("/team/notes") == "team/notes");
  CHECK(name_of("//notes") == "/notes");
  CHECK(name_of("/notes/") == "notes/");
}

TEST_CASE("the document name is percent-decoded exactly once", "[document_path]") {
  CHECK(name_of("/a%20b") == "a b");
  CHECK(name_of("/a+b") == "a+b");
  CHECK(name_of("/a%2Fb%2fc") == "a/b/c");
  CHECK(name_of("/a%2520b") == "a%20b");
  CHECK(name_of("/a%3Fb?c") == "a?b");
  CHECK(name_of("/%C3%A9") == "\xC3\xA9");
}

TEST_CASE("a malformed percent escape is refused", "[document_path]") {
  for (std::string_view target : {"/a%", "/a%2", "/a%2x", "/a%zz", "/%%20"}) {
    CAPTURE(target);
    CHECK(refusal_of(target).find("'%'") != std::string::npos);
  }
}

TEST_CASE("an empty document name is refused", "[document_path]") {
  CHECK(refusal_of("/").find("empty") != std::string::npos);
  CHECK(refusal_of("/?a=b").find("empty") != std::string::npos);
}

TEST_CASE("a target that is no path is refused", "[document_path]") {
  CHECK(refusal_of("").find("start with") != std::string::npos);
  CHECK(refusal_of("*").find("start with") != std::string::npos);
  CHECK(refusal_of("http://host/notes").find("start with") != std::string::npos);
}

TEST_CASE("the limit of a document name counts decoded bytes", "[document_path]") {
  CHECK(name_of("/" + std::string(512, 'n')).size() == 512);
  CHECK(refusal_of("/" + std::string(513, 'n')).find("512") != std::string::npos);
  std::string escaped = "/";
  for (int i = 0; i < 512; ++i) escaped += "%6E";
  CHECK(name_of(escaped).size() == 512);
}

TEST_CASE("control characters and invalid UTF-8 are refused", "[document_path]") {
  for (std::string_view target : {"/a%00", "/a%0A", "/a%1f", "/a%7F", "/a\tb"}) {
    CAPTURE(target);
    CHECK(refusal_of(target).find("control") != std::string::npos);
  }
  for (std::string_view target : {"/a%FF", "/%C3", "/%ED%A0%80", "/%C0%AF"}) {
    CAPTURE(target);
    CHECK(refusal_of(target).find("UTF-8") != std::string::npos);
  }
}

TEST_CASE("the query is what follows the first question mark", "[document_path]") {
  CHECK(query_of_target("/notes?a=b&c=%20?d") == "a=b&c=%20?d");
  CHECK(query_of_target("/notes?") == "");
  CHECK(query_of_target("/notes") == "");
  CHECK(path_of_target("/notes?a") == "/notes");
}

TEST_CASE("an upgrade at the root names no document", "[document_path]") {
  CHECK(document_of_upgrade("/") == std::string{});
  CHECK(document_of_upgrade("/?userId=a") == std::string{});
  CHECK(document_of_upgrade("/notes?userId=a") == "notes");
  CHECK(document_of_upgrade("//") == "/");
  CHECK_FALSE(document_of_upgrade("").has_value());
  CHECK_FALSE(document_of_upgrade("?a=/").has_value());
  CHECK_FALSE(document_of_upgrade("/%zz").has_value());
  CHECK_FALSE(document_of_upgrade("/%00").has_value());
}

TEST_CASE("a parameter of the query is found by its whole name", "[document_path]") {
  CHECK(query_parameter("userId=ada", "userId") == "ada");
  CHECK(query_parameter("x=1&userId=ada&y=2", "userId") == "ada");
  CHECK(query_parameter("xuserId=1&userIdx=2&userId=ada", "userId") == "ada");
  CHECK(query_parameter("userid=ada", "userId").empty());
  CHECK(query_parameter("x=userId=ada", "userId").empty());
  CHECK(query_parameter("userId", "userId").empty());
  CHECK(query_parameter("userId=", "userId").empty());
  CHECK(query_parameter("", "userId").empty());
  CHECK(query_parameter("&&&userId=ada&&", "userId") == "ada");
  CHECK(query_parameter("userId=first&userId=second", "userId") == "first");
  CHECK(query_parameter("userId=a=b", "userId") == "a=b");
}

TEST_CASE("the value of a parameter is decoded, a plus as a space", "[document_path]") {
  CHECK(query_parameter("userId=Ada%20L", "userId") == "Ada L");
  CHECK(query_parameter("userId=Ada+L", "userId") == "Ada L");
  CHECK(query_parameter("userId=a%2Bb%26c", "userId") == "a+b&c");
  CHECK(query_parameter("userId=%C3%A9", "userId") == "\xC3\xA9");
  CHECK(query_parameter("userId=%2541", "userId") == "%41");
  for (const std::string_view query : {"userId=%", "userId=a%2", "userId=%zz"})
    CHECK(query_parameter(query, "userId").empty());
}

TEST_CASE("a parameter that is not there is told from one that is empty or malformed",
          "[document_path]") {
  CHECK(*find_query_parameter("after=a+b&limit=", "after") == std::optional<std::string>{"a b"});
  CHECK(*find_query_parameter("after=a&limit=", "limit") == std::optional<std::string>{""});
  CHECK(*find_query_parameter("after=a", "limit") == std::nullopt);
  CHECK(*find_query_parameter("after", "after") == std::nullopt);
  const auto malformed = find_query_parameter("limit=1&after=%2", "after");
  REQUIRE_FALSE(malformed.has_value());
  CHECK(malformed.error().code == errc::invalid_name);
}
