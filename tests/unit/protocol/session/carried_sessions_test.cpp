#include "protocol/session/carried_sessions.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::carried_sessions_test {

using namespace std::chrono_literals;
using content = envelope::content;
using step = carried_sessions::step;

namespace {

/// A connection without bytes: frames are what the test calls them.
struct bed {
  explicit bed(std::size_t sessions_max = 10, bool tokens = true)
      : all(sessions_max), needs_token(tokens) {}

  carried_sessions::decision says(std::string_view address, content what,
                                  std::string_view frame = "x") {
    return all.on_frame({what, address, address.substr(0, address.find('\0')), {}}, as_bytes(frame),
                        needs_token, now);
  }
  carried_sessions::decision token(std::string_view address) {
    return says(address, content::token, "token");
  }
  /// The address gets a session that is read.
  carried_sessions::number open(std::string_view address) {
    const auto [what, of] = token(address);
    REQUIRE(what == step::open);
    REQUIRE(all.begin(of).has_value());
    return of;
  }
  std::string waiting(carried_sessions::number one) {
    std::string texts;
    while (const auto frame = all.take(one)) texts += as_text(*frame);
    return texts;
  }

  carried_sessions all;
  bool needs_token;
  carried_sessions::time_point now{1h};
};

}  // namespace

TEST_CASE("a session begins with its token, which overtakes what waits", "[carried_sessions]") {
  bed on;
  CHECK(on.says("a", content::message, "1").what == step::nothing);
  CHECK(on.says("a", content::message, "2").what == step::nothing);
  CHECK_FALSE(on.all.has_begun());
  const auto [what, one] = on.token("a");
  CHECK(what == step::open);
  CHECK(on.all.has_begun());
  CHECK(on.all.address_of(one) == "a");
  CHECK(on.says("a", content::message, "3").what == step::nothing);
  CHECK_FALSE(on.all.take(one).has_value());  // it is not read yet
  CHECK(as_text(*on.all.begin(one)) == "token");
  CHECK(on.waiting(one) == "123");
  CHECK(on.says("a", content::message).what == step::pass);
}

TEST_CASE("where nobody need say who they are a session begins with its first frame",
          "[carried_sessions]") {
  bed on{10, false};
  const auto [what, one] = on.says("a", content::message, "1");
  CHECK(what == step::open);
  CHECK_FALSE(on.all.begin(one).has_value());
  CHECK(on.waiting(one) == "1");
  CHECK(on.token("a").what == step::pass);
}

TEST_CASE("the same document has a session for each address", "[carried_sessions]") {
  bed on;
  const auto first = on.open("a");
  const auto second = on.open(std::string_view{"a\0s", 3});
  CHECK(first != second);
  CHECK(on.all.document_of(first) == "a");
  CHECK(on.all.document_of(second) == "a");
  CHECK(on.says("a", content::message).of == first);
}

TEST_CASE("a session that is not read lets others pass, but no frame its own token",
          "[carried_sessions]") {
  bed on;
  const auto a = on.open("a");
  const auto b = on.open("b");
  on.all.hold(a, true);
  CHECK(on.says("a", content::message, "1").what == step::nothing);
  CHECK(on.says("b", content::message).what == step::pass);
  CHECK(on.token("a").what == step::pass);
  CHECK_FALSE(on.all.has_read_all(a));
  on.all.hold(a, false);
  // Nothing overtakes what waits.
  CHECK(on.says("a", content::message, "2").what == step::nothing);
  CHECK(on.waiting(a) == "12");
  CHECK(on.says("b", content::message).of == b);
}

TEST_CASE("too much before a token ends the connection, one large message does not",
          "[carried_sessions]") {
  bed on;
  const std::string large(carried_sessions::waiting_bytes_max + 1, 'x');
  CHECK(on.says("a", content::message, large).what == step::nothing);
  CHECK(on.all.has_large());
  CHECK(on.says("b", content::message).what == step::break_off);
  CHECK_FALSE(on.all.is_full());  // that is about those who have said who they are
  bed other;
  for (std::size_t i = 0; i < carried_sessions::waiting_messages_max; ++i)
    REQUIRE(other.says(i % 2 == 0 ? "a" : "b", content::message).what == step::nothing);
  CHECK(other.says("c", content::message).what == step::break_off);
  CHECK(other.token("c").what == step::open);
}

TEST_CASE("the connection is not read while much waits for sessions", "[carried_sessions]") {
  bed on;
  const auto one = on.open("a");
  on.all.hold(one, true);
  for (std::size_t i = 0; i < carried_sessions::waiting_messages_max; ++i) {
    REQUIRE_FALSE(on.all.is_full());
    on.says("a", content::message);
  }
  CHECK(on.all.is_full());
  on.all.hold(one, false);
  on.all.take(one);
  CHECK_FALSE(on.all.is_full());
}

TEST_CASE("what waits for a session that was set aside holds up no other", "[carried_sessions]") {
  bed on;
  const auto one = on.open("a");
  on.open("b");
  on.all.hold(one, true);
  on.says("a", content::message, "1");
  on.all.set_aside(one);
  CHECK(on.all.is_aside(one));
  for (std::size_t i = 1; i < carried_sessions::waiting_messages_max; ++i)
    REQUIRE(on.says("a", content::message, "2").what == step::nothing);
  CHECK_FALSE(on.all.is_full());
  CHECK(on.says("b", content::message).what == step::pass);
  CHECK(on.token("a").what == step::pass);
  // There is an end to it.
  CHECK(on.says("a", content::message).what == step::give_up);
  on.all.hold(one, false);
  CHECK_FALSE(on.all.is_aside(one));
  CHECK(on.all.is_full());
  CHECK(on.waiting(one).size() == carried_sessions::waiting_messages_max);
  CHECK_FALSE(on.all.is_full());
}

TEST_CASE("a session that was set aside and leaves takes what waits along", "[carried_sessions]") {
  bed on;
  const auto one = on.open("a");
  on.all.hold(one, true);
  on.all.set_aside(one);
  for (std::size_t i = 0; i < carried_sessions::waiting_messages_max; ++i)
    on.says("a", content::message);
  CHECK(on.says("a", content::leave).what == step::leave);
  CHECK(on.all.is_aside(one));
  on.all.remove(one);
  const auto again = on.open("a");
  on.all.hold(again, true);
  on.all.set_aside(again);
  CHECK(on.says("a", content::message).what == step::nothing);
}

TEST_CASE("whoever leaves is read to the end, and may come back at once", "[carried_sessions]") {
  bed on;
  const auto first = on.open("a");
  on.all.hold(first, true);
  on.says("a", content::message, "1");
  CHECK(on.says("a", content::leave).what == step::leave);
  CHECK(on.says("a", content::message, "2").what == step::nothing);
  const auto [what, second] = on.token("a");
  CHECK(what == step::open);
  CHECK(second != first);
  on.all.hold(first, false);
  CHECK(on.waiting(first) == "1");
  on.all.remove(first);
  CHECK(on.all.begin(second).has_value());
  CHECK(on.waiting(second) == "2");
  // Who is not there cannot leave.
  CHECK(on.says("b", content::leave).what == step::nothing);
  CHECK(on.all.size() == 1);
}

TEST_CASE("what comes for a refused address is dropped until it says anew who it is",
          "[carried_sessions]") {
  bed on;
  const auto one = on.open("a");
  on.all.refuse(one);
  CHECK(on.says("a", content::message, "1").what == step::nothing);
  const auto again = on.token("a");
  CHECK(again.what == step::open);
  CHECK(on.all.begin(again.of).has_value());
  CHECK(on.waiting(again.of).empty());
  on.says("b", content::message, "2");
  on.all.refuse(on.token("b").of);
  CHECK_FALSE(on.all.is_full());
  CHECK(on.says("b", content::leave).what == step::nothing);
  CHECK(on.all.size() == 1);
}

TEST_CASE("a connection carries so many sessions; those refused make room", "[carried_sessions]") {
  bed on{2};
  const auto a = on.open("a");
  on.open("b");
  CHECK(on.token("c").what == step::refuse);
  CHECK(on.says("c", content::message).what == step::nothing);
  on.all.refuse(a);
  CHECK(on.token("c").what == step::open);
  CHECK(on.token("a").what == step::refuse);
}

TEST_CASE("an address whose token does not come in time is overdue", "[carried_sessions]") {
  bed on;
  on.says("a", content::message);
  on.now += 10s;
  on.says("b", content::message);
  on.open("c");
  on.now += 20s;
  const auto late = on.all.overdue(on.now);
  REQUIRE(late.size() == 1);
  CHECK(on.all.address_of(late[0]) == "a");
  // More of it does not move the deadline.
  on.now += 9s;
  on.says("b", content::message);
  on.now += 1s;
  CHECK(on.all.overdue(on.now).size() == 2);
}

}  // namespace troupe::carried_sessions_test
