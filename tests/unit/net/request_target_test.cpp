#include "net/request_target.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::request_target_test {

namespace {

std::string path_in(std::string_view target) {
  const auto path = decoded_path(target);
  REQUIRE(path.has_value());
  return *path;
}

/// The detail of the failure; fails the test if there is none or if it is another one.
std::string refusal_of(std::string_view target) {
  const auto path = decoded_path(target);
  REQUIRE_FALSE(path.has_value());
  CHECK(path.error().code == errc::invalid_name);
  return path.error().detail;
}

}  // namespace

TEST_CASE("the path ends at the query", "[request_target]") {
  CHECK(path_in("/notes") == "/notes");
  CHECK(path_in("/notes?token=a/b?c") == "/notes");
  CHECK(path_in("/team/notes") == "/team/notes");
  CHECK(path_in("//notes") == "//notes");
  CHECK(path_in("/notes/") == "/notes/");
  CHECK(path_in("/") == "/");
  CHECK(path_in("/?a=b") == "/");
}

TEST_CASE("the path is percent-decoded exactly once", "[request_target]") {
  CHECK(path_in("/a%20b") == "/a b");
  CHECK(path_in("/a+b") == "/a+b");
  CHECK(path_in("/a%2Fb%2fc") == "/a/b/c");
  CHECK(path_in("/a%2520b") == "/a%20b");
  CHECK(path_in("/a%3Fb?c") == "/a?b");
  CHECK(path_in("/%C3%A9") == "/\xC3\xA9");
}

TEST_CASE("a percent sign that begins no escape stands for itself", "[request_target]") {
  CHECK(path_in("/100%") == "/100%");
  CHECK(path_in("/a%2") == "/a%2");
  CHECK(path_in("/a%2x") == "/a%2x");
  CHECK(path_in("/a%zz%20b") == "/a%zz b");
  CHECK(path_in("/%%20") == "/% ");
  CHECK(path_in("/%%%41") == "/%%A");
  CHECK(decoded_name("50%25 or 50%") == "50% or 50%");
  CHECK_FALSE(percent_decoded("50%").has_value());
}

TEST_CASE("of an absolute target the host is left out", "[request_target]") {
  CHECK(path_in("http://host/notes") == "/notes");
  CHECK(path_in("HTTPS://host:8443/a%20b?x=/y") == "/a b");
  CHECK(path_in("ws://host/a") == "/a");
  CHECK(path_in("wss://[::1]:3001/a//b") == "/a//b");
  CHECK(path_in("http://host") == "/");
  CHECK(path_in("http://host?x") == "/");
  CHECK(query_of_target("http://host/notes?a=b") == "a=b");
  CHECK(host_of_target("http://host:80/notes") == "host:80");
  CHECK(host_of_target("ws://[::1]:3001") == "[::1]:3001");
  CHECK(host_of_target("/http://host/x").empty());
  CHECK(path_in("/http://host/x") == "/http://host/x");
}

TEST_CASE("a target that is no path is refused", "[request_target]") {
  CHECK(refusal_of("").find("start with") != std::string::npos);
  CHECK(refusal_of("*").find("start with") != std::string::npos);
  CHECK(refusal_of("?a=/").find("start with") != std::string::npos);
  CHECK(refusal_of("%2Fnotes").find("start with") != std::string::npos);
  CHECK(refusal_of("ftp://host/notes").find("start with") != std::string::npos);
}

TEST_CASE("the query is what follows the first question mark", "[request_target]") {
  CHECK(query_of_target("/notes?a=b&c=%20?d") == "a=b&c=%20?d");
  CHECK(query_of_target("/notes?") == "");
  CHECK(query_of_target("/notes") == "");
  CHECK(path_of_target("/notes?a") == "/notes");
}

TEST_CASE("a parameter of the query is found by its whole name", "[request_target]") {
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

TEST_CASE("the value of a parameter is decoded, a plus as a space", "[request_target]") {
  CHECK(query_parameter("userId=Ada%20L", "userId") == "Ada L");
  CHECK(query_parameter("userId=Ada+L", "userId") == "Ada L");
  CHECK(query_parameter("userId=a%2Bb%26c", "userId") == "a+b&c");
  CHECK(query_parameter("userId=%C3%A9", "userId") == "\xC3\xA9");
  CHECK(query_parameter("userId=%2541", "userId") == "%41");
  for (const std::string_view query : {"userId=%", "userId=a%2", "userId=%zz"})
    CHECK(query_parameter(query, "userId").empty());
}

TEST_CASE("a parameter that is not there is told from one that is empty or malformed",
          "[request_target]") {
  CHECK(*find_query_parameter("after=a+b&limit=", "after") == std::optional<std::string>{"a b"});
  CHECK(*find_query_parameter("after=a&limit=", "limit") == std::optional<std::string>{""});
  CHECK(*find_query_parameter("after=a", "limit") == std::nullopt);
  CHECK(*find_query_parameter("after", "after") == std::nullopt);
  const auto malformed = find_query_parameter("limit=1&after=%2", "after");
  REQUIRE_FALSE(malformed.has_value());
  CHECK(malformed.error().code == errc::invalid_name);
}

}  // namespace troupe::request_target_test
