// The rules of the pages that a program can check: what they name exists, and a line of text is a
// sentence. It reads the pages as text and knows nothing of what they say.
#include <cctype>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/source_tree.hpp"

namespace troupe::documents_test {

using namespace troupe::test;

namespace {

/// A line of a page, with its number. Code, tables, headings and lists of links are left out.
struct text_line {
  std::size_t number;
  std::string text;   ///< Without list marker, bold heading in front, code and link targets.
  bool is_continued;  ///< The paragraph goes on in the next line.
};

std::string replaced(const std::string& text, const char* pattern, const char* with) {
  return std::regex_replace(text, std::regex{pattern}, with);
}

/// Whether a line begins a block of its own: nothing before it goes on in it.
bool begins_block(const std::string& line) {
  static const std::regex marker{"^ *([*+-] |[0-9]+\\. |#|\\||```|<|>|$).*"};
  return std::regex_match(line, marker);
}

/// Whether a line is no text: a heading, a row of a table, an image, an item of a list of links.
bool is_other(const std::string& line) {
  static const std::regex other{
      "^ *(#|\\||<|!\\[|\\[!\\[|\\[[^\\]]+\\]:|([*+-] |[0-9]+\\. )\\[).*"};
  return line.empty() || std::regex_match(line, other);
}

std::vector<text_line> text_lines(const std::string& page) {
  const std::vector<std::string> lines = read_lines(page);
  std::vector<text_line> found;
  bool is_fenced = false;
  bool is_code = false;  // indented
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const bool is_fence = replaced(line, "^ +", "").starts_with("```");
    is_code = line.starts_with("    ") && (is_code || i == 0 || lines[i - 1].empty());
    if (is_fence) is_fenced = !is_fenced;
    if (is_fence || is_fenced || is_code || is_other(line)) continue;
    std::string text = replaced(line, "^ *([*+-] |[0-9]+\\. |> )?", "");
    text = replaced(text, "^\\*\\*[^*]+[.:]\\*\\* ", "");
    text = replaced(text, "``[^`]*``|`[^`]*`", "code");
    text = replaced(text, "\\]\\([^)]*\\)", "]");
    found.push_back({i + 1, text, i + 1 < lines.size() && !begins_block(lines[i + 1])});
  }
  return found;
}

/// Whether a sentence ends in the line and another begins.
bool holds_two_sentences(const std::string& text) {
  static const std::regex seam{"(\\S*[.!?])[\"')\\]*_]*\\s+\\S"};
  static const std::set<std::string> abbreviations = {"e.g.", "(e.g.", "i.e.", "(i.e.", "etc.",
                                                      "vs.",  "cf.",   "(cf.", "..."};
  for (auto at = std::sregex_iterator{text.begin(), text.end(), seam}; at != std::sregex_iterator{};
       ++at)
    if (!abbreviations.contains((*at)[1])) return true;
  return false;
}

bool ends_sentence(const std::string& text) {
  static const std::regex end{".*[.!?:;][\"')\\]*_]*$"};
  return std::regex_match(text, end);
}

/// What a page links to: "docs/admin.md" and "versions"; the one of the page itself is left empty.
struct page_link {
  std::string file;
  std::string anchor;
};

std::vector<page_link> links_of(const std::string& page) {
  static const std::regex link{"\\]\\(([^)#: ]*)#([^) ]+)\\)"};
  std::vector<page_link> found;
  bool is_fenced = false;
  for (const std::string& line : read_lines(page)) {
    if (replaced(line, "^ +", "").starts_with("```")) is_fenced = !is_fenced;
    if (is_fenced) continue;
    for (auto at = std::sregex_iterator{line.begin(), line.end(), link};
         at != std::sregex_iterator{}; ++at)
      found.push_back({(*at)[1], (*at)[2]});
  }
  return found;
}

/// The anchors of the headings of a page: small letters, hyphens for spaces, nothing else.
std::set<std::string> anchors_of(const std::string& page) {
  std::set<std::string> anchors;
  bool is_fenced = false;
  for (const std::string& line : read_lines(page)) {
    if (line.starts_with("```")) is_fenced = !is_fenced;
    if (is_fenced || !line.starts_with('#')) continue;
    const std::string title = replaced(replaced(line, "^#+ +", ""), "\\]\\([^)]*\\)", "");
    std::string anchor;
    for (const char c : title) {
      if (c == ' ') anchor += '-';
      if (c == '-' || c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0)
        anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    anchors.insert(anchor);
  }
  return anchors;
}

/// The header of a script of findings: its comment up to the first line that is none.
std::string finding_header(const std::string& path) {
  std::string header;
  for (const std::string& line : read_lines(path)) {
    if (!line.starts_with('#')) break;
    if (!line.starts_with("#!")) header.append(line).append("\n");
  }
  return header;
}

}  // namespace

// In the documents `net/listener.cpp::hand_to` names a function and where its text is.
TEST_CASE("a function that a document names is where the document says", "[layers][docs]") {
  const std::regex reference{"`([a-z0-9_/]+\\.[ch]pp)::(~?[a-z0-9_]+)`"};
  std::size_t count = 0;
  for (const std::string& page : documents()) {
    const std::string text = read_text(page);
    for (auto at = std::sregex_iterator{text.begin(), text.end(), reference};
         at != std::sregex_iterator{}; ++at, ++count) {
      const std::string file = (*at)[1];
      const std::string name = (*at)[2];
      INFO(page << " names " << name << " in " << file);
      REQUIRE(exists(file));
      CHECK(std::regex_search(read_text(file), std::regex{"\\b" + name + "\\("}));
    }
  }
  CHECK(count > 0);
}

TEST_CASE("a file that a document links to exists", "[layers][docs]") {
  const std::regex link{"\\]\\(([^)#:]+)(#[^)]*)?\\)"};
  for (const std::string& page : documents()) {
    const std::string text = read_text(page);
    for (auto at = std::sregex_iterator{text.begin(), text.end(), link};
         at != std::sregex_iterator{}; ++at) {
      const std::string target = (*at)[1];
      INFO(page << " links to " << target);
      CHECK(std::filesystem::exists((source_root() / page).parent_path() / target));
    }
  }
}

TEST_CASE("a page that a comment names exists", "[layers][docs]") {
  const std::regex name{"\\b(docs/[a-zA-Z0-9_/-]+\\.md)\\b"};
  std::size_t count = 0;
  for (const char* const folder :
       {"config", "packaging", "web/pages/dashboard", "web/pages/demo", "actors", "app", "base",
        "net", "protocol", "storage", "client", "engine", "include", "examples"}) {
    for (const std::string& file : files_below(folder)) {
      const std::string text = read_text(file);
      for (auto at = std::sregex_iterator{text.begin(), text.end(), name};
           at != std::sregex_iterator{}; ++at, ++count) {
        INFO(file << " names " << (*at)[1]);
        CHECK(exists((*at)[1]));
      }
    }
  }
  CHECK(count > 20);
}

TEST_CASE("a heading that a document links to exists", "[layers][docs]") {
  std::size_t count = 0;
  for (const std::string& page : documents()) {
    for (const page_link& link : links_of(page)) {
      const auto target =
          (std::filesystem::path{page}.parent_path() / link.file).lexically_normal();
      const std::string file = link.file.empty() ? page : target.generic_string();
      if (!file.ends_with(".md")) continue;
      INFO(page << " links to " << link.file << '#' << link.anchor);
      CHECK(anchors_of(file).contains(link.anchor));
      ++count;
    }
  }
  CHECK(count > 0);
}

TEST_CASE("a test that the list of traps names exists", "[layers][docs]") {
  std::string tests;
  for (const std::string& path : files_below("tests"))
    if (path.ends_with("_test.cpp")) tests += read_text(path);
  const std::string traps = read_text("tests/traps.md");
  const std::regex quoted{"\"([^\"]+)\""};
  for (auto at = std::sregex_iterator{traps.begin(), traps.end(), quoted};
       at != std::sregex_iterator{}; ++at) {
    INFO((*at)[1].str());
    CHECK(tests.find("TEST_CASE(\"" + (*at)[1].str() + "\"") != std::string::npos);
  }
}

TEST_CASE("a line of a document is one sentence", "[layers][docs]") {
  for (const std::string& page : documents()) {
    for (const text_line& line : text_lines(page)) {
      INFO(page << ':' << line.number << ": " << line.text);
      CHECK_FALSE(holds_two_sentences(line.text));
      CHECK((!line.is_continued || ends_sentence(line.text)));
    }
  }
}

// Clients are notified and receive, servers continue, ports are in use: a reader from elsewhere
// should not have to guess. Between quotes stand names of tests.
TEST_CASE("a document and a help text use the plain words", "[layers][docs]") {
  static const std::regex other{"\\b(told|hears?|goes on|go on|(is|are) taken)\\b",
                                std::regex::icase};
  std::vector<std::string> pages = documents();
  std::erase_if(pages, [](const std::string& page) {
    return !page.starts_with("docs/") && page != "README.md" && !page.ends_with("/README.md");
  });
  std::erase_if(pages, [](const std::string& page) {
    for (const char* const folder : {"docs/adr/", "tests/", "bench/", "findings/"})
      if (page.starts_with(folder)) return true;
    return false;
  });
  CHECK(pages.size() > 20);
  for (const std::string& page : pages) {
    std::size_t number = 0;
    for (const std::string& line : read_lines(page)) {
      ++number;
      INFO(page << ':' << number << ": " << line);
      CHECK_FALSE(std::regex_search(replaced(line, "`[^`]*`|\"[^\"]*\"", ""), other));
    }
  }
  for (const char* const file :
       {"app/config/key_table.cpp", "app/help_texts.hpp", "config/reference.yaml"}) {
    std::size_t number = 0;
    for (const std::string& line : read_lines(file)) {
      ++number;
      INFO(file << ':' << number << ": " << line);
      CHECK_FALSE(std::regex_search(line, other));
    }
  }
}

TEST_CASE("a finding says what is expected, what happens and why it matters", "[layers][docs]") {
  const std::string list = read_text("findings/README.md");
  const std::regex file{"\\b((?:protocol|tests|actors|docs)/[a-z0-9_/.]+\\.(?:hpp|cpp|mjs|md))\\b"};
  std::size_t count = 0;
  for (const std::string& path : files_below("findings")) {
    if (!path.ends_with(".sh")) continue;
    ++count;
    INFO(path);
    CHECK(list.find("| `" + path.substr(std::string_view{"findings/"}.size()) + "` |") !=
          std::string::npos);
    const std::string header = finding_header(path);
    for (const char* const part : {"# Expected: ", "# Happens:  ", "# Matters:  "}) {
      INFO(part);
      CHECK(header.find(part) != std::string::npos);
    }
    for (auto at = std::sregex_iterator{header.begin(), header.end(), file};
         at != std::sregex_iterator{}; ++at) {
      INFO((*at)[1].str());
      CHECK(exists((*at)[1]));
    }
  }
  CHECK(count > 0);
}

TEST_CASE("a script that the list of findings names exists", "[layers][docs]") {
  const std::string list = read_text("findings/README.md");
  const std::regex row{"\\| `([a-z0-9-]+\\.sh)` \\|"};
  for (auto at = std::sregex_iterator{list.begin(), list.end(), row}; at != std::sregex_iterator{};
       ++at)
    CHECK(exists("findings/" + (*at)[1].str()));
}

}  // namespace troupe::documents_test
