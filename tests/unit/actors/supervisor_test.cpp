// The supervisor among actors that the test plays: seconds, failures, the drain.
#include "actors/supervisor.hpp"

#include <future>
#include <optional>

#include <catch2/catch_test_macros.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::supervisor_test {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{10};

/// An actor that the test plays; it ends when it is reset.
using part = std::optional<caf::scoped_actor>;

class supervisor_bed {
 public:
  supervisor_bed() {
    test::register_types_once();
    config.set("caf.scheduler.max-threads", 2);
    config.set("caf.scheduler.policy", "sharing");
    config.set("caf.logger.console.verbosity", "quiet");
    system = std::make_unique<caf::actor_system>(config);
    for (part* const one : {&store, &reader, &directory, &first_hub, &second_hub, &asker})
      one->emplace(*system);
    watched->store = caf::actor_cast<store_actor>(store->ptr());
    watched->reader = caf::actor_cast<store_reader_actor>(reader->ptr());
    watched->directory = caf::actor_cast<directory_actor>(directory->ptr());
    for (const part* const hub : {&first_hub, &second_hub})
      watched->hubs.push_back(caf::actor_cast<hub_actor>((*hub)->ptr()));
    watched->slots = slots;
    watched->on_failure = [this] {
      if (++failures == 1) has_failed.set_value();
    };
    running = system->spawn<supervisor>(watched);
  }
  ~supervisor_bed() {
    caf::anon_send_exit(running, caf::exit_reason::user_shutdown);
    (*asker)->wait_for(running);
    running = nullptr;
    watched.reset();
    for (part* const one : {&store, &reader, &directory, &first_hub, &second_hub, &asker})
      one->reset();
    system.reset();
  }

  template <class Question>
  auto ask(Question question) {
    return (*asker)->request(running, patience, std::move(question));
  }

  /// Answers the next message of this kind.
  template <class Message, class Answer>
  void answer(part& as, Answer with) {
    (*as)->receive([&](const Message&) { return with; },
                   caf::after(patience) >> [] { FAIL("it was not asked"); });
  }
  template <class Message>
  Message next(part& as) {
    Message heard;
    (*as)->receive([&](const Message& message) { heard = message; },
                   caf::after(patience) >> [] { FAIL("it hears nothing"); });
    return heard;
  }
  /// Takes what has come of these; how many there were.
  template <class Message>
  std::size_t count(part& as) {
    std::size_t heard = 0;
    for (bool is_waiting = true; is_waiting;)
      (*as)->receive([&](const Message&) { ++heard; },
                     caf::after(0s) >> [&] { is_waiting = false; });
    return heard;
  }
  /// What was sent to the supervisor before has been handled.
  void settle() {
    (*asker)
        ->request(caf::actor_cast<caf::actor>(running), patience, caf::sys_atom_v, caf::get_atom_v,
                  std::string{"info"})
        .receive([](caf::ok_atom, const std::string&, const caf::strong_actor_ptr&,
                    const std::string&) {},
                 [](const caf::error&) { FAIL("no answer"); });
  }

  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  part store, reader, directory, first_hub, second_hub, asker;
  std::shared_ptr<connection_slots> slots = std::make_shared<connection_slots>(10);
  std::shared_ptr<supervised_actors> watched = std::make_shared<supervised_actors>();
  supervisor_actor running;
  std::atomic<int> failures{0};
  std::promise<void> has_failed;
};

}  // namespace

TEST_CASE("seconds are passed on until the drain", "[supervisor]") {
  supervisor_bed bed;
  caf::anon_send(bed.running, second_passed{});
  bed.next<second_passed>(bed.directory);
  caf::anon_send(bed.running, drain_node{});
  caf::anon_send(bed.running, second_passed{});
  bed.settle();
  CHECK(bed.count<second_passed>(bed.directory) == 0);
}

TEST_CASE("the end of an actor that the node needs is told once", "[supervisor]") {
  for (const int which : {0, 1, 2, 3}) {
    supervisor_bed bed;
    bed.settle();
    part* const parts[] = {&bed.store, &bed.directory, &bed.second_hub, &bed.reader};
    parts[which]->reset();
    REQUIRE(bed.has_failed.get_future().wait_for(patience) == std::future_status::ready);
    bed.first_hub.reset();
    if (which != 1) bed.settle();
    CHECK(bed.failures == 1);
  }
}

TEST_CASE("a drain closes the sessions, then the documents, and answers then", "[supervisor]") {
  supervisor_bed bed;
  bed.slots->acquire();
  auto drained = bed.ask(drain_node{});
  for (part* const hub : {&bed.first_hub, &bed.second_hub})
    CHECK(bed.next<close_all_sessions>(*hub).reason == close_reason::server_stopping);
  // Who upgraded meanwhile is closed, too.
  bed.next<close_all_sessions>(bed.first_hub);
  CHECK(bed.count<close_documents>(bed.directory) == 0);
  bed.slots->release();
  bed.answer<close_documents>(bed.directory, node_drained{});
  bool is_drained = false;
  drained.receive([&](const node_drained&) { is_drained = true; }, [](const caf::error&) {});
  CHECK(is_drained);
}

TEST_CASE("a drain without sessions goes to the documents at once", "[supervisor]") {
  supervisor_bed bed;
  auto drained = bed.ask(drain_node{});
  bed.answer<close_documents>(bed.directory, node_drained{});
  bool is_drained = false;
  drained.receive([&](const node_drained&) { is_drained = true; }, [](const caf::error&) {});
  CHECK(is_drained);
}

TEST_CASE("a drain that the directory cannot finish fails", "[supervisor]") {
  supervisor_bed bed;
  auto drained = bed.ask(drain_node{});
  bed.answer<close_documents>(bed.directory,
                              caf::result<node_drained>{caf::make_error(caf::sec::runtime_error)});
  bool has_failed = false;
  drained.receive([](const node_drained&) {}, [&](const caf::error&) { has_failed = true; });
  CHECK(has_failed);
}

TEST_CASE("an end during the drain is no failure", "[supervisor]") {
  supervisor_bed bed;
  caf::anon_send(bed.running, drain_node{});
  bed.settle();
  bed.store.reset();
  bed.second_hub.reset();
  bed.settle();
  CHECK(bed.failures == 0);
}

}  // namespace troupe::supervisor_test
