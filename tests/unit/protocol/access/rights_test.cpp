#include "protocol/access/rights.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::rights_test {

using access::permission;

namespace {

rights of(const std::vector<const char*>& words) {
  permission made;
  for (const char* const word : words) CHECK(made.add(word));
  return made.effective();
}

std::string named(const std::vector<const char*>& words) { return to_string(of(words)); }

}  // namespace

TEST_CASE("each word of rights includes what it cannot do without", "[access][rights]") {
  CHECK(named({}) == "none");
  CHECK(named({"read"}) == "read");
  CHECK(named({"presence"}) == "read, presence");
  CHECK(named({"write"}) == "read, write, presence");
  CHECK(named({"admin"}) == "read, write, presence, admin");
  CHECK(named({"read", "presence"}) == "read, presence");
}

TEST_CASE("presence that is denied is gone, in whatever order it is said", "[access][rights]") {
  CHECK(named({"write", "no_presence"}) == "read, write");
  CHECK(named({"no_presence", "write"}) == "read, write");
  CHECK(named({"no_presence", "presence"}) == "read");
  CHECK(named({"admin", "no_presence"}) == "read, write, admin");
  CHECK(named({"no_presence"}) == "none");
}

TEST_CASE("a denial in one entry counts against the others", "[access][rights]") {
  permission may;
  may.add("write");
  permission other;
  other.add("no_presence");
  other.add("read");
  may |= other;
  CHECK(to_string(may.effective()) == "read, write");
  CHECK(to_string((other |= may).effective()) == "read, write");
}

TEST_CASE("other words are no rights", "[access][rights]") {
  for (const char* const word : {"", "Read", "all", "rw", "no_read", "read,write", "owner"}) {
    permission made;
    CHECK_FALSE(made.add(word));
    CHECK(made == permission{});
  }
}

TEST_CASE("a right that is erased leaves the others", "[access][rights]") {
  rights may = rights::all();
  may.erase(right::write);
  CHECK(to_string(may) == "read, presence, admin");
  may.erase(right::write);
  CHECK(to_string(may) == "read, presence, admin");
  CHECK_FALSE(may.empty());
  CHECK(rights{}.empty());
  CHECK((rights{right::read} | rights{right::admin}) == [] {
    rights both{right::admin};
    both.insert(right::read);
    return both;
  }());
}

}  // namespace troupe::rights_test
