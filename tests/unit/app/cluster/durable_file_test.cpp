#include "app/cluster/durable_file.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::durable_file_test {

using namespace troupe::cluster;

TEST_CASE("a file is replaced as a whole", "[durable_file]") {
  const test::temporary_directory directory;
  const std::string path = directory.text() + "/file";
  CHECK(read_small_file(path, 100).value() == std::nullopt);
  REQUIRE(replace_file(path, "one"));
  CHECK(read_small_file(path, 100).value() == "one");
  // What a crash has left is no obstacle.
  directory.write("file.new", "half");
  REQUIRE(replace_file(path, ""));
  CHECK(read_small_file(path, 100).value() == "");
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("a file that is too long, or no file, is refused", "[durable_file]") {
  const test::temporary_directory directory;
  directory.write("file", "12345");
  CHECK(read_small_file(directory.text() + "/file", 5).value() == "12345");
  CHECK(read_small_file(directory.text() + "/file", 4).error().code == errc::corrupt_store);
  CHECK_FALSE(read_small_file(directory.text(), 5));
  CHECK_FALSE(replace_file(directory.text() + "/none/file", "x"));
  CHECK_FALSE(replace_file(directory.text(), "x"));
  CHECK_FALSE(std::filesystem::exists(directory.text() + ".new"));
}

}  // namespace troupe::durable_file_test
