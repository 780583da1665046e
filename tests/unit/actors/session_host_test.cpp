// From an upgraded WebSocket to a session: who gets a place, as whom, and on which unit.
#include "actors/session_host.hpp"

#include <thread>

#include <catch2/catch_test_macros.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/unit_choice.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/recording_connection.hpp"
#include "tests/support/unit_thread.hpp"

namespace troupe::session_host_test {

using namespace std::chrono_literals;

namespace {

/// A node's door with several units; directory and hubs say nothing.
class host_bed {
 public:
  explicit host_bed(std::size_t units, std::size_t slots_max = 100)
      : threads(units), slots(std::make_shared<connection_slots>(slots_max)) {
    test::register_types_once();
    config.set("caf.scheduler.max-threads", 1);
    config.set("caf.scheduler.policy", "sharing");
    config.set("caf.logger.console.verbosity", "quiet");
    system = std::make_unique<caf::actor_system>(config);
    others = std::make_unique<caf::scoped_actor>(*system);
    metrics = std::make_shared<node_metrics>(*system);
    host = std::make_unique<session_host>(*system);
    for (test::unit_thread& thread : threads) add_unit(thread);
  }
  ~host_bed() {
    for (test::unit_thread& thread : threads) {
      thread.run([&] {
        for (const auto& one : connections) one->end(close_reason::io_error);
      });
      thread.settle();
    }
    host.reset();
    environments.clear();
    others.reset();
    for (test::unit_thread& thread : threads) thread.stop();
    connections.clear();
    system.reset();
  }

  /// A client upgrades; its session has begun when this returns.
  test::recording_connection& upgrade(const std::string& target, std::size_t unit = 0,
                                      const std::string& address = "10.0.0.1") {
    std::shared_ptr<test::recording_connection> connection;
    threads[unit].run([&] {
      connection = std::make_shared<test::recording_connection>(threads[unit].unit);
      auto admitted = host->admit({.target = target, .remote_address = address});
      REQUIRE(admitted);
      (*admitted)->on_connection(threads[unit].unit, connection);
    });
    connections.push_back(connection);
    threads[unit].settle();
    return *connection;
  }
  /// A connection of `upgrade` ends.
  void end(test::recording_connection& one, close_reason why) {
    for (test::unit_thread& thread : threads) {
      if (&thread.unit != &one.unit()) continue;
      thread.run([&] { one.end(why); });
      thread.settle();
    }
  }
  /// How long the answer to an upgrade would wait.
  std::chrono::milliseconds wait_of(const std::string& target,
                                    const std::string& address = "10.0.0.1") {
    return (*host->admit({.target = target, .remote_address = address}))->wait();
  }
  std::vector<session_info> sessions(std::size_t unit = 0) {
    std::vector<session_info> all;
    threads[unit].run([&] { all = environments[unit]->table->list({}).sessions; });
    return all;
  }

  std::vector<test::unit_thread> threads;
  std::shared_ptr<connection_slots> slots;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<caf::scoped_actor> others;
  std::shared_ptr<node_metrics> metrics;
  std::unique_ptr<session_host> host;
  std::vector<std::shared_ptr<session_environment>> environments;
  std::vector<std::shared_ptr<test::recording_connection>> connections;

 private:
  void add_unit(test::unit_thread& thread) {
    auto environment = std::make_shared<session_environment>();
    environment->table = std::make_shared<session_table>();
    environment->slots = slots;
    environment->metrics = metrics;
    environment->directory = caf::actor_cast<directory_actor>(others->ptr());
    environment->hub = caf::actor_cast<hub_actor>(others->ptr());
    thread.run([&] { thread.unit.bind(*system); });
    host->add_unit(thread.unit, environment);
    environments.push_back(std::move(environment));
  }
};

std::int64_t turned_away(const host_bed& bed, std::string_view why) {
  return bed.metrics->turned_away(why).value();
}

}  // namespace

TEST_CASE("each upgrade becomes a session with an id of its own", "[session_host]") {
  host_bed bed{2};
  bed.upgrade("/notes", 0);
  bed.upgrade("/notes", 1);
  CHECK(bed.sessions(0).at(0).id == 1);
  CHECK(bed.sessions(1).at(0).id == 2);
  CHECK(bed.slots->connections() == 2);
  CHECK(bed.metrics->sessions().value() == 2);
}

TEST_CASE("a session asks for the document of its address", "[session_host]") {
  host_bed bed{1};
  test::recording_connection& connection = bed.upgrade("/team/notes");
  bed.threads[0].run([&] { connection.client_opens(); });
  (*bed.others)->receive([](const open_document& asked) {
    CHECK(asked.name == "team/notes");
    return opened_document{};
  });
}

TEST_CASE("the user of a session is what the query says, if it can be one", "[session_host]") {
  const auto user_of = [](const std::string& query) {
    host_bed bed{1};
    bed.upgrade("/notes?" + query);
    return bed.sessions().at(0).user;
  };
  CHECK(user_of("x=1&userId=ada%20l") == "ada l");
  CHECK(user_of("").empty());
  CHECK(user_of("userId=").empty());
  CHECK(user_of("userId=%0A").empty());
  CHECK(user_of("userId=%FF").empty());
  CHECK(user_of("userId=" + std::string(513, 'a')).empty());
  CHECK(user_of("userId=" + std::string(512, 'a')).size() == 512);
}

TEST_CASE("above the capacity a connection is told so, and is no session", "[session_host]") {
  host_bed bed{1, 1};
  bed.upgrade("/notes");
  test::recording_connection& refused = bed.upgrade("/notes");
  CHECK(refused.closing == close_reason::server_at_capacity);
  CHECK_FALSE(refused.was_terminated);
  CHECK(bed.sessions().size() == 1);
  CHECK(bed.slots->connections() == 1);
  CHECK(bed.metrics->closed(close_reason::server_at_capacity).value() == 1);
  // A place that is given back is there for the next.
  bed.threads[0].run([&] { bed.connections[0]->end(close_reason::peer_closed); });
  bed.threads[0].settle();
  CHECK(bed.slots->connections() == 0);
  CHECK_FALSE(bed.upgrade("/notes").closing);
}

// --- clients that come back after having been closed ---

TEST_CASE("a client that comes back to a full server is answered before its upgrade",
          "[session_host]") {
  host_bed bed{1, 1};
  bed.upgrade("/notes");
  test::recording_connection& refused = bed.upgrade("/notes");
  CHECK(refused.closing == close_reason::server_at_capacity);
  const auto again = bed.host->admit({.target = "/notes", .remote_address = "10.0.0.1"});
  CHECK((*again)->wait() == 250ms);
  const auto refusal = (*again)->refusal();
  REQUIRE(refusal);
  CHECK(refusal->retry_after == 1s);
  CHECK(refusal->text.find("server_at_capacity") != std::string::npos);
  CHECK(turned_away(bed, "closed_before") == 1);
  CHECK(bed.metrics->held_back().value() == 1);
  // Once there is room it gets in, however lately it was refused.
  bed.end(*bed.connections[0], close_reason::peer_closed);
  CHECK_FALSE((*bed.host->admit({.target = "/notes", .remote_address = "10.0.0.1"}))->refusal());
  // Others hear it as they would without this one.
  CHECK(bed.wait_of("/other") == 0ms);
  CHECK(bed.wait_of("/notes", "10.0.0.2") == 0ms);
  CHECK(bed.wait_of("/notes?userId=ada") == 0ms);
}

TEST_CASE("a client that is closed again and again waits, others do not", "[session_host]") {
  host_bed bed{2};
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(bed.wait_of("/notes") == 0ms);
    bed.end(bed.upgrade("/notes", i), close_reason::invalid_update);
    std::this_thread::sleep_for(recent_refusals::occasion);
  }
  CHECK(bed.wait_of("/notes") == 250ms);
  CHECK(bed.wait_of("/other") == 0ms);
  const auto again = bed.host->admit({.target = "/notes", .remote_address = "10.0.0.1"});
  CHECK((*again)->wait() > 0ms);
  CHECK_FALSE((*again)->refusal());  // then it is heard
  CHECK(turned_away(bed, "closed_before") == 0);
}

TEST_CASE("a client that leaves by itself comes back at once", "[session_host]") {
  host_bed bed{1};
  for (int i = 0; i < 5; ++i) {
    bed.end(bed.upgrade("/notes"), close_reason::peer_closed);
    std::this_thread::sleep_for(1ms);
  }
  CHECK(bed.wait_of("/notes") == 0ms);
}

TEST_CASE("clients of one document are told apart by their addresses", "[session_host]") {
  host_bed bed{1, 0};
  bed.upgrade("/notes", 0, "203.0.113.5");
  CHECK(bed.wait_of("/notes", "203.0.113.5") > 0ms);
  CHECK(bed.wait_of("/notes", "203.0.113.6") == 0ms);
}

TEST_CASE("a connection lives on the unit of its document", "[session_host]") {
  host_bed bed{3};
  io_unit& current = bed.threads[1].unit;
  const auto unit_of = [](host_bed& of, io_unit& from, const std::string& target) {
    return &(*of.host->admit({.target = target, .remote_address = "10.0.0.1"}))->choose_unit(from);
  };
  CHECK(unit_of(bed, current, "/") == &current);
  for (const std::string name : {"a", "b", "c", "d", "e"})
    CHECK(unit_of(bed, current, "/" + name) == &bed.threads[unit_index(name, 3)].unit);
  host_bed alone{1};
  CHECK(unit_of(alone, alone.threads[0].unit, "/a") == &alone.threads[0].unit);
}

TEST_CASE("an upgrade to a name that cannot be is not admitted", "[session_host]") {
  host_bed bed{1};
  for (const std::string& target :
       std::vector<std::string>{"/%zz%FF", "/%00", "notes", "/" + std::string(513, 'a')}) {
    const auto admitted = bed.host->admit({.target = target, .remote_address = "10.0.0.1"});
    REQUIRE_FALSE(admitted);
    CHECK(admitted.error().code == errc::invalid_name);
    CHECK_FALSE(admitted.error().detail.empty());
  }
}

TEST_CASE("who is turned away is counted by the reason", "[session_host]") {
  host_bed bed{1};
  bed.host->on_refused(admission::too_many);
  bed.host->on_refused(admission::too_fast);
  bed.host->on_origin_refused("https://evil.example", "10.0.0.1");
  for (int i = 0; i < 2; ++i) {
    bed.host->on_wrong_scheme(wrong_scheme::plain, "10.0.0.1");
    bed.host->on_wrong_scheme(wrong_scheme::tls, "10.0.0.1");
  }
  for (const char* why : {"too_many", "too_fast", "origin"}) CHECK(turned_away(bed, why) == 1);
  for (const char* why : {"plain", "tls"}) CHECK(turned_away(bed, why) == 2);
}

TEST_CASE("a failure to accept is counted", "[session_host]") {
  host_bed bed{1};
  for (int i = 0; i < 3; ++i) bed.host->on_out_of_resources("Too many open files");
  CHECK(bed.metrics->accept_failures().value() == 3);
}

}  // namespace troupe::session_host_test
