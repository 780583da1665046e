#include "actors/recent_refusals.hpp"

#include <deque>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::recent_refusals_test {

using namespace std::chrono_literals;

namespace {

using refusals = recent_refusals;
using duration = std::chrono::milliseconds;

const refusals::time_point start{24h};
constexpr visitor_id someone = 7;

/// The visitor has been closed so often for that cause, a second apart, the last time at `start`.
refusals& closed(refusals& table, int times, close_reason why = close_reason::invalid_update) {
  for (int i = times - 1; i >= 0; --i) table.note(someone, why, start - i * 1s);
  return table;
}

/// How long an answer waits that nobody else waits beside.
duration wait_after(int times, close_reason why = close_reason::invalid_update) {
  refusals table;
  return closed(table, times, why).begin(someone, start).wait;
}

}  // namespace

TEST_CASE("who was closed once comes back at once, later the answer waits longer and longer",
          "[recent_refusals]") {
  CHECK(wait_after(0) == 0ms);
  CHECK(wait_after(1) == 0ms);
  CHECK(wait_after(2) == 250ms);
  CHECK(wait_after(3) == 500ms);
  CHECK(wait_after(4) == 1000ms);
  CHECK(wait_after(5) == 2000ms);
  CHECK(wait_after(29) == 2000ms);
}

TEST_CASE("behind the wait the upgrade goes on where the cause is the client's",
          "[recent_refusals]") {
  refusals table;
  const auto turn = closed(table, 9).begin(someone, start);
  CHECK_FALSE(turn.refused);
  CHECK_FALSE(table.refusal_after_wait(someone, start + turn.wait));
}

TEST_CASE("a cause that meets everybody is an answer before the upgrade, for longer each time",
          "[recent_refusals]") {
  for (const close_reason why :
       {close_reason::server_at_capacity, close_reason::too_many_documents}) {
    struct row {
      int times;
      std::chrono::seconds shut;
    };
    for (const row& each : {row{1, 1s}, row{2, 2s}, row{3, 4s}, row{4, 8s}, row{9, 8s}}) {
      CAPTURE(each.times);
      refusals table;
      const auto turn = closed(table, each.times, why).begin(someone, start);
      CHECK(turn.wait >= 250ms);
      CHECK_FALSE(turn.refused);
      const auto refused = table.refusal_after_wait(someone, start + 1ms);
      REQUIRE(refused);
      CHECK(refused->cause == why);
      CHECK(refused->retry_after == each.shut);
      CHECK(table.refusal_after_wait(someone, start + each.shut - 1ms)->retry_after == 1s);
      CHECK_FALSE(table.refusal_after_wait(someone, start + each.shut));
    }
  }
}

TEST_CASE("nobody waits for what another document, user or address did", "[recent_refusals]") {
  refusals table;
  closed(table, 9);
  CHECK(table.begin(someone + 1, start).wait == 0ms);
  CHECK(table.begin(0, start).wait == 0ms);
  table.note(0, close_reason::invalid_update, start);
  CHECK(table.visitors() == 1);
}

TEST_CASE("causes are counted apart", "[recent_refusals]") {
  refusals table;
  table.note(someone, close_reason::invalid_update, start - 2s);
  table.note(someone, close_reason::slow_consumer, start - 1s);
  table.note(someone, close_reason::message_too_large, start);
  CHECK(table.begin(someone, start).wait == 0ms);
  table.note(someone, close_reason::slow_consumer, start);
  CHECK(table.begin(someone, start).wait == 250ms);
}

TEST_CASE("connections that end by themselves count for nothing", "[recent_refusals]") {
  for (const close_reason why : {close_reason::peer_closed, close_reason::server_stopping,
                                 close_reason::heartbeat_timeout, close_reason::io_error}) {
    CHECK(wait_after(9, why) == 0ms);
    refusals table;
    CHECK(closed(table, 9, why).visitors() == 0);
  }
}

TEST_CASE("clients that are closed together count once", "[recent_refusals]") {
  refusals table;
  for (int i = 0; i < 50; ++i) table.note(someone, close_reason::slow_consumer, start + i * 1ms);
  CHECK(table.begin(someone, start + 50ms).wait == 0ms);
  table.note(someone, close_reason::slow_consumer, start + 100ms);
  CHECK(table.begin(someone, start + 100ms).wait == 250ms);
}

TEST_CASE("a cause is forgotten half a minute after the last close", "[recent_refusals]") {
  refusals table;
  closed(table, 9);
  CHECK(table.begin(someone, start + 29'999ms).wait > 0ms);
  CHECK(table.begin(someone, start + 30s).wait == 0ms);
  table.note(someone, close_reason::invalid_update, start + 30s);
  CHECK(table.begin(someone, start + 30s).wait == 0ms);
}

TEST_CASE("answers to one visitor come one by one, and those without a turn are refusals",
          "[recent_refusals]") {
  refusals table;
  closed(table, 3);
  std::vector<duration> waits;
  std::size_t refused = 0;
  for (int i = 0; i < 40; ++i) {
    const auto turn = table.begin(someone, start);
    waits.push_back(turn.wait);
    if (turn.refused) ++refused;
    if (turn.refused) CHECK(turn.refused->cause == close_reason::invalid_update);
  }
  CHECK(waits[0] == 500ms);
  CHECK(waits[1] == 800ms);
  CHECK(waits[31] == 9800ms);
  CHECK(waits[32] == 10s);
  CHECK(refused == 8);
  CHECK(table.waiting() == 40);
  for (int i = 0; i < 40; ++i) table.end_wait();
  CHECK(table.waiting() == 0);
}

TEST_CASE("as many connections wait as there is room for, the others are refused at once",
          "[recent_refusals]") {
  refusals table{10, 2};
  closed(table, 3);
  CHECK_FALSE(table.begin(someone, start).refused);
  CHECK_FALSE(table.begin(someone, start).refused);
  const auto third = table.begin(someone, start);
  CHECK(third.wait == 0ms);
  CHECK(third.refused);
  CHECK(table.waiting() == 2);
  table.end_wait();
  CHECK(table.begin(someone, start).wait > 0ms);
}

TEST_CASE("the table is bounded, and has room again for who comes later", "[recent_refusals]") {
  refusals table{10};
  for (visitor_id who = 1; who <= 100; ++who)
    for (int i = 0; i < 2; ++i) table.note(who, close_reason::invalid_update, start + i * 1s);
  CHECK(table.visitors() == 10);
  CHECK(table.begin(10, start + 1s).wait > 0ms);
  CHECK(table.begin(11, start + 1s).wait == 0ms);
  table.note(11, close_reason::invalid_update, start + 31s);
  CHECK(table.visitors() == 1);
}

TEST_CASE("twenty clients that are refused for good make at most five connections a second",
          "[recent_refusals]") {
  for (const close_reason why :
       {close_reason::unusable_content, close_reason::server_at_capacity}) {
    // As y-websocket does: after a connection that opened it comes back in 0.1 s, else it doubles
    // its pause up to 2.5 s.
    struct client {
      refusals::time_point due = start;
      int failures = 0;
    };
    refusals table;
    std::vector<client> clients(20);
    std::size_t late = 0;
    for (auto now = start; now < start + 60s; now += 10ms)
      for (client& one : clients) {
        if (one.due > now) continue;
        if (now >= start + 5s) ++late;
        const auto turn = table.begin(someone, now);
        auto answered = now + turn.wait + 2ms;
        const bool is_refused = turn.refused || table.refusal_after_wait(someone, answered);
        if (turn.wait > 0ms) table.end_wait();
        one.failures = is_refused ? one.failures + 1 : 0;
        if (!is_refused) table.note(someone, why, answered);
        one.due = answered + std::min<duration>(100ms * (1 << std::min(one.failures, 5)), 2500ms);
      }
    CAPTURE(late);
    CHECK(late <= 55 * 5);
    CHECK(late >= 55);
    CHECK(table.waiting() == 0);
  }
}

}  // namespace troupe::recent_refusals_test
