#include "protocol/session/life_check.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::life_check_test {

using namespace std::chrono_literals;
using documents = std::vector<document_id>;

namespace {
const life_check::time_point start{1h};
}  // namespace

TEST_CASE("a peer is pinged once for all who ask, and who gives no sign is silent", "[session]") {
  life_check check;
  CHECK(check.ask(1, start));
  CHECK_FALSE(check.ask(2, start + 300ms));
  CHECK_FALSE(check.ask(1, start + 500ms));
  CHECK(check.look(start + 1s, start - 1ms, false) == documents{1, 2});
  CHECK(check.look(start + 1s, start - 1ms, false).empty());
  CHECK(check.ask(2, start + 2s));
}

TEST_CASE("whatever leaves a doubt counts as life", "[session]") {
  life_check check;
  check.ask(1, start);
  CHECK(check.look(start + 1s, start + 20ms, false).empty());
  check.ask(1, start);
  CHECK(check.look(start + 1s, start, false).empty());
  check.ask(1, start);
  CHECK(check.look(start + 1s, start - 1h, true).empty());
  check.ask(1, start);
  CHECK(check.look(start + 6s, start - 1h, false).empty());
}

}  // namespace troupe::life_check_test
