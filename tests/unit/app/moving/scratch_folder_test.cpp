#include "app/moving/scratch_folder.hpp"

#include <filesystem>
#include <optional>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::moving_scratch_folder_test {

using moving::scratch_folder;
using test::temporary_directory;

namespace fs = std::filesystem;

TEST_CASE("a scratch folder is empty, and goes with its object", "[moving]") {
  const temporary_directory place;
  std::optional<scratch_folder> folder{std::in_place};
  REQUIRE(folder->make(place.path().string()));
  const fs::path path = folder->path();
  CHECK(path.parent_path() == place.path());
  CHECK(fs::is_empty(path));
  fs::create_directory_symlink(place.path(), path / "link");
  folder.reset();
  CHECK(!fs::exists(path));
  CHECK(fs::exists(place.path()));
}

TEST_CASE("a new scratch folder removes what was left behind, and nothing else", "[moving]") {
  const temporary_directory place;
  place.make_directory("troupe-import-killed");
  place.write("troupe-import-killed/CURRENT", "x");
  place.make_directory("another");
  place.write("troupe-import-file", "x");
  place.make_directory("elsewhere");
  fs::create_directory_symlink(place.path() / "elsewhere", place.path() / "troupe-import-link");
  scratch_folder first;
  REQUIRE(first.make(place.path().string()));
  scratch_folder second;
  REQUIRE(second.make(place.path().string()));
  CHECK(first.path() != second.path());
  CHECK(fs::exists(first.path()));
  CHECK(!fs::exists(place.path() / "troupe-import-killed"));
  CHECK(fs::exists(place.path() / "another"));
  CHECK(fs::exists(place.path() / "troupe-import-file"));
  CHECK(fs::exists(place.path() / "elsewhere"));
  CHECK(fs::is_symlink(place.path() / "troupe-import-link"));
}

TEST_CASE("a scratch folder cannot be made where there is no folder", "[moving]") {
  const temporary_directory place;
  scratch_folder folder;
  const auto made = folder.make((place.path() / "nowhere").string());
  REQUIRE(!made.has_value());
  CHECK(made.error().code == errc::storage_failed);
}

}  // namespace troupe::moving_scratch_folder_test
