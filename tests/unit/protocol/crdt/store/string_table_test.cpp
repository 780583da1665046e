#include "protocol/crdt/store/string_table.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::string_table_test {

using crdt::no_string;
using crdt::string_table;

TEST_CASE("texts keep their handles, and views of them stay valid", "[crdt]") {
  string_table table;
  CHECK(table.find("a") == no_string);
  std::vector<std::string_view> views;
  for (unsigned i = 0; i < 5000; ++i) {
    const std::string text = "key " + std::to_string(i) + std::string(i % 50, 'x');
    REQUIRE(table.intern(text) == i);
    views.push_back(table[i]);
  }
  CHECK(table.intern("") == 5000);
  CHECK(table[5000].empty());
  for (unsigned i = 0; i < 5000; ++i) {
    REQUIRE(views[i] == "key " + std::to_string(i) + std::string(i % 50, 'x'));
    REQUIRE(table.find(views[i]) == i);
    REQUIRE(table.intern(views[i]) == i);
    REQUIRE(table[i].data() == views[i].data());
  }
  CHECK(table.size() == 5001);
  CHECK(table.find("key") == no_string);
}

TEST_CASE("keys that come in another order than before are found all the same", "[crdt]") {
  string_table table;
  const std::string_view keys[] = {"x", "y", "width", "height"};
  for (const std::string_view key : keys) table.intern(key);
  for (unsigned order = 0; order < 50; ++order) {
    const unsigned key = order * 7 % 4;
    REQUIRE(table.intern(keys[key]) == key);
    REQUIRE(table.intern(keys[(key + order) % 4]) == (key + order) % 4);
  }
  CHECK(table.size() == 4);
}

TEST_CASE("a copy of the table has the same handles and texts of its own", "[crdt]") {
  string_table copy;
  {
    string_table table;
    for (const char* const text : {"one", "two", "three"}) table.intern(text);
    copy = string_table{table};
  }
  CHECK(copy.size() == 3);
  CHECK(copy[1] == "two");
  CHECK(copy.find("three") == 2);
  CHECK(copy.intern("four") == 3);
}

}  // namespace troupe::string_table_test
