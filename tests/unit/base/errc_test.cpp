#include "base/errc.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::errc_test {

namespace {

result<int> half(int number) {
  if (number % 2 != 0) return fail(errc::invalid_config, "odd number", 3);
  return number / 2;
}

result<int> quarter(int number) {
  TROUPE_TRY(half(number));
  return half(number / 2);
}

}  // namespace

TEST_CASE("every errc has a name of its own in snake case", "[errc]") {
  std::set<std::string_view> names;
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(errc::invalid_config); ++i) {
    const std::string_view name = to_string(static_cast<errc>(i));
    CAPTURE(i, name);
    CHECK(name != "unknown");
    CHECK(names.insert(name).second);
    CHECK(std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }));
  }
  CHECK(to_string(errc::invalid_utf8) == "invalid_utf8");
  CHECK(to_string(errc::pending_limit) == "pending_limit");
  CHECK(to_string(errc::too_complex) == "too_complex");
}

TEST_CASE("a failure reads as its code, its detail and its place", "[errc]") {
  CHECK(to_string(failure{errc::truncated, {}}) == "truncated");
  CHECK(to_string(failure{errc::invalid_utf8, "root name"}) == "invalid_utf8: root name");
  CHECK(to_string(failure{errc::invalid_utf8, "root name", 12}) ==
        "invalid_utf8: root name at byte 12");
  CHECK(to_string(failure{errc::truncated, {}, 0}) == "truncated at byte 0");
  CHECK(explain(failure{errc::invalid_utf8, "root name", 12}) == "root name at byte 12");
  CHECK(explain(failure{errc::message_id_reused, {}}) == "message id reused");
}

TEST_CASE("fail makes a result that holds a failure", "[errc]") {
  const result<int> failed = fail(errc::too_deep, "value", 7);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == errc::too_deep);
  CHECK(failed.error().detail == "value");
  CHECK(failed.error().offset == 7);
  const result<void> bare = fail(errc::truncated);
  REQUIRE_FALSE(bare.has_value());
  CHECK(bare.error().detail.empty());
  CHECK(bare.error().offset == failure::no_offset);
}

TEST_CASE("TROUPE_TRY returns the failure of its expression and goes on without one", "[errc]") {
  CHECK(quarter(8) == 2);
  const auto failed = quarter(3);
  REQUIRE_FALSE(failed.has_value());
  CHECK(to_string(failed.error()) == "invalid_config: odd number at byte 3");
  CHECK_FALSE(quarter(6).has_value());
}

}  // namespace troupe::errc_test
