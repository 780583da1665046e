#include "protocol/identity.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::protocol_identity_test {

namespace {

constexpr right each_right[] = {right::read, right::write, right::presence, right::admin};

}  // namespace

TEST_CASE("rights are none until they are given", "[identity]") {
  constexpr rights none;
  for (const right one : each_right) CHECK_FALSE(none.contains(one));
  CHECK(none == rights{});
}

TEST_CASE("all rights are each of them", "[identity]") {
  for (const right one : each_right) CHECK(rights::all().contains(one));
  rights may;
  for (const right one : each_right) {
    CHECK(may != rights::all());
    may.insert(one);
  }
  CHECK(may == rights::all());
}

TEST_CASE("a right brings no other with it", "[identity]") {
  for (const right given : each_right) {
    rights may;
    may.insert(given);
    may.insert(given);
    for (const right other : each_right) CHECK(may.contains(other) == (other == given));
  }
}

TEST_CASE("nobody in particular has an empty name", "[identity]") {
  CHECK(user_of(nullptr).empty());
  CHECK(user_of(std::make_shared<const identity>()).empty());
  CHECK(user_of(std::make_shared<const identity>(identity{"ada"})) == "ada");
}

TEST_CASE("a session that joins may do nothing unless it is said", "[identity]") {
  const joining_session who;
  CHECK(who.session == no_session);
  CHECK(who.may == rights{});
  CHECK(who.who == nullptr);
}

}  // namespace troupe::protocol_identity_test
