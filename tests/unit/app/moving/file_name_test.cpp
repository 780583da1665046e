#include "app/moving/file_name.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

namespace troupe::moving_file_name_test {

using moving::name_of_path;
using moving::path_of_name;

TEST_CASE("a name becomes the path of a file and comes back", "[moving]") {
  CHECK(path_of_name("wiki/page 1") == "wiki%2Fpage%201.bin");
  CHECK(path_of_name("a-b_c.d~e") == "a-b_c.d~e.bin");
  CHECK(path_of_name(".") == "%2E.bin");
  CHECK(path_of_name("..") == "%2E..bin");
  CHECK(path_of_name("a+b") == "a%2Bb.bin");
  for (const std::string& name :
       {std::string{"plain"}, std::string{"wiki/page 1"}, std::string{"..//../x"},
        std::string{"100%25"}, std::string{"p\xc3\xa4ge.bin"}, std::string(512, 'x'),
        std::string(512, '/'), std::string(512, '.'), std::string(199, 'a') + "..b+"}) {
    INFO(name);
    const std::string path = path_of_name(name);
    CHECK(name_of_path(path).value() == name);
    for (std::size_t at = 0; at < path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      CHECK(end - at <= 255);
      CHECK(path[at] != '.');
      at = end + 1;
    }
  }
}

TEST_CASE("a folder that people made is a part of the name", "[moving]") {
  CHECK(name_of_path("wiki/page.bin").value() == "wiki/page");
  CHECK(name_of_path("a+/b.bin").value() == "ab");
  CHECK(name_of_path("%41.bin").value() == "A");
}

TEST_CASE("a path without the ending or with half an escape has no name", "[moving]") {
  for (const char* const path : {"readme.txt", "a.bin.part", "%.bin", "a%4.bin", "a%zz.bin", ""}) {
    INFO(path);
    const auto name = name_of_path(path);
    REQUIRE(!name.has_value());
    CHECK(name.error().code == errc::invalid_name);
  }
}

TEST_CASE("the key of an object is the name as it is", "[moving]") {
  CHECK(moving::name_of_object("wiki/a%20b+/c.bin").value() == "wiki/a%20b+/c");
  CHECK(moving::name_of_object("notes.bin.bin").value() == "notes.bin");
  CHECK(moving::name_of_object("notes.txt").error().code == errc::invalid_name);
}

}  // namespace troupe::moving_file_name_test
