// What a node keeps about itself and its cluster, and what it says about files that are damaged.
#include "app/cluster/identity.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::cluster_identity_test {

using namespace troupe::cluster;

namespace {

std::string text_of(const test::temporary_directory& directory, const char* name) {
  std::ostringstream text;
  text << std::ifstream{directory.path() / name}.rdbuf();
  return text.str();
}

void write(const test::temporary_directory& directory, const char* name, const std::string& text) {
  std::ofstream{directory.path() / name, std::ios::trunc} << text;
}

stored_members example() {
  const member_list list =
      *member_list::make(7, {{{1, 1}, "n1", "h:1"}, {{2, 2}, "n2", "[fd00::1]:2"}},
                         {{{{3, 3}, "n3", "h:3"}, false}, {{{4, 4}, "n1", "h:1"}, true}}, 2);
  return {list, {{{1, 1}, 7}, {{2, 2}, 6}}};
}

}  // namespace

TEST_CASE("a node keeps its uuid and counts its starts", "[identity]") {
  const test::temporary_directory directory;
  const auto first = begin_run(directory.text());
  REQUIRE(first);
  CHECK_FALSE(first->id.is_nil());
  CHECK(first->incarnation == 1);
  const auto second = begin_run(directory.text());
  REQUIRE(second);
  CHECK(second->id == first->id);
  CHECK(second->incarnation == 2);
  const std::string text = text_of(directory, "node");
  CHECK(text.starts_with("troupe node 1\nuuid " + to_string(first->id) + "\nincarnation 2\n"));
  const auto permissions = std::filesystem::status(directory.path() / "node").permissions();
  CHECK((permissions & std::filesystem::perms::others_read) == std::filesystem::perms::none);
  CHECK_FALSE(std::filesystem::exists(directory.path() / "node.new"));
}

TEST_CASE("another directory is another node, and so is each start without one", "[identity]") {
  const test::temporary_directory one, two;
  CHECK(begin_run(one.text())->id != begin_run(two.text())->id);
  const auto first = begin_run(""), second = begin_run("");
  REQUIRE(first);
  CHECK(first->id != second->id);
  CHECK(second->incarnation == 1);
  CHECK(read_members("")->list.empty());
  CHECK(write_members("", example()));
}

TEST_CASE("the member list is read as it was written", "[identity]") {
  const test::temporary_directory directory;
  CHECK(read_members(directory.text())->list.empty());
  REQUIRE(begin_run(directory.text()));
  REQUIRE(write_members(directory.text(), example()));
  const auto read = read_members(directory.text());
  REQUIRE(read);
  CHECK(read->list == example().list);
  CHECK(read->moved == example().moved);
  CHECK(text_of(directory, "members")
            .find("member 00000000000000020000000000000002 n2 [fd00::1]:2\n") != std::string::npos);
}

TEST_CASE("a file with any changed or missing byte is refused", "[identity]") {
  const test::temporary_directory directory;
  REQUIRE(begin_run(directory.text()));
  REQUIRE(write_members(directory.text(), example()));
  for (const char* name : {"node", "members"}) {
    const std::string good = text_of(directory, name);
    const auto is_read = [&] {
      return std::string_view{name} == "members" ? read_members(directory.text()).has_value()
                                                 : begin_run(directory.text()).has_value();
    };
    for (std::size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      write(directory, name, bad);
      REQUIRE_FALSE(is_read());
      write(directory, name, good.substr(0, i));
      REQUIRE_FALSE(is_read());
    }
    write(directory, name, good);
    CHECK(is_read());
  }
}

TEST_CASE("what is wrong with a file is said with its name", "[identity]") {
  const test::temporary_directory directory;
  write(directory, "node", "something else");
  const auto damaged = begin_run(directory.text());
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == errc::corrupt_store);
  CHECK(damaged.error().detail.starts_with("'" + directory.text() + "/node': it is damaged"));
  write(directory, "node", std::string(200'000, 'x'));
  CHECK(begin_run(directory.text()).error().detail.ends_with("it is too long"));
}

TEST_CASE("a member list without the identity of its node is not used", "[identity]") {
  const test::temporary_directory directory;
  REQUIRE(write_members(directory.text(), example()));
  const auto refused = begin_run(directory.text());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("it is missing, and the file members is there") !=
        std::string::npos);
}

TEST_CASE("a directory that cannot be written is named", "[identity]") {
  const auto refused = begin_run("/nonexistent/directory");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::storage_failed);
  CHECK(refused.error().detail.starts_with("'/nonexistent/directory/node': "));
}

}  // namespace troupe::cluster_identity_test
