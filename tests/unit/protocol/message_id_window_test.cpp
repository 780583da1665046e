#include "protocol/message_id_window.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace troupe::message_id_window_test {

using namespace std::chrono_literals;

namespace {

const message_id_window::time_point start{};

std::string id(std::size_t number) { return "message-" + std::to_string(number); }

/// Fills the window of one user.
void fill(message_id_window& window, const std::string& user, message_id_window::time_point now) {
  for (std::size_t i = 0; i < message_id_window::ids_per_user_max; ++i)
    REQUIRE(window.note(user, id(i), {}, now) == seen::fresh);
}

}  // namespace

TEST_CASE("a message is fresh once", "[message_id_window]") {
  message_id_window window;
  CHECK(window.note("ada", "1", {}, start) == seen::fresh);
  CHECK(window.note("ada", "1", {}, start) == seen::repeated);
  CHECK(window.note("ada", "2", {}, start + 1s) == seen::fresh);
  CHECK(window.note("ada", "1", {}, start + 2s) == seen::repeated);
  CHECK(window.note("ada", "2", {}, start + 2s) == seen::repeated);
}

TEST_CASE("users have windows of their own", "[message_id_window]") {
  message_id_window window;
  CHECK(window.note("ada", "1", {}, start) == seen::fresh);
  CHECK(window.note("bob", "1", {}, start) == seen::fresh);
  CHECK(window.note("", "1", {}, start) == seen::fresh);
  CHECK(window.note("ad", "a1", {}, start) == seen::fresh);
  CHECK(window.user_count() == 4);
  CHECK(window.note("bob", "1", {}, start) == seen::repeated);
}

TEST_CASE("ids that differ in one place only are told apart", "[message_id_window]") {
  message_id_window window;
  const std::string same(128, 'x');
  CHECK(window.note("ada", same, {}, start) == seen::fresh);
  for (std::size_t i = 0; i < same.size(); ++i) {
    std::string other = same;
    other[i] = 'y';
    CHECK(window.note("ada", other, {}, start) == seen::fresh);
  }
  CHECK(window.note("ada", std::string(2, '\0'), {}, start) == seen::fresh);
  CHECK(window.note("ada", std::string(3, '\0'), {}, start) == seen::fresh);
  CHECK(window.note("ada", same, {}, start) == seen::repeated);
}

TEST_CASE("the last 1,024 messages of a user are remembered", "[message_id_window]") {
  message_id_window window;
  fill(window, "ada", start);
  for (std::size_t i = 0; i < 1024; ++i)
    REQUIRE(window.note("ada", id(i), {}, start) == seen::repeated);
  CHECK(window.note("ada", "one more", {}, start) == seen::fresh);
  CHECK(window.note("ada", id(1), {}, start) == seen::repeated);
  CHECK(window.note("ada", id(0), {}, start) ==
        seen::fresh);  // pushed out, and pushes out the next
  CHECK(window.note("ada", id(2), {}, start) == seen::repeated);
  CHECK(window.note("ada", id(1), {}, start) == seen::fresh);
}

TEST_CASE("a message is remembered for ten minutes from its first sighting",
          "[message_id_window]") {
  message_id_window window;
  CHECK(window.note("ada", "1", {}, start) == seen::fresh);
  CHECK(window.note("ada", "2", {}, start + 5min) == seen::fresh);
  CHECK(window.note("ada", "1", {}, start + 10min - 1ms) == seen::repeated);
  CHECK(window.note("ada", "1", {}, start + 10min) == seen::fresh);
  CHECK(window.note("ada", "2", {}, start + 10min) == seen::repeated);
  CHECK(window.note("ada", "1", {}, start + 20min - 1ms) == seen::repeated);
}

TEST_CASE("an id with another content is reused, and keeps the first", "[message_id_window]") {
  message_id_window window;
  CHECK(window.note("ada", "1", as_bytes("a"), start) == seen::fresh);
  CHECK(window.note("ada", "1", as_bytes("b"), start + 1s) == seen::reused);
  CHECK(window.note("ada", "1", as_bytes("a"), start + 2s) == seen::repeated);
  CHECK(window.note("bob", "1", as_bytes("b"), start) == seen::fresh);
  CHECK(window.note("ada", "1", as_bytes("b"), start + 10min) == seen::fresh);
  CHECK(window.note("ada", "1", as_bytes("a"), start + 10min) == seen::reused);
}

TEST_CASE("a user who is gone for good leaves nothing behind", "[message_id_window]") {
  message_id_window window;
  window.note("ada", "1", {}, start);
  window.note("bob", "1", {}, start);
  window.forget("ada");
  window.forget("never seen");
  CHECK(window.user_count() == 1);
  CHECK(window.note("ada", "1", {}, start) == seen::fresh);
  window.forget("ada");
  window.forget("bob");
  CHECK(window.memory_bytes() == 0);
}

TEST_CASE("time empties a window and forgets its user", "[message_id_window]") {
  message_id_window window;
  fill(window, "ada", start);
  window.note("bob", "1", {}, start + 1min);
  window.expire(start + 10min - 1ms);
  CHECK(window.user_count() == 2);
  window.expire(start + 10min);
  CHECK(window.user_count() == 1);
  CHECK(window.note("bob", "1", {}, start + 10min) == seen::repeated);
  window.expire(start + 11min);
  CHECK(window.user_count() == 0);
  CHECK(window.memory_bytes() == 0);
}

TEST_CASE("the user who has been silent for the longest time is forgotten first",
          "[message_id_window]") {
  message_id_window window;
  for (std::size_t i = 0; i < message_id_window::users_max; ++i)
    window.note("user-" + std::to_string(i), "1", {}, start);
  CHECK(window.user_count() == message_id_window::users_max);
  CHECK(window.note("user-0", "1", {}, start) == seen::repeated);  // no longer silent
  CHECK(window.note("one more", "1", {}, start) == seen::fresh);
  CHECK(window.user_count() == message_id_window::users_max);
  CHECK(window.note("user-0", "1", {}, start) == seen::repeated);
  CHECK(window.note("user-1", "1", {}, start) == seen::fresh);
}

TEST_CASE("a window stays within its memory", "[message_id_window]") {
  message_id_window window;
  for (int user = 0; user < 400; ++user) {
    fill(window, "user-" + std::to_string(user), start);
    REQUIRE(window.memory_bytes() <= message_id_window::memory_bytes_max);
  }
  CHECK(window.user_count() > 200);
  CHECK(window.note("user-399", id(0), {}, start) == seen::repeated);
  CHECK(window.note("user-0", id(1023), {}, start) == seen::fresh);
  const std::string long_name(message_id_window::memory_bytes_max, 'n');
  CHECK(window.note(long_name, "1", {}, start) == seen::fresh);
  CHECK(window.user_count() == 1);
  CHECK(window.note(long_name, "1", {}, start) == seen::repeated);
}

TEST_CASE("a window may be moved", "[message_id_window]") {
  message_id_window first;
  first.note("ada", "1", {}, start);
  message_id_window second = std::move(first);
  CHECK(second.note("ada", "1", {}, start) == seen::repeated);
}

// A plain list beside it, which forgets by the same rules.
TEST_CASE("a window agrees with a simple one, whatever happens", "[message_id_window]") {
  std::mt19937 random{1024};
  message_id_window window;
  std::map<std::string, std::vector<std::pair<std::string, message_id_window::time_point>>> simple;
  auto now = start;
  for (int step = 0; step < 60'000; ++step) {
    now += std::chrono::milliseconds{random() % 400};
    const std::string user = random() % 4 == 0 ? "bob" : "ada";
    const std::string message = id(random() % 3000);
    auto& list = simple[user];
    std::erase_if(list, [&](const auto& each) { return now - each.second >= 10min; });
    const auto same = [&](const auto& each) { return each.first == message; };
    const auto found = std::find_if(list.begin(), list.end(), same);
    if (random() % 2000 == 0) {
      window.forget(user);
      list.clear();
    } else if (random() % 100 == 0) {
      window.expire(now);
    } else {
      REQUIRE((window.note(user, message, {}, now) == seen::repeated) == (found != list.end()));
      if (found != list.end()) continue;
      list.emplace_back(message, now);
      if (list.size() > 1024) list.erase(list.begin());
    }
  }
}

}  // namespace troupe::message_id_window_test
