#include "app/config/to_settings.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;

TEST_CASE("the watched directories of the configuration become those of the watcher",
          "[config][watch]") {
  config settings;
  settings.watch.debounce = std::chrono::milliseconds{250};
  settings.watch.directories.push_back({"notes", "n/{path}", {"*.md"}, {".git"}});
  const auto made = to_watch_settings(settings);
  REQUIRE(made.has_value());
  CHECK(made->debounce == std::chrono::milliseconds{250});
  REQUIRE(made->directories.size() == 1);
  const watched_directory& directory = made->directories.front();
  CHECK(directory.directory == "notes");
  CHECK(directory.document == "n/{path}");
  REQUIRE(directory.include.size() == 1);
  CHECK(directory.include.front().text() == "*.md");
  REQUIRE(directory.exclude.size() == 1);
  CHECK(directory.exclude.front().text() == ".git");
}

TEST_CASE("the default excludes leave out what editors and version control write",
          "[config][watch]") {
  config settings;
  settings.watch.directories.emplace_back();
  const auto made = to_watch_settings(settings);
  REQUIRE(made.has_value());
  const watched_directory& directory = made->directories.front();
  for (const char* path : {".notes.md.swp", "x/.a.swx", "x/notes.md~", "4913", ".#notes.md",
                           "#notes.md#", "x/.DS_Store"}) {
    INFO(path);
    CHECK_FALSE(wants_file(directory, path));
  }
  CHECK_FALSE(wants_directory(directory, ".git"));
  CHECK_FALSE(wants_directory(directory, "x/.git"));
  CHECK(wants_file(directory, "x/notes.md"));
  CHECK(wants_file(directory, ".gitignore"));
}

TEST_CASE("a pattern that is none does not become a watched directory", "[config][watch]") {
  config settings;
  settings.watch.directories.push_back({".", "{path}", {"[a"}, {}});
  CHECK_FALSE(to_watch_settings(settings).has_value());
}
