#include "net/io_unit.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace troupe;

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
  CHECK(unit.member_count() == 0);
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
    CHECK(unit.member_count() == 1);
  });
  unit.stop();
  unit.run();
}
