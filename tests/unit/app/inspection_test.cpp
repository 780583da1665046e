// A node's inspector at a port, and the program that asks it there.
#include "app/inspection.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/directory.hpp"
#include "actors/store.hpp"
#include "actors/store_reader.hpp"
#include "app/inspect/connection.hpp"
#include "storage/memory_backend.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/taken_port.hpp"

namespace troupe::node_inspection_test {

namespace {

/// The actors of a node that has no sockets for clients, and CAF's network layer as serve() has it.
class network_bed {
 public:
  explicit network_bed(const char* identifier = "troupe-inspect/1") {
    test::register_types_once();
    caf::io::middleman::init_global_meta_objects();
    config_.load<caf::io::middleman>();
    config_.set("caf.logger.console.verbosity", "quiet");
    caf::put(config_.content, "caf.middleman.app-identifiers",
             caf::make_config_value_list(identifier));
    system = std::make_unique<caf::actor_system>(config_);
    reader_ = system->spawn<store_reader, caf::detached>(backend_);
    store_settings storing;
    storing.backend = backend_;
    storing.archive = backend_;
    storing.health = health_;
    store_ = system->spawn<store, caf::detached>(std::move(storing));
    directory_ =
        system->spawn<directory>(directory_settings{}, store_, reader_, std::vector<hub_actor>{});
    settings.inspect.port = 0;
  }
  ~network_bed() {
    caf::scoped_actor self{*system};
    self->request(directory_, caf::infinite, close_documents{})
        .receive([](const node_drained&) {}, [](const caf::error&) {});
    caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(store_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(reader_, caf::exit_reason::user_shutdown);
  }

  void open_document(const std::string& name) {
    caf::scoped_actor self{*system};
    self->request(directory_, caf::infinite, troupe::open_document{name, std::nullopt})
        .receive([](const opened_document&) {},
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
  }

  opened_inspection open() {
    inspector_parts parts;
    parts.directory = directory_;
    parts.archive = backend_;
    parts.slots = std::make_shared<connection_slots>(10);
    parts.health = health_;
    parts.metrics = std::make_shared<node_metrics>(*system);
    return open_inspection(settings, *system, std::move(parts));
  }
  void close(opened_inspection& opened) { close_inspection(settings, *system, opened); }

 private:
  std::shared_ptr<storage::memory_backend> backend_ = std::make_shared<storage::memory_backend>();
  std::shared_ptr<store_health> health_ = std::make_shared<store_health>();
  caf::actor_system_config config_;

 public:
  std::unique_ptr<caf::actor_system> system;
  config settings;

 private:
  store_reader_actor reader_;
  store_actor store_;
  directory_actor directory_;
};

inspect_target at(std::uint16_t port) { return {"127.0.0.1", port, {}}; }

}  // namespace

TEST_CASE("a program finds the inspector at its port", "[inspection]") {
  network_bed network;
  network.open_document("plan");
  opened_inspection opened = network.open();
  REQUIRE(opened.at.port != 0);
  const auto asked = connect_to_inspector(at(opened.at.port));
  REQUIRE(asked.has_value());
  const auto shown = (*asked)->ask(inspect_node{});
  REQUIRE(shown.has_value());
  CHECK(shown->program == TROUPE_VERSION_OF_TESTS);
  CHECK(shown->open_documents == 1);
  const auto documents = (*asked)->ask(inspect_documents{{}, 0, 10});
  REQUIRE(documents.has_value());
  CHECK(documents->documents.at(0).name == "plan");
  const auto refused = (*asked)->ask(inspect_node{{inspection::tag, 99}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().detail.find("speaks version 1") != std::string::npos);
  network.close(opened);
  CHECK_FALSE(opened.actor);
}

TEST_CASE("where the port is taken nothing can be inspected", "[inspection]") {
  const test::taken_port taken;
  REQUIRE(taken.is_bound());
  network_bed network;
  network.settings.inspect.port = taken.number();
  opened_inspection opened = network.open();
  CHECK_FALSE(opened.actor);
  CHECK(opened.at.port == 0);
  network.close(opened);
}

TEST_CASE("what is no inspector is told by what it is", "[inspection]") {
  SECTION("nothing listens") {
    const std::uint16_t port = test::taken_port{}.number();
    const auto asked = connect_to_inspector(at(port));
    REQUIRE_FALSE(asked.has_value());
    CHECK(asked.error().code == errc::request_failed);
    CHECK(asked.error().detail.starts_with("nothing listens at 127.0.0.1:"));
  }
  SECTION("a program of something else that CAF carries") {
    network_bed network{"something-else/1"};
    opened_inspection opened = network.open();
    const auto asked = connect_to_inspector(at(opened.at.port));
    REQUIRE_FALSE(asked.has_value());
    CHECK(asked.error().detail.ends_with("is not the inspection port of a troupe node "
                                         "(inspect.port)"));
    network.close(opened);
  }
  SECTION("another actor of a troupe node") {
    network_bed network;
    const caf::actor other = network.system->spawn(
        [](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; });
    const auto port = network.system->middleman().publish(other, 0, "127.0.0.1", true);
    REQUIRE(port);
    const auto asked = connect_to_inspector(at(*port));
    REQUIRE_FALSE(asked.has_value());
    CHECK(asked.error().detail.find("another") != std::string::npos);
    caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
  }
}

}  // namespace troupe::node_inspection_test
