#include "app/node.hpp"

#include <atomic>

#include <caf/actor_registry.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/taken_port.hpp"

namespace troupe::node_test {

using test::taken_port;

namespace {

std::uint16_t free_port() { return taken_port{}.number(); }

/// What serve() has around a node.
class node_bed {
 public:
  node_bed() {
    test::register_types_once();
    settings.server.port = 0;
    settings.storage.engine = storage_engine::memory;
    settings.admin.port = 0;
    settings.inspect.enabled = false;  // there is no network layer of CAF here
    for (int i = 0; i < 2; ++i) units_.push_back(std::make_unique<io_unit>());
    caf_.set("caf.scheduler.max-threads", 2);
    caf_.set("caf.logger.console.verbosity", "quiet");
    system_ = std::make_unique<caf::actor_system>(caf_);
    actors_before_ = system_->registry().running();
  }

  auto open() {
    return node::open(settings, *system_, units_, [this] { has_failed = true; });
  }

  /// Waits for the end of all actors of the node; hangs, and fails the run, if one is left.
  void wait_for_actors() { system_->registry().await_running_count_equal(actors_before_); }

  config settings;
  std::atomic<bool> has_failed{false};

 private:
  node::io_units units_;  // they outlive the system
  caf::actor_system_config caf_;
  std::unique_ptr<caf::actor_system> system_;
  std::size_t actors_before_ = 0;
};

}  // namespace

TEST_CASE("a node whose port is taken does not open and leaves nothing running", "[node]") {
  node_bed bed;
  const taken_port taken;
  REQUIRE(taken.is_bound());
  bed.settings.server.port = taken.number();
  const auto opened = bed.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::address_in_use);
  CHECK(opened.error().detail.find(std::to_string(taken.number())) != std::string::npos);
  bed.wait_for_actors();
  CHECK_FALSE(bed.has_failed);
}

TEST_CASE("a node whose admin port is taken gives its own port back", "[node]") {
  node_bed bed;
  const taken_port taken;
  bed.settings.server.port = free_port();
  bed.settings.admin.port = taken.number();
  const auto opened = bed.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::address_in_use);
  CHECK(opened.error().detail.starts_with("the admin pages (admin.address, admin.port"));
  bed.wait_for_actors();
  CHECK(taken_port{bed.settings.server.port}.is_bound());
}

TEST_CASE("a node does not open with a directory that it cannot watch", "[node]") {
  node_bed bed;
  bed.settings.watch.directories.push_back({"/there/is/no/such/directory", "{path}", {}, {}});
  const auto opened = bed.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::watch_failed);
  bed.wait_for_actors();
}

TEST_CASE("a node does not open without the files of its certificate", "[node]") {
  node_bed bed;
  bed.settings.tls = {"/there/is/no/such/file.crt", "/there/is/no/such/file.key"};
  const auto opened = bed.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::invalid_config);
  bed.wait_for_actors();
}

TEST_CASE("a node does not open without the files of its upstream", "[node][upstream]") {
  node_bed bed;
  bed.settings.upstream.url = "ws://127.0.0.1:1";
  bed.settings.upstream.token_file = "/nowhere/token";
  const auto opened = bed.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::invalid_config);
  CHECK(opened.error().detail.starts_with("upstream.token_file '/nowhere/token'"));
  bed.wait_for_actors();
}

TEST_CASE("a node that is open listens until it stops", "[node]") {
  node_bed bed;
  auto opened = bed.open();
  REQUIRE(opened.has_value());
  node& running = **opened;
  const std::uint16_t port = running.port();
  const std::uint16_t admin_port = running.admin_port();
  CHECK_FALSE(taken_port{port}.is_bound());
  CHECK_FALSE(taken_port{admin_port}.is_bound());
  CHECK_FALSE(running.has_tls());
  running.stop();
  running.stop();  // does nothing
  opened->reset();
  bed.wait_for_actors();
  CHECK(taken_port{port}.is_bound());
  CHECK_FALSE(bed.has_failed);
}

}  // namespace troupe::node_test
