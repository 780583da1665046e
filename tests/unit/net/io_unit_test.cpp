#include "net/io_unit.hpp"

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/socket_pair.hpp"

namespace troupe::io_unit_test {

namespace {

/// A member that writes down what it is asked for.
class recording_member final : public unit_member,
                               public std::enable_shared_from_this<recording_member> {
 public:
  enum class kind { http, websocket };

  recording_member(io_unit& unit, std::vector<std::string>& log, kind what)
      : unit_(unit), log_(log), kind_(what) {}

  void flush() override { log_.emplace_back("flush"); }
  void terminate_now() override {
    log_.emplace_back("terminate");
    unit_.remove(shared_from_this());
  }
  bool is_upgraded() const noexcept override { return kind_ == kind::websocket; }

 private:
  io_unit& unit_;
  std::vector<std::string>& log_;
  kind kind_;
};

}  // namespace

TEST_CASE("a unit runs what was posted before it finishes", "[io_unit]") {
  io_unit unit;
  bool ran = false;
  unit.post([&] { ran = unit.on_own_thread(); });
  unit.finish();
  std::thread{[&] { unit.run(); }}.join();
  CHECK(ran);
}

TEST_CASE("a dirty member is flushed after the handlers of the turn", "[io_unit]") {
  io_unit unit;
  std::vector<std::string> log;
  const auto member =
      std::make_shared<recording_member>(unit, log, recording_member::kind::websocket);
  unit.post([&] {
    unit.defer_flush(member);
    log.emplace_back("first");
  });
  unit.post([&] { log.emplace_back("second"); });
  unit.finish();
  unit.run();
  CHECK(log == std::vector<std::string>{"first", "second", "flush"});
}

TEST_CASE("a unit that has written for long looks at the others before it goes on", "[io_unit]") {
  // Takes as long as a large state that many get at once.
  class slow_member final : public unit_member {
   public:
    slow_member(io_unit& unit, std::vector<std::string>& log) : unit_(unit), log_(log) {}
    void flush() override {
      if (log_.empty())
        unit_.post([this] {
          log_.emplace_back("other");
          unit_.finish();
        });
      const auto end = io_unit::clock::now() + std::chrono::microseconds{500};
      while (io_unit::clock::now() < end) {
      }
      log_.emplace_back("flush");
    }
    void terminate_now() override {}
    bool is_upgraded() const noexcept override { return true; }

   private:
    io_unit& unit_;
    std::vector<std::string>& log_;
  };
  io_unit unit;
  std::vector<std::string> log;
  const auto first = std::make_shared<slow_member>(unit, log);
  unit.post([&] {
    unit.defer_flush(first);
    for (int i = 1; i < 32; ++i) unit.defer_flush(std::make_shared<slow_member>(unit, log));
  });
  unit.run();
  REQUIRE(log.size() == 33);
  CHECK(log[8] == "other");
  CHECK(std::ranges::count(log, "flush") == 32);
}

TEST_CASE("stop terminates the members and those that come later", "[io_unit]") {
  io_unit unit;
  std::vector<std::string> log;
  const auto early =
      std::make_shared<recording_member>(unit, log, recording_member::kind::websocket);
  const auto late = std::make_shared<recording_member>(unit, log, recording_member::kind::http);
  unit.post([&] { unit.add(early); });
  unit.stop();
  unit.post([&] { unit.add(late); });
  unit.run();
  CHECK(log == std::vector<std::string>{"terminate", "terminate"});
  CHECK(unit.connection_count() == 0);
}

TEST_CASE("connections that are no WebSockets yet can be ended alone", "[io_unit]") {
  io_unit unit;
  std::vector<std::string> log;
  const auto http = std::make_shared<recording_member>(unit, log, recording_member::kind::http);
  const auto websocket =
      std::make_shared<recording_member>(unit, log, recording_member::kind::websocket);
  unit.post([&] {
    unit.add(http);
    unit.add(websocket);
    unit.terminate_not_upgraded();
    CHECK(log == std::vector<std::string>{"terminate"});
    CHECK(unit.connection_count() == 1);
  });
  unit.stop();
  unit.run();
}

// --- rounds and turns ---

namespace {

/// Works through a script of steps, one per on_deferred().
class scripted_member final : public unit_member,
                              public std::enable_shared_from_this<scripted_member> {
 public:
  using step = std::function<void(scripted_member&)>;

  scripted_member(io_unit& unit, std::vector<std::string>& log, std::vector<step> script)
      : unit_(unit), log_(log), script_(std::move(script)) {}

  void flush() override { log_.emplace_back("flush"); }
  void on_deferred() override {
    log_.emplace_back("go on");
    if (next_ < script_.size()) script_[next_++](*this);
  }
  void terminate_now() override { unit_.remove(shared_from_this()); }
  bool is_upgraded() const noexcept override { return true; }

  void defer_self() { unit_.defer(shared_from_this()); }
  void dirty() { unit_.defer_flush(shared_from_this()); }

 private:
  io_unit& unit_;
  std::vector<std::string>& log_;
  std::vector<step> script_;
  std::size_t next_ = 0;
};

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("what is put off runs before the unit waits, once each time", "[io_unit]") {
  io_unit unit;
  words log;
  const auto member = std::make_shared<scripted_member>(
      unit, log, std::vector<scripted_member::step>{[](auto& self) { self.defer_self(); }});
  unit.post([&] {
    member->defer_self();
    log.emplace_back("posted");
  });
  unit.finish();
  unit.run();
  CHECK(log == words{"posted", "go on", "go on"});
}

TEST_CASE("what is put off may make output, which is flushed before the unit waits", "[io_unit]") {
  io_unit unit;
  words log;
  const auto member = std::make_shared<scripted_member>(
      unit, log, std::vector<scripted_member::step>{[](auto& self) { self.dirty(); }});
  unit.post([&] { member->defer_self(); });
  unit.finish();
  unit.run();
  CHECK(log == words{"go on", "flush"});
}

TEST_CASE("a busy unit gathers output until its interval is over", "[io_unit]") {
  const auto run_busy_for = [](io_unit& unit, words& log, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    // Each step asks for the next, so that the unit is never idle.
    struct busy final : unit_member, std::enable_shared_from_this<busy> {
      io_unit& unit;
      words& log;
      std::chrono::steady_clock::time_point end;
      bool is_dirty = false;
      busy(io_unit& of, words& into, std::chrono::steady_clock::time_point until)
          : unit(of), log(into), end(until) {}
      void flush() override {
        is_dirty = false;
        log.emplace_back("flush");
      }
      void on_deferred() override {
        if (std::chrono::steady_clock::now() >= end) return;
        if (!std::exchange(is_dirty, true)) unit.defer_flush(shared_from_this());
        unit.defer(shared_from_this());
      }
      void terminate_now() override {}
      bool is_upgraded() const noexcept override { return true; }
    };
    const auto member = std::make_shared<busy>(unit, log, end);
    unit.post([&unit, member] { unit.defer(member); });
    unit.finish();
    unit.run();
  };
  using namespace std::chrono_literals;
  SECTION("a long interval: only at the end, when the unit is idle") {
    io_unit unit{1h};
    words log;
    run_busy_for(unit, log, 5ms);
    CHECK(log == words{"flush"});
  }
  SECTION("a short one: several times") {
    io_unit unit{1ms};
    words log;
    run_busy_for(unit, log, 20ms);
    CHECK(log.size() >= 2);
    CHECK(log.size() <= 21);
  }
  SECTION("none: each round is a turn") {
    io_unit unit{0ms};
    words log;
    run_busy_for(unit, log, 2ms);
    CHECK(log.size() >= 10);
  }
}

TEST_CASE("an idle unit flushes at once, whatever its interval", "[io_unit]") {
  io_unit unit{std::chrono::hours{1}};
  words log;
  const auto member =
      std::make_shared<recording_member>(unit, log, recording_member::kind::websocket);
  std::thread thread{[&] { unit.run(); }};
  unit.post([&] { unit.add(member); });
  for (int turn = 0; turn < 3; ++turn) {
    std::promise<void> posted;
    unit.post([&] {
      unit.defer_flush(member);
      posted.set_value();
    });
    posted.get_future().wait();
    // Once the unit waits again it has flushed.
    while (true) {
      std::promise<std::size_t> seen;
      unit.post([&] { seen.set_value(log.size()); });
      if (seen.get_future().get() == static_cast<std::size_t>(turn + 1)) break;
    }
  }
  unit.stop();
  thread.join();
  CHECK(log == words{"flush", "flush", "flush", "terminate"});
}

TEST_CASE("a connection keeps the unit running after finish, until it is removed", "[io_unit]") {
  io_unit unit;
  words log;
  const auto member =
      std::make_shared<recording_member>(unit, log, recording_member::kind::websocket);
  unit.post([&] { unit.add(member); });
  unit.finish();
  unit.post([&] {
    log.emplace_back("still here");
    unit.call_later(std::chrono::milliseconds{5}, [&] {
      log.emplace_back("later");
      CHECK(unit.connection_count() == 1);
      unit.remove(member);
    });
  });
  unit.run();
  CHECK(log == words{"still here", "later"});
  CHECK(unit.connection_count() == 0);
}

TEST_CASE("a socket that is watched is told by a unit that waits", "[io_unit]") {
  io_unit unit;
  words log;
  test::socket_pair pair;
  struct reader final : pollable {
    words& log;
    test::socket_pair& pair;
    std::promise<void> told;
    reader(words& into, test::socket_pair& from) : log(into), pair(from) {}
    void on_ready(readiness now) override {
      CHECK(now.readable);
      log.push_back(pair.here_reads());
      told.set_value();
    }
  } who{log, pair};
  const auto member =
      std::make_shared<recording_member>(unit, log, recording_member::kind::websocket);
  std::thread thread{[&] { unit.run(); }};
  std::promise<void> added;
  unit.post([&] {
    unit.add(member);
    unit.sockets().add(pair.here, who, {.readable = true});
    added.set_value();
  });
  added.get_future().wait();
  pair.there_writes("from outside");
  who.told.get_future().wait();
  unit.post([&] { unit.sockets().remove(pair.here, who); });
  unit.stop();
  thread.join();
  CHECK(log == words{"from outside", "terminate"});
}

TEST_CASE("the time of a round stands still, that of the next one goes on", "[io_unit]") {
  io_unit unit;
  io_unit::clock::time_point first, second, later;
  unit.post([&] {
    first = unit.now();
    while (io_unit::clock::now() <= first) {
    }
    second = unit.now();
    unit.call_later(std::chrono::milliseconds{1}, [&] { later = unit.now(); });
  });
  unit.finish();
  unit.run();
  CHECK(first == second);
  CHECK(later > first);
}

}  // namespace troupe::io_unit_test
