#include "storage/store_files.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::store_files_test {

using namespace troupe::storage;
using test::temporary_directory;

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("files are copied, tables linked where that is asked for, the lock left out",
          "[storage][files]") {
  const temporary_directory folder;
  folder.make_directory("a/inner");
  folder.write("a/1.sst", "table");
  folder.write("a/2.log", "journal");
  for (const char* own : {"a/LOCK", "a/node", "a/members"}) folder.write(own, "");
  const std::string a = folder.text() + "/a";
  for (const tables how : {tables::copied, tables::linked}) {
    const std::string b = folder.text() + (how == tables::linked ? "/linked" : "/below/copied/");
    REQUIRE(copy_files(a, b, how));
    CHECK(text_of(b + "/1.sst") == "table");
    CHECK(text_of(b + "/2.log") == "journal");
    for (const char* own : {"/LOCK", "/node", "/members"}) CHECK_FALSE(fs::exists(b + own));
    CHECK_FALSE(fs::exists(b + "/inner"));
    CHECK(fs::hard_link_count(b + "/1.sst") == (how == tables::linked ? 2 : 1));
    CHECK(fs::hard_link_count(b + "/2.log") == 1);
  }
  CHECK(size_of_files(a) == 12);
}

TEST_CASE("a copy never goes over a file that is there", "[storage][files]") {
  const temporary_directory folder;
  folder.make_directory("a");
  folder.make_directory("b");
  folder.write("a/1.sst", "table");
  folder.write("b/1.sst", "another");
  const auto copied = copy_files(folder.text() + "/a", folder.text() + "/b", tables::copied);
  REQUIRE_FALSE(copied.has_value());
  CHECK(copied.error().code == errc::storage_failed);
  CHECK(copied.error().detail == "'" + folder.text() + "/b/1.sst': File exists");
  CHECK(text_of(folder.path() / "b/1.sst") == "another");
  CHECK_FALSE(
      copy_files(folder.text() + "/none", folder.text() + "/c", tables::copied).has_value());
}

TEST_CASE("directories change places", "[storage][files]") {
  const temporary_directory folder;
  folder.make_directory("a");
  folder.make_directory("b");
  folder.write("a/x", "of a");
  folder.write("b/x", "of b");
  REQUIRE(exchange_directories(folder.text() + "/a/", folder.text() + "/b"));
  CHECK(text_of(folder.path() / "a/x") == "of b");
  CHECK(text_of(folder.path() / "b/x") == "of a");
  CHECK_FALSE(exchange_directories(folder.text() + "/a", folder.text() + "/none").has_value());
  CHECK(text_of(folder.path() / "a/x") == "of b");
}

TEST_CASE("a directory moves to a free name, or over an empty directory only", "[storage][files]") {
  const temporary_directory folder;
  folder.make_directory("a");
  folder.make_directory("empty");
  folder.make_directory("full");
  folder.write("a/x", "of a");
  folder.write("full/x", "mine");
  CHECK_FALSE(move_directory(folder.text() + "/a", folder.text() + "/full").has_value());
  CHECK(text_of(folder.path() / "full/x") == "mine");
  REQUIRE(move_directory(folder.text() + "/a", folder.text() + "/empty/"));
  REQUIRE(move_directory(folder.text() + "/empty", folder.text() + "/new"));
  CHECK(text_of(folder.path() / "new/x") == "of a");
}

TEST_CASE("free space is known of places that do not exist yet", "[storage][files]") {
  const temporary_directory folder;
  CHECK(free_bytes_at(folder.text()) > 0);
  CHECK(free_bytes_at(folder.text() + "/not/yet/") > 0);
}

}  // namespace troupe::store_files_test
