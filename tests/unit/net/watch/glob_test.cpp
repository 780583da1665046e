#include "net/watch/glob.hpp"

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include <fnmatch.h>

#include <catch2/catch_test_macros.hpp>

namespace troupe::glob_test {

namespace {

bool matches(std::string_view pattern, std::string_view path) {
  const auto made = glob::parse(pattern);
  INFO(pattern);
  REQUIRE(made.has_value());
  CHECK(made->text() == pattern);
  return made->matches(path);
}

struct row {
  std::string_view pattern;
  std::vector<std::string_view> matching, others;
};

void check(const std::vector<row>& rows) {
  for (const row& each : rows) {
    for (const std::string_view path : each.matching) {
      INFO(each.pattern << " and " << path);
      CHECK(matches(each.pattern, path));
    }
    for (const std::string_view path : each.others) {
      INFO(each.pattern << " and not " << path);
      CHECK_FALSE(matches(each.pattern, path));
    }
  }
}

std::string refusal_of(std::string_view pattern) {
  const auto made = glob::parse(pattern);
  INFO(pattern);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == errc::invalid_config);
  return made.error().detail;
}

}  // namespace

TEST_CASE("a pattern without a slash is matched with the base name at any depth", "[glob]") {
  check({{"*.md", {"a.md", "x/y/a.md", ".md"}, {"a.mdx", "a.md/b", "md"}},
         {"4913", {"4913", "x/4913"}, {"49130", "4913/x"}},
         {"*~", {"a~", "x/a.md~"}, {"a"}},
         {".git", {".git", "x/.git"}, {".gitignore", ".git/config"}}});
}

TEST_CASE("a pattern with a slash is matched with the whole path", "[glob]") {
  check({{"docs/*.md", {"docs/a.md"}, {"a.md", "docs/x/a.md", "x/docs/a.md"}},
         {"/*.md", {"a.md"}, {"x/a.md"}},
         {"a\\/b", {"a/b"}, {"x/a/b"}}});
}

TEST_CASE("one star and a question mark do not match a slash, two stars do", "[glob]") {
  check({{"a/*", {"a/b", "a/"}, {"a/b/c"}},
         {"a/b?c", {"a/bxc"}, {"a/b/c", "a/bc"}},
         {"a/**", {"a/b", "a/b/c"}, {"a", "ab/c"}},
         {"a**z/x", {"az/x", "a/b/z/x"}, {"a/b/x"}},
         {"***/x", {"x", "a/x"}, {"xx"}}});
}

TEST_CASE("two stars and a slash are no directory, one or several", "[glob]") {
  check({{"**/*.txt", {"a.txt", "x/a.txt", "x/y/a.txt"}, {"a.md"}},
         {"a/**/b", {"a/b", "a/x/b", "a/x/y/b"}, {"ab", "a/xb", "a/b/c"}},
         {"{**/a,b/c}", {"a", "x/a", "b/c"}, {"xa", "x/b/c"}},
         {"**", {"a", "a/b"}, {}}});
}

TEST_CASE("a class matches one character of its ranges", "[glob]") {
  check({{"[a-c]x", {"ax", "cx"}, {"dx", "x", "aax"}},
         {"[!a-c]x", {"dx"}, {"ax"}},
         {"[^a]", {"b"}, {"a"}},
         {"[]a]", {"]", "a"}, {"b"}},
         {"[a-]", {"a", "-"}, {"b"}},
         {"[\\]x]", {"]", "x"}, {"\\"}},
         {"a/[!b]c", {"a/xc"}, {"a//c"}}});
}

TEST_CASE("alternatives match either, nested and empty ones too", "[glob]") {
  check({{"*.{md,txt}", {"a.md", "a.txt"}, {"a.rs", "a.md,txt"}},
         {"a{,b}", {"a", "ab"}, {"abb"}},
         {"{a,b{c,d}}e", {"ae", "bce", "bde"}, {"be", "ade"}},
         {"{a}", {"a"}, {"{a}"}},
         {"{src,docs}/**", {"src/a", "docs/a/b"}, {"x/a"}},
         {"a,b", {"a,b"}, {"a", "b"}}});
}

TEST_CASE("a backslash takes the meaning of the next character away", "[glob]") {
  check({{"\\*", {"*"}, {"a"}}, {"\\{a\\}", {"{a}"}, {"a"}}, {"\\\\", {"\\"}, {"/"}}});
}

TEST_CASE("a character is a code point, and a byte that is no UTF-8", "[glob]") {
  check({{"a?b",
          {"a\xC3\xA9"
           "b",
           "a\xF0\x9F\x98\x80"
           "b",
           "a\xFF"
           "b"},
          {"a\xFF\xFF"
           "b"}},
         {"[\xC3\xA0-\xC3\xBF]", {"\xC3\xA9"}, {"e", "\xC3"}},
         {"*\xC3\xA9", {"caf\xC3\xA9"}, {"caf\xC3"}}});
}

TEST_CASE("a pattern that is not well-formed is refused with the reason", "[glob]") {
  CHECK(refusal_of("") == "is empty");
  CHECK(refusal_of("/") == "is only a '/'");
  CHECK(refusal_of("a[b") == "has a '[' without its ']'");
  CHECK(refusal_of("[]") == "has a '[' without its ']'");
  CHECK(refusal_of("[a\\") == "has a '[' without its ']'");
  CHECK(refusal_of("{a,b") == "has a '{' without its '}'");
  CHECK(refusal_of("a}") == "has a '}' without its '{'; write \\} for the character");
  CHECK(refusal_of("a\\") == "ends with '\\'");
  CHECK(refusal_of("[z-a]") == "has a range whose end stands before its beginning");
  CHECK(refusal_of("[a/]") == "has a '/' between '[' and ']', which matches nothing");
  CHECK(refusal_of("build/") == "ends with '/'; write \"build/**\" for all that is in it");
  CHECK(refusal_of(std::string(1025, 'a')) == "is longer than 1024 bytes");
}

TEST_CASE("a pattern covers a directory if it matches all below it", "[glob]") {
  const auto covers = [](std::string_view pattern, std::string_view directory) {
    return glob::parse(pattern)->covers(directory);
  };
  CHECK(covers(".git/**", ".git"));
  CHECK(covers(".git/**", ".git/objects"));
  CHECK(covers("**/node_modules/**", "a/node_modules"));
  CHECK(covers("{a/b,c}/**", "a/b"));
  CHECK(covers("**", "a"));
  CHECK_FALSE(covers(".git/**", "x"));
  CHECK_FALSE(covers(".git/**", "x/.git"));
  CHECK_FALSE(covers(".git/**/x", ".git"));
  CHECK_FALSE(covers(".git/*", ".git"));
  CHECK_FALSE(covers("*.md", "a.md"));
}

TEST_CASE("a hostile pattern takes time in proportion, not more", "[glob]") {
  std::string stars;
  for (int i = 0; i < 300; ++i) stars += "*a";
  std::string doubles = "/";
  for (int i = 0; i < 200; ++i) doubles += "**/a/";
  std::string braces;
  for (int i = 0; i < 140; ++i) braces += "{a,aa}";
  const std::string nested = std::string(500, '{') + "a" + std::string(500, '}');
  const std::string text(4'000, 'a');
  std::string path;
  for (int i = 0; i < 2'000; ++i) path += "a/";
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(matches(stars + "b", text));
  CHECK_FALSE(matches(doubles + "b", path));
  CHECK_FALSE(matches(braces + "b", text));
  CHECK_FALSE(matches(nested, text));
  // Backtracking would need longer than the sun shines; a second is plenty for a busy machine.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{5});
}

TEST_CASE("patterns match as those of the shell where both have the same notation", "[glob]") {
  std::mt19937 random{4913};
  const auto any_of = [&](const std::vector<std::string_view>& parts) {
    return parts[random() % parts.size()];
  };
  int matching = 0;
  for (int run = 0; run < 20'000; ++run) {
    // The slash in front makes it a pattern for the whole path; the shell needs it in the path too.
    std::string pattern = "/", path;
    for (auto parts = random() % 7; parts > 0; --parts) {
      pattern += any_of({"a", "b", "/", "?", "*", "[ab]", "[!a]", "\\*", "[a-c]"});
      if (pattern.ends_with("**") && !pattern.ends_with("\\**")) pattern.pop_back();
    }
    if (pattern.ends_with('/')) pattern += 'a';
    for (auto letters = 1 + random() % 6; letters > 0; --letters)
      path += any_of({"a", "b", "/", "*"});
    INFO(pattern << " and " << path);
    const bool expected = ::fnmatch(pattern.c_str(), ("/" + path).c_str(), FNM_PATHNAME) == 0;
    matching += expected ? 1 : 0;
    REQUIRE(glob::parse(pattern)->matches(path) == expected);
  }
  CHECK(matching > 500);
}

}  // namespace troupe::glob_test
