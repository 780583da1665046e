// The supervisor among actors that the test plays: lists, seconds, failures, the drain.
#include "actors/supervisor.hpp"

#include <future>
#include <optional>

#include <catch2/catch_test_macros.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "tests/support/actor_node.hpp"

using namespace troupe;
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
    for (part* const one : {&store, &directory, &first_hub, &second_hub, &asker})
      one->emplace(*system);
    watched->store = caf::actor_cast<store_actor>(store->ptr());
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
    for (part* const one : {&store, &directory, &first_hub, &second_hub, &asker}) one->reset();
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
    auto answered = ask(list_documents{});
    answer<list_documents>(directory, listed_documents{});
    answered.receive([](const listed_documents&) {}, [](const caf::error&) { FAIL("no answer"); });
  }

  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  part store, directory, first_hub, second_hub, asker;
  std::shared_ptr<connection_slots> slots = std::make_shared<connection_slots>(10);
  std::shared_ptr<supervised_actors> watched = std::make_shared<supervised_actors>();
  supervisor_actor running;
  std::atomic<int> failures{0};
  std::promise<void> has_failed;
};

session_info session_of(session_id id) {
  session_info info;
  info.id = id;
  return info;
}

}  // namespace

TEST_CASE("the sessions of all units are listed together", "[supervisor]") {
  supervisor_bed bed;
  auto asked = bed.ask(list_sessions{});
  bed.answer<list_sessions>(bed.second_hub, listed_sessions{{session_of(3)}});
  bed.answer<list_sessions>(bed.first_hub, listed_sessions{{session_of(1), session_of(2)}});
  asked.receive([](const listed_sessions& all) { CHECK(all.sessions.size() == 3); },
                [](const caf::error&) { FAIL("no list"); });
}

TEST_CASE("a unit that does not answer has no part in the list", "[supervisor]") {
  supervisor_bed bed;
  auto asked = bed.ask(list_sessions{});
  bed.answer<list_sessions>(bed.first_hub, listed_sessions{{session_of(1)}});
  bed.answer<list_sessions>(bed.second_hub,
                            caf::result<listed_sessions>{caf::make_error(caf::sec::runtime_error)});
  asked.receive([](const listed_sessions& all) { CHECK(all.sessions.size() == 1); },
                [](const caf::error&) { FAIL("no list"); });
}

TEST_CASE("questions about documents go on to the directory", "[supervisor]") {
  supervisor_bed bed;
  auto documents = bed.ask(list_documents{});
  bed.answer<list_documents>(bed.directory, listed_documents{{{"notes", 0, false}}});
  documents.receive([](const listed_documents& all) { CHECK(all.documents.size() == 1); },
                    [](const caf::error&) { FAIL("no list"); });
  auto presence = bed.ask(list_presence{});
  bed.answer<list_presence>(bed.directory, listed_presence{{{1, "{}"}}});
  presence.receive([](const listed_presence& all) { CHECK(all.states.size() == 1); },
                   [](const caf::error&) { FAIL("no list"); });
  auto told = bed.ask(notify_document{"notes", "{}"});
  (*bed.directory)->receive([](const notify_document& news) {
    CHECK(news.document == "notes");
    return notified_document{true};
  });
  told.receive([](const notified_document& how) { CHECK(how.is_open); },
               [](const caf::error&) { FAIL("no answer"); });
}

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
  for (const int which : {0, 1, 2}) {
    supervisor_bed bed;
    bed.settle();
    part* const parts[] = {&bed.store, &bed.directory, &bed.second_hub};
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
