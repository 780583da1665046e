#include "net/poller.hpp"

#include <functional>
#include <vector>

#include <poll.h>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/socket_pair.hpp"

namespace troupe::poller_test {

using test::socket_pair;

namespace {

/// Writes down what it hears and does what the test wants of it.
struct recording_pollable final : pollable {
  std::vector<readiness> heard;
  std::function<void()> then = [] {};

  void on_ready(readiness now) override {
    heard.push_back(now);
    then();
  }
};

constexpr readiness reading{.readable = true};
constexpr readiness writing{.writable = true};

bool is_readable(int descriptor) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a poller tells what a socket is watched for, as long as it holds", "[poller]") {
  poller sockets;
  socket_pair pair;
  recording_pollable who;
  REQUIRE(sockets.add(pair.here, who, reading));
  CHECK(sockets.poll() == 0);
  pair.there_writes("x");
  CHECK(sockets.poll() == 1);
  CHECK(sockets.poll() == 1);
  REQUIRE(who.heard.size() == 2);
  CHECK(who.heard[0].readable);
  CHECK_FALSE(who.heard[0].writable);
  CHECK_FALSE(who.heard[0].failed);
  pair.here_reads();
  CHECK(sockets.poll() == 0);
  sockets.remove(pair.here, who);
}

TEST_CASE("what a socket is watched for can be changed", "[poller]") {
  poller sockets;
  socket_pair pair;
  recording_pollable who;
  REQUIRE(sockets.add(pair.here, who, reading));
  sockets.change(pair.here, who, writing);
  pair.there_writes("x");
  CHECK(sockets.poll() == 1);
  CHECK(who.heard.back().writable);
  CHECK_FALSE(who.heard.back().readable);
  sockets.change(pair.here, who, {.readable = true, .writable = true});
  CHECK(sockets.poll() == 1);
  CHECK(who.heard.back().writable);
  CHECK(who.heard.back().readable);
  sockets.change(pair.here, who, {});
  CHECK(sockets.poll() == 0);
  sockets.remove(pair.here, who);
}

TEST_CASE("the end of a peer is told as input, and as a failure once both sides have ended",
          "[poller]") {
  poller sockets;
  socket_pair pair;
  recording_pollable who;
  REQUIRE(sockets.add(pair.here, who, reading));
  pair.there_ends_output();
  CHECK(sockets.poll() == 1);
  CHECK(who.heard.back().readable);
  CHECK_FALSE(who.heard.back().failed);
  pair.close_there();
  sockets.change(pair.here, who, {});
  CHECK(sockets.poll() == 1);
  CHECK(who.heard.back().failed);
  sockets.remove(pair.here, who);
}

TEST_CASE("who is removed hears nothing more, even of what was found already", "[poller]") {
  poller sockets;
  socket_pair pairs[3];
  recording_pollable who[3];
  for (int i = 0; i < 3; ++i) {
    REQUIRE(sockets.add(pairs[i].here, who[i], reading));
    pairs[i].there_writes("x");
  }
  // The first that is told removes the others.
  for (int i = 0; i < 3; ++i)
    who[i].then = [&, i] {
      for (int other = 0; other < 3; ++other)
        if (other != i) sockets.remove(pairs[other].here, who[other]);
    };
  sockets.poll();
  CHECK(who[0].heard.size() + who[1].heard.size() + who[2].heard.size() == 1);
  for (int i = 0; i < 3; ++i) sockets.remove(pairs[i].here, who[i]);
}

TEST_CASE("a pollable may remove itself, and another may be added meanwhile", "[poller]") {
  poller sockets;
  socket_pair first, second;
  recording_pollable one, two;
  REQUIRE(sockets.add(first.here, one, reading));
  first.there_writes("x");
  second.there_writes("y");
  one.then = [&] {
    sockets.remove(first.here, one);
    sockets.add(second.here, two, reading);
  };
  CHECK(sockets.poll() == 1);
  CHECK(sockets.poll() == 1);
  CHECK(one.heard.size() == 1);
  CHECK(two.heard.size() == 1);
  sockets.remove(second.here, two);
}

TEST_CASE("more sockets than are found at once are all told", "[poller]") {
  constexpr int count = 200;
  poller sockets;
  std::vector<socket_pair> pairs(count);
  std::vector<recording_pollable> who(count);
  for (int i = 0; i < count; ++i) {
    REQUIRE(sockets.add(pairs[i].here, who[i], reading));
    pairs[i].there_writes("x");
    who[i].then = [&, i] { pairs[i].here_reads(); };
  }
  std::size_t told = 0;
  for (std::size_t found = sockets.poll(); found > 0; found = sockets.poll()) told += found;
  CHECK(told == count);
  for (const auto& one : who) CHECK(one.heard.size() == 1);
  for (int i = 0; i < count; ++i) sockets.remove(pairs[i].here, who[i]);
}

TEST_CASE("the descriptor of a poller is readable while a socket is ready", "[poller]") {
  poller sockets;
  socket_pair pair;
  recording_pollable who;
  REQUIRE(sockets.add(pair.here, who, reading));
  CHECK_FALSE(is_readable(sockets.descriptor()));
  pair.there_writes("x");
  CHECK(is_readable(sockets.descriptor()));
  pair.here_reads();
  CHECK_FALSE(is_readable(sockets.descriptor()));
  sockets.remove(pair.here, who);
}

TEST_CASE("what is no socket is refused", "[poller]") {
  poller sockets;
  recording_pollable who;
  CHECK_FALSE(sockets.add(-1, who, reading));
}

}  // namespace troupe::poller_test
