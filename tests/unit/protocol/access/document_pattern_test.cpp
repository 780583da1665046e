#include "protocol/access/document_pattern.hpp"

#include <chrono>
#include <map>

#include <catch2/catch_test_macros.hpp>

namespace troupe::document_pattern_test {

using access::document_pattern;
using texts = std::vector<std::string>;
using enum document_pattern::placeholders;

namespace {

bool matches(std::string_view pattern, std::string_view name) {
  INFO(pattern << " and " << name);
  const auto made = document_pattern::glob(pattern);
  REQUIRE(made.has_value());
  return made->matches(name);
}

std::string refusal_of(const result<document_pattern>& made) {
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == errc::invalid_config);
  return made.error().detail;
}

bool named_matches(std::string_view pattern, std::string_view name,
                   const std::map<std::string, texts>& claims) {
  INFO(pattern << " and " << name);
  const auto made = document_pattern::named(pattern);
  REQUIRE(made.has_value());
  return made->matches(name, [&](std::string_view claim) {
    const auto found = claims.find(std::string{claim});
    return found == claims.end() ? texts{} : found->second;
  });
}

}  // namespace

TEST_CASE("an exact name matches itself only", "[access][pattern]") {
  const auto pattern = document_pattern::exact("wiki/*");
  CHECK(pattern.matches("wiki/*"));
  for (const char* const name : {"wiki/a", "wiki/", "wiki", "wiki/*a", ""})
    CHECK_FALSE(pattern.matches(name));
}

TEST_CASE("a prefix matches what begins with it", "[access][pattern]") {
  const auto pattern = document_pattern::prefix("wiki/");
  CHECK(pattern.matches("wiki/a"));
  CHECK(pattern.matches("wiki/a/b"));
  CHECK(pattern.matches("wiki/"));
  CHECK_FALSE(pattern.matches("wiki"));
  CHECK_FALSE(pattern.matches("Wiki/a"));
  CHECK_FALSE(pattern.matches("a/wiki/"));
  CHECK(document_pattern::prefix("").matches("anything"));
}

TEST_CASE("a star stays in its part of the name, two stars do not", "[access][pattern]") {
  CHECK(matches("wiki/*", "wiki/a"));
  CHECK(matches("wiki/*", "wiki/"));
  CHECK_FALSE(matches("wiki/*", "wiki/a/b"));
  CHECK_FALSE(matches("wiki/*", "x/wiki/a"));
  CHECK_FALSE(matches("*", "a/b"));
  CHECK(matches("**", "a/b"));
  CHECK(matches("wiki/**", "wiki/a/b"));
  CHECK(matches("wiki**end", "wiki/a/end"));
  CHECK(matches("*a*b*", "xxaxxbxx"));
  CHECK_FALSE(matches("*a*b*", "xxbxxaxx"));
  CHECK_FALSE(matches("*a*b*", "a/b"));
  CHECK(matches("*/plan", "team/plan"));
  CHECK_FALSE(matches("*/plan", "plan"));
}

TEST_CASE("two stars and a slash stand for whole parts, or for nothing", "[access][pattern]") {
  for (const char* const name : {"plan", "a/plan", "a/b/plan"}) CHECK(matches("**/plan", name));
  CHECK_FALSE(matches("**/plan", "xplan"));
  CHECK_FALSE(matches("**/plan", "a/xplan"));
  CHECK(matches("a/**/b", "a/b"));
  CHECK(matches("a/**/b", "a/x/y/b"));
  CHECK_FALSE(matches("a/**/b", "a/xb"));
  CHECK(matches("**/**/b", "b"));
  CHECK(matches("**/**/b", "x/b"));
  CHECK_FALSE(matches("**/**/b", "xb"));
  CHECK(matches("a**/b", "ax/y/b"));
  CHECK_FALSE(matches("a**/b", "ab"));
  CHECK(matches("**/*/c", "a/b/c"));
  CHECK_FALSE(matches("**/*/c", "c"));
}

TEST_CASE("a question mark is one character, whatever its bytes", "[access][pattern]") {
  CHECK(matches("a?c", "abc"));
  CHECK(matches("a?c", "a\xC3\xA9"
                       "c"));
  CHECK(matches("a?c", "a\xF0\x9F\x98\x80"
                       "c"));
  CHECK_FALSE(matches("a?c", "ac"));
  CHECK_FALSE(matches("a?c", "a/c"));
  CHECK_FALSE(matches("a??c", "a\xC3\xA9"
                              "c"));
  CHECK(matches("*?", "\xC3\xA9"));
  CHECK_FALSE(matches("*??", "\xC3\xA9"));
  CHECK(matches("**??", "\xC3\xA9x"));
}

TEST_CASE("a backslash takes a character's meaning", "[access][pattern]") {
  CHECK(matches("a\\*", "a*"));
  CHECK_FALSE(matches("a\\*", "ab"));
  CHECK(matches("\\[x\\]\\{y\\}\\\\", "[x]{y}\\"));
}

TEST_CASE("patterns with mistakes are refused", "[access][pattern]") {
  CHECK(refusal_of(document_pattern::glob("")) == "is empty");
  CHECK(refusal_of(document_pattern::glob(std::string(513, 'a'))) == "is longer than 512 bytes");
  CHECK(refusal_of(document_pattern::glob("a\\")) == "ends with a backslash");
  for (const char* const text : {"[a-z]", "a]", "{a,b}", "a}"})
    CHECK(refusal_of(document_pattern::glob(text)).find("that has no meaning") !=
          std::string::npos);
  CHECK(refusal_of(document_pattern::glob("{user", yes)) == "has a '{' without its '}'");
  CHECK(refusal_of(document_pattern::glob("{}", yes)) == "has a placeholder that names no claim");
  CHECK(refusal_of(document_pattern::glob("{a}{b}{c}{d}{e}", yes)) ==
        "has more than 4 placeholders");
}

TEST_CASE("a name of a rule is a name, or with a star at its end a prefix", "[access][pattern]") {
  CHECK(named_matches("wiki/start", "wiki/start", {}));
  CHECK_FALSE(named_matches("wiki/start", "wiki/start2", {}));
  CHECK(named_matches("wiki/*", "wiki/a/b", {}));
  CHECK(named_matches("*", "a/b", {}));
  CHECK(named_matches("a*b", "a*b", {}));
  CHECK_FALSE(named_matches("a*b", "axb", {}));
  CHECK(named_matches("a\\*", "a*", {}));
  CHECK_FALSE(named_matches("a\\*", "ab", {}));
  CHECK(named_matches("a?[b]", "a?[b]", {}));
}

TEST_CASE("a placeholder stands for what the claim says, and for nothing else",
          "[access][pattern]") {
  const std::map<std::string, texts> ada{{"user", {"ada"}}, {"star", {"*"}}, {"mark", {"?"}}};
  CHECK(named_matches("home/{user}/*", "home/ada/notes", ada));
  CHECK_FALSE(named_matches("home/{user}/*", "home/bob/notes", ada));
  CHECK_FALSE(named_matches("home/{user}/*", "home/adam", ada));
  CHECK(named_matches("{user}", "ada", ada));
  CHECK_FALSE(named_matches("home/{star}", "home/ada", ada));
  CHECK(named_matches("home/{star}", "home/*", ada));
  CHECK_FALSE(named_matches("home/{mark}", "home/a", ada));
  CHECK_FALSE(named_matches("home/{nothing}*", "home/ada", ada));
  CHECK_FALSE(named_matches("home/{nothing}*", "home/", ada));
}

TEST_CASE("a claim that is empty or has a slash fits no placeholder", "[access][pattern]") {
  CHECK_FALSE(named_matches("home/{user}/*", "home//x", {{"user", {""}}}));
  CHECK_FALSE(named_matches("home/{user}/*", "home/a/b/x", {{"user", {"a/b"}}}));
  CHECK_FALSE(named_matches("home/{user}/*", "home/a/b/x", {{"user", {"a/b", ""}}}));
  CHECK(named_matches("home/{user}/*", "home/.../x", {{"user", {"..."}}}));
}

TEST_CASE("of a list each element may stand for a placeholder", "[access][pattern]") {
  const std::map<std::string, texts> claims{{"teams", {"red", "blue"}}, {"roles", {"r", "w"}}};
  for (const char* const name : {"red/r", "red/w", "blue/r", "blue/w"})
    CHECK(named_matches("{teams}/{roles}", name, claims));
  CHECK_FALSE(named_matches("{teams}/{roles}", "green/r", claims));
  CHECK_FALSE(named_matches("{teams}/{roles}", "red/x", claims));
  texts many(1000, "x");
  many.front() = "first";
  many.back() = "last";
  CHECK(named_matches("{many}", "first", {{"many", many}}));
  CHECK_FALSE(named_matches("{many}", "last", {{"many", many}}));  // beyond combinations_max
}

TEST_CASE("placeholders work in patterns beside stars", "[access][pattern]") {
  const auto made = document_pattern::glob("teams/{team}/*/notes", yes);
  REQUIRE(made.has_value());
  CHECK(made->claims() == texts{"team"});
  const auto team = [](std::string_view) { return texts{"a.b"}; };
  CHECK(made->matches("teams/a.b/x/notes", team));
  CHECK_FALSE(made->matches("teams/axb/x/notes", team));
  CHECK_FALSE(made->matches("teams/a.b/x/y/notes", team));
}

TEST_CASE("a pattern of many stars takes no longer than its size times that of the name",
          "[access][pattern]") {
  std::string pattern;
  while (pattern.size() + 6 <= access::pattern_size_bytes_max) pattern.append("**a*?");
  const std::string name(512, 'a');
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(matches(pattern + "b", name));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{1});
}

}  // namespace troupe::document_pattern_test
