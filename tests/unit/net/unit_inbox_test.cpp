#include "net/unit_inbox.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include <poll.h>

#include <catch2/catch_test_macros.hpp>

namespace troupe::unit_inbox_test {

namespace {

/// Places for jobs, which the inbox only passes on.
struct jobs {
  std::array<char, 64> places{};
  caf::resumable* at(std::size_t i) { return reinterpret_cast<caf::resumable*>(&places[i]); }
};

bool is_readable(const poller& sockets, int timeout_ms) {
  pollfd one{sockets.descriptor(), POLLIN, 0};
  return ::poll(&one, 1, timeout_ms) == 1;
}

}  // namespace

TEST_CASE("an inbox gives what was put in its order, and only once", "[unit-inbox]") {
  poller sockets;
  unit_inbox inbox{sockets};
  jobs some;
  std::vector<caf::resumable*> taken{some.at(9)};
  CHECK(inbox.take(taken) == 0);
  CHECK_FALSE(inbox.put(some.at(0)));
  CHECK_FALSE(inbox.put(some.at(1)));
  CHECK(inbox.take(taken) == 2);
  CHECK(taken == std::vector{some.at(9), some.at(0), some.at(1)});
  CHECK(inbox.take(taken) == 0);
}

TEST_CASE("only a unit that waits is to be woken, and only once", "[unit-inbox]") {
  poller sockets;
  unit_inbox inbox{sockets};
  jobs some;
  std::vector<caf::resumable*> taken;
  REQUIRE(inbox.begin_waiting());
  CHECK(inbox.put(some.at(0)));
  CHECK_FALSE(inbox.put(some.at(1)));
  inbox.end_waiting();
  CHECK_FALSE(inbox.begin_waiting());  // there is something to be taken first
  CHECK(inbox.take(taken) == 2);
  CHECK(inbox.begin_waiting());
  inbox.end_waiting();
  CHECK_FALSE(inbox.put(some.at(2)));
}

TEST_CASE("each wake makes the poller readable once, though nothing reads it", "[unit-inbox]") {
  poller sockets;
  unit_inbox inbox{sockets};
  CHECK_FALSE(is_readable(sockets, 0));
  for (int turn = 0; turn < 3; ++turn) {
    inbox.wake();
    inbox.wake();
    CHECK(is_readable(sockets, 0));
    CHECK(sockets.poll() == 1);
    CHECK(sockets.poll() == 0);
    CHECK_FALSE(is_readable(sockets, 0));
  }
}

TEST_CASE("nothing that other threads put is missed by a unit that waits", "[unit-inbox]") {
  constexpr std::size_t threads = 3;
  constexpr std::size_t each = 20'000;
  poller sockets;
  unit_inbox inbox{sockets};
  jobs some;
  std::vector<std::thread> putting;
  for (std::size_t i = 0; i < threads; ++i)
    putting.emplace_back([&inbox, &some, i] {
      for (std::size_t n = 0; n < each; ++n)
        if (inbox.put(some.at(i))) inbox.wake();
    });
  std::vector<caf::resumable*> taken;
  bool is_lost = false;
  while (taken.size() < threads * each && !is_lost) {
    if (inbox.take(taken) > 0) continue;
    if (!inbox.begin_waiting()) continue;
    is_lost = !is_readable(sockets, 10'000);
    sockets.poll();
    inbox.end_waiting();
  }
  for (std::thread& one : putting) one.join();
  CHECK_FALSE(is_lost);
  CHECK(taken.size() == threads * each);
  for (std::size_t i = 0; i < threads; ++i)
    CHECK(std::ranges::count(taken, some.at(i)) == static_cast<std::ptrdiff_t>(each));
}

}  // namespace troupe::unit_inbox_test
