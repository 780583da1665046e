#include "app/config/sections.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "app/config/check.hpp"
#include "app/config/keys.hpp"
#include "app/config/print.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::sections_test {

using lines = std::vector<std::string>;

namespace {

constexpr std::string_view key_names = "directory, document, include, exclude";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a list of sections reaches its fields, and what is left out keeps its default",
          "[config][watch]") {
  const test::temporary_directory at;
  const config settings =
      test::loaded("watch:\n  debounce: 2s\n  directories:\n    - directory: " + at.text() +
                   "\n      document: \"notes/{path}\"\n"
                   "      include: [\"*.md\", a]\n"
                   "      exclude: []\n"
                   "    - {directory: " +
                   at.text() + "}\n");
  CHECK(settings.watch.debounce == std::chrono::seconds{2});
  REQUIRE(settings.watch.directories.size() == 2);
  const auto& first = settings.watch.directories[0];
  const auto& second = settings.watch.directories[1];
  CHECK(first.directory == at.text());
  CHECK(first.document == "notes/{path}");
  CHECK(first.include == lines{"*.md", "a"});
  CHECK(first.exclude.empty());
  CHECK(second.document == "{path}");
  CHECK(second.include.empty());
  CHECK(second.exclude == config::watched_section{}.exclude);
}

TEST_CASE("a list of sections may be empty or have no value", "[config]") {
  for (const std::string_view text :
       {"watch: {}\n", "watch:\n", "watch:\n  directories: []\n", "watch:\n  directories:\n"}) {
    INFO(text);
    CHECK(test::problem_lines_of_text(text).empty());
  }
}

TEST_CASE("what stands in the place of a list of sections is told with its line", "[config]") {
  const std::string told =
      "watch.directories: is a list of sections, each beginning with \"- \"; the keys of a "
      "section: " +
      std::string{key_names};
  for (const std::string_view text :
       {"watch:\n  directories: ./notes\n", "watch:\n  directories: [./notes]\n",
        "watch:\n  directories: {}\n", "watch:\n  directories: {directory: ., document: x}\n",
        "\nwatch.directories: \"\"\n"}) {
    INFO(text);
    CHECK(test::problem_lines_of_text(text) == lines{"FILE:2: " + told});
  }
  CHECK(test::problem_lines_of_text(
            "watch:\n  directories:\n    - ./notes\n    - directory: .\n    - 5\n    - foo: 1\n") ==
        lines{"FILE:3: watch.directories[0]: is not a section; the keys of a section: " +
                  std::string{key_names},
              "FILE:5: watch.directories[2]: is not a section; the keys of a section: " +
                  std::string{key_names},
              "FILE:6: watch.directories[3].foo: unknown key; the keys of a section: " +
                  std::string{key_names},
              "FILE:6: watch.directories[3]: has no directory"});
}

TEST_CASE("a mistake in a section is told with its line and the number of the section",
          "[config]") {
  struct row {
    std::string_view section;
    lines problems;
  };
  const std::string key = "FILE:5: watch.directories[1].";
  const std::vector<row> rows{
      {"direktory: .",
       {key + "direktory: unknown key; the keys of a section: " + std::string{key_names},
        "FILE:4: watch.directories[1]: has no directory"}},
      {"directory: /nowhere/at/all", {key + "directory: \"/nowhere/at/all\" does not exist"}},
      {"directory: /dev/null", {key + "directory: \"/dev/null\" is not a directory"}},
      {"directory: \"\"", {key + "directory: \"\" does not exist"}},
      {"directory: [.]", {key + "directory: takes one text, not a list"}},
      {"directory:", {key + "directory: takes one text, and has no value"}},
      {"document: \"\"", {key + "document: \"\" is empty"}},
      {"document: \"{name}\"",
       {key + "document: \"{name}\" has a brace that is not of {path}, "
              "the only placeholder"}},
      {"include: \"*.md\"", {key + "include: takes a list such as [\"*.md\"], not one value"}},
      {"include: [\"*.md\", \"[a\"]",
       {key + "include: the pattern \"[a\" has a '[' without its ']'"}},
      {"exclude: {}", {key + "exclude: takes a list such as [\"*.md\"], not a section"}},
      {"exclude: [[a]]", {key + "exclude: is a list whose items are not single values"}},
      {"exclude: [{a: b}]", {key + "exclude: is a list whose items are not single values"}},
  };
  for (const row& each : rows) {
    INFO(each.section);
    // Where the directory is not what is tested, it is there.
    const bool is_of_directory = each.section.starts_with("dir");
    CHECK(test::problem_lines_of_text("watch:\n  directories:\n    - directory: .\n    - " +
                                      std::string{is_of_directory ? "document" : "directory"} +
                                      ": .\n      " + std::string{each.section} + "\n") ==
          each.problems);
  }
}

TEST_CASE("neither the environment nor --set can set a list of sections, and both say so",
          "[config]") {
  const std::string told = "is a list of sections, which only the configuration file can set";
  for (const std::string name :
       {"TROUPE_WATCH__DIRECTORIES", "TROUPE_WATCH__DIRECTORIES__0__DIRECTORY"})
    CHECK(test::problem_lines({.file = {}, .environment = {name + "=x"}, .settings = {}}) ==
          lines{name + ": watch.directories: " + told});
  for (const std::string key :
       {"watch.directories", "watch.directories[0].directory", "watch.directories.0"})
    CHECK(test::problem_lines({.file = {}, .environment = {}, .settings = {key + "=x"}}) ==
          lines{"--set " + key + ": " + told});
}

TEST_CASE("a list of sections at another key is told like other mistakes", "[config]") {
  CHECK(test::problem_lines_of_text("server:\n  port: [{a: 1}]\n") ==
        lines{"FILE:2: server.port: takes one value, not a list of sections; allowed: a whole "
              "number from 0 to 65535"});
  CHECK(test::problem_lines_of_text("watch:\n  directores: [{directory: .}]\n") ==
        lines{"FILE:2: watch.directores: unknown key; did you mean watch.directories?"});
  CHECK(test::problem_lines_of_text("server: [{port: 1}]\n") ==
        lines{"FILE:1: server: is a section, not a value; its keys: address, port, "
              "allowed_origins, subprotocols, empty_document_name, api_prefix, drain_delay, "
              "tls.certificate, "
              "tls.key"});
  CHECK(test::problem_lines_of_text("watch: 1\n") ==
        lines{"FILE:1: watch: is a section, not a value; its keys: debounce, directories"});
  CHECK(test::problem_lines_of_text("caf:\n  scheduler:\n    policy: [{a: 1}]\n") ==
        lines{"FILE:3: caf.scheduler.policy: is a list whose items are not single values"});
}

TEST_CASE("a list has a number of sections that it may not exceed", "[config]") {
  std::string text = "watch:\n  directories:\n";
  for (int i = 0; i < 66; ++i) text += "    - directory: .\n";
  CHECK(test::problem_lines_of_text(text) ==
        lines{"FILE:67: watch.directories[64]: is one too many; allowed: 64"});
}

TEST_CASE("check-config prints a list of sections as it can be read again", "[config]") {
  const test::temporary_directory at;
  const test::temporary_file file{
      "watch:\n  directories:\n    - directory: " + at.text() +
      "\n      document: 'all of \"them\"'\n      include: [\"*.md\"]\n" +
      "    - directory: .\n      exclude: []\n"};
  std::ostringstream out, err;
  const config_sources sources{.file = file.path(), .environment = {}, .settings = {}};
  REQUIRE(check_config(sources, print_effective::yes, out, err) == 0);
  CHECK(
      out.str().find("watch:\n  debounce: 100ms\n  directories:\n    - directory: \"" + at.text() +
                     "\"\n      document: \"all of \\\"them\\\"\"\n      include: [\"*.md\"]\n") !=
      std::string::npos);
  const config again = test::loaded(out.str());
  REQUIRE(again.watch.directories.size() == 2);
  CHECK(again.watch.directories[0].document == "all of \"them\"");
  CHECK(again.watch.directories[0].exclude == config::watched_section{}.exclude);
  CHECK(again.watch.directories[1].directory == ".");
  CHECK(again.watch.directories[1].exclude.empty());
}

TEST_CASE("each list and each of its keys has a name of its own and a meaning", "[config]") {
  for (const section_list& list : section_lists()) {
    CHECK(find_section_list(list.name) == &list);
    CHECK(find_config_key(list.name) == nullptr);
    CHECK_FALSE(list.meaning.empty());
    CHECK_FALSE(list.unit.empty());
    std::set<std::string_view> names;
    for (const section_key& key : list.keys) {
      INFO(key.name);
      CHECK(names.insert(key.name).second);
      CHECK_FALSE(key.unit.empty());
      CHECK_FALSE(key.meaning.empty());
      CHECK(find_section_key(list, key.name) == &key);
    }
  }
}

TEST_CASE("config/reference.yaml holds every list, explained and empty", "[config]") {
  const std::string path = test::shipped_file("reference.yaml");
  std::ifstream file{path};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const config settings = load_config({.file = path, .environment = {}, .settings = {}}).settings;
  const config_entries read = read_config_file(path);
  for (const section_list& list : section_lists()) {
    INFO(list.name);
    CHECK(std::ranges::count(read.entries, list.name, &config_entry::key) == 1);
    CHECK(list.size(settings) == 0);
    CHECK(text.find("# " + std::string{list.unit} + ": " + std::string{list.meaning} +
                    ". At most " + std::to_string(list.sections_max) + ".") != std::string::npos);
    for (const section_key& key : list.keys) {
      INFO(key.name);
      CHECK(text.find("# " + std::string{key.unit} + ": " + std::string{key.meaning} + ".") !=
            std::string::npos);
    }
  }
}

TEST_CASE("the example of watch.directories in config/reference.yaml holds every key",
          "[config][watch]") {
  const test::temporary_directory at;
  const std::string example =
      replaced(test::example_in_reference("watch.directories"), "./notes", at.text());
  INFO(example);
  const config settings = test::loaded("watch:\n" + example);
  REQUIRE(settings.watch.directories.size() == 1);
  const auto& watched = settings.watch.directories.front();
  CHECK(watched.document == "notes/{path}");
  CHECK(watched.include == lines{"*.md", "**/*.txt"});
  CHECK(watched.exclude == config::watched_section{}.exclude);
  for (const section_key& key : find_section_list("watch.directories")->keys)
    CHECK(example.find(std::string{key.name} + ": ") != std::string::npos);
}

TEST_CASE("rules for documents reach their fields, in order", "[config]") {
  const config settings = test::loaded(
      "documents:\n  rules:\n    - name: wiki/start\n    - {name: \"wiki/*\", gc: false}\n");
  REQUIRE(settings.documents.rules.size() == 2);
  CHECK(settings.documents.rules[0].name == "wiki/start");
  CHECK(settings.documents.rules[0].gc);
  CHECK(settings.documents.rules[1].name == "wiki/*");
  CHECK_FALSE(settings.documents.rules[1].gc);
}

TEST_CASE("a mistake in a rule is told with its line", "[config]") {
  const auto problems = [](const std::string& rule) {
    return test::problem_lines_of_text("documents:\n  rules:\n    - " + rule + "\n");
  };
  CHECK(problems("gc: false") == lines{"FILE:3: documents.rules[0]: has no name"});
  CHECK(problems("{name: a, prefix: b}") ==
        lines{"FILE:3: documents.rules[0].prefix: unknown key; the keys of a section: name, gc"});
  CHECK(problems("{name: \"\"}") ==
        lines{"FILE:3: documents.rules[0].name: \"\" is empty; \"*\" stands for all documents"});
  CHECK(problems("{name: a, gc: maybe}") ==
        lines{"FILE:3: documents.rules[0].gc: takes true or false, not \"maybe\""});
  CHECK(problems("{name: a, gc: [true]}") ==
        lines{"FILE:3: documents.rules[0].gc: takes true or false, not a list"});
}

TEST_CASE("the example of documents.rules in config/reference.yaml holds every key", "[config]") {
  const std::string example = test::example_in_reference("documents.rules");
  INFO(example);
  const config settings = test::loaded("documents:\n" + example);
  REQUIRE(settings.documents.rules.size() == 1);
  CHECK(settings.documents.rules.front().name == "wiki/*");
  CHECK_FALSE(settings.documents.rules.front().gc);
  for (const section_key& key : find_section_list("documents.rules")->keys)
    CHECK(example.find(std::string{key.name} + ": ") != std::string::npos);
}

}  // namespace troupe::sections_test
