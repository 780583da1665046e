// The inspector among the actors of a node: real documents, and hubs that the test plays with
// tables of sessions that have no sockets.
#include "actors/inspector.hpp"

#include <algorithm>
#include <atomic>
#include <optional>

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "storage/memory_backend.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/listed_session.hpp"

namespace troupe::inspector_test {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{20};

/// The sessions of a unit, and what the inspector asks about them.
struct unit_state {
  session_table table;
  std::vector<std::unique_ptr<test::listed_session>> sessions;
  std::atomic<std::size_t> surveys{0}, described{0}, largest_slice{0}, largest_description{0};

  void add(session_id id, std::uint64_t queued_bytes) {
    auto& one = *sessions.emplace_back(std::make_unique<test::listed_session>());
    one.info.id = id;
    one.info.user = "user-" + std::to_string(id);
    one.info.documents = {"plan"};
    one.info.queued_bytes = queued_bytes;
    one.info.connected_since = std::chrono::system_clock::now() - 1h;
    table.add(id, &one);
  }
};

hub_actor::behavior_type unit_of_test(hub_actor::pointer, std::shared_ptr<unit_state> state) {
  return {
      [](const deliver_batch&) {},
      [](const close_subscribers&) {},
      [](const close_all_sessions&) {},
      [](const change_access&) { return changed_access{}; },
      [state](const list_sessions& which) { return state->table.list(which); },
      [state](const describe_sessions& which) {
        state->described += which.sessions.size();
        state->largest_description =
            std::max(state->largest_description.load(), which.sessions.size());
        return state->table.describe(which);
      },
      [state](const survey_sessions& which) {
        ++state->surveys;
        const surveyed_sessions slice = state->table.survey(which);
        state->largest_slice = std::max(state->largest_slice.load(), slice.sessions.size());
        return slice;
      },
  };
}

/// Documents that answer, and others that never do.
struct documents_of_test {
  std::vector<document_info> answering;
  std::vector<std::string> silent;
};

/// A directory of such documents, which knows what the inspector asks, and no more.
caf::behavior directory_of_test(caf::event_based_actor* self, const documents_of_test& documents) {
  surveyed_documents all;
  all.count = documents.answering.size() + documents.silent.size();
  for (const document_info& each : documents.answering) {
    const caf::actor document = self->spawn<caf::linked>([each](caf::event_based_actor*) {
      return caf::behavior{[each](const describe_document&) { return each; }};
    });
    all.documents.push_back({each.name, caf::actor_cast<document_actor>(document), false});
  }
  for (const std::string& each : documents.silent) {
    const caf::actor document = self->spawn<caf::linked>([](caf::event_based_actor* one) {
      return caf::behavior{
          [one, kept = std::vector<caf::response_promise>{}](const describe_document&) mutable {
            return kept.emplace_back(one->make_response_promise());
          }};
    });
    all.documents.push_back({each, caf::actor_cast<document_actor>(document), false});
  }
  return {
      [all](const survey_documents&) { return all; },
      [self, kept = std::vector<caf::response_promise>{}](const list_documents&) mutable {
        return kept.emplace_back(self->make_response_promise());
      },
  };
}

class inspector_bed {
 public:
  explicit inspector_bed(std::size_t sessions = 0) : inspector_bed{sessions, {}} {}
  explicit inspector_bed(const documents_of_test& documents) : inspector_bed{0, documents} {}
  ~inspector_bed() {
    caf::anon_send_exit(running_, caf::exit_reason::user_shutdown);
    (*self_)->wait_for(running_);
    for (const hub_actor& hub : hubs_) caf::anon_send_exit(hub, caf::exit_reason::user_shutdown);
    if (directory_) caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
    hubs_.clear();
    directory_ = nullptr;
    running_ = nullptr;
    self_.reset();
  }

  template <class Answer, class Question>
  Answer ask(const Question& what) {
    Answer answer;
    (*self_)
        ->request(running_, patience, what)
        .receive([&](const Answer& heard) { answer = heard; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    CHECK(answer.is_well_formed());
    CHECK(answer.mark.is_ours());
    return answer;
  }
  template <class Answer, class Question>
  caf::error refusal(const Question& what) {
    caf::error why;
    (*self_)
        ->request(running_, patience, what)
        .receive([](const Answer&) { FAIL("it is answered"); },
                 [&](const caf::error& error) { why = error; });
    return why;
  }

  bool is_refused(const inspect_document& what) {
    bool refused = false;
    (*self_)
        ->request(running_, patience, what)
        .receive([](const inspected_document&) {}, [&](const caf::error&) { refused = true; });
    return refused;
  }

  test::actor_node node;
  std::shared_ptr<storage::memory_backend> archive = std::make_shared<storage::memory_backend>();
  std::vector<std::shared_ptr<unit_state>> units;

 private:
  inspector_bed(std::size_t sessions, const std::optional<documents_of_test>& documents) {
    for (int i = 0; i < 2; ++i) {
      units.push_back(std::make_shared<unit_state>());
      hubs_.push_back(node.system().spawn(unit_of_test, units.back()));
    }
    for (std::size_t i = 0; i < sessions; ++i) units[i % 2]->add(i + 1, i);
    if (documents)
      directory_ =
          caf::actor_cast<directory_actor>(node.system().spawn(directory_of_test, *documents));
    inspector_parts parts;
    parts.program = "9.8.7";
    parts.node = "n1";
    parts.directory = directory_ ? directory_ : node.directory_handle();
    parts.hubs = hubs_;
    parts.archive = archive;
    parts.slots = std::make_shared<connection_slots>(10);
    parts.health = node.health;
    parts.metrics = std::make_shared<node_metrics>(node.system());
    for (const hub_actor& hub : hubs_)
      parts.actors.push_back({"troupe.hub", caf::actor_cast<caf::actor>(hub)});
    parts.actors.push_back({"troupe.store", caf::actor_cast<caf::actor>(node.store_handle())});
    running_ = node.system().spawn<inspector>(std::move(parts));
    self_ = std::make_unique<caf::scoped_actor>(node.system());
  }

  std::vector<hub_actor> hubs_;
  directory_actor directory_;  // null: that of the node
  inspector_actor running_;
  std::unique_ptr<caf::scoped_actor> self_;
};

}  // namespace

TEST_CASE("the inspector greets and says what it is", "[inspector]") {
  inspector_bed bed;
  const auto welcome = bed.ask<inspect_welcome>(inspect_hello{{inspection::tag, 99}});
  CHECK(welcome.program == "9.8.7");
  CHECK(welcome.node == "n1");
  CHECK(bed.refusal<inspect_welcome>(inspect_hello{{1, 1}}));
}

TEST_CASE("a question of another version is refused", "[inspector]") {
  inspector_bed bed;
  const inspect_mark other{inspection::tag, inspection::version + 1};
  CHECK(bed.refusal<inspected_node>(inspect_node{other}) == caf::sec::invalid_argument);
  CHECK(bed.refusal<inspected_actors>(inspect_actors{other}) == caf::sec::invalid_argument);
  CHECK(bed.refusal<inspected_documents>(inspect_documents{other, 0, 5}) ==
        caf::sec::invalid_argument);
  CHECK(bed.refusal<inspected_document>(inspect_document{other, "a"}) ==
        caf::sec::invalid_argument);
  CHECK(bed.refusal<inspected_sessions>(inspect_sessions{other, 0, 5}) ==
        caf::sec::invalid_argument);
}

TEST_CASE("the node says how it is", "[inspector]") {
  inspector_bed bed;
  REQUIRE(bed.node.open("plan", 1));
  bed.node.health->note_sent(77);
  const auto node = bed.ask<inspected_node>(inspect_node{});
  CHECK(node.program == "9.8.7");
  CHECK(node.open_documents == 1);
  CHECK(node.unstored_bytes == 77);
  CHECK(node.memory_bytes > 1'000'000);
  CHECK(node.running_actors > 3);
  CHECK(node.cluster.empty());
  CHECK(node.members.empty());
  CHECK_FALSE(node.source.is_partial);
  bed.node.health->note_stored(77);
}

TEST_CASE("sessions are surveyed in slices, and only those shown are described", "[inspector]") {
  inspector_bed bed{10'000};
  const auto all = bed.ask<inspected_sessions>(inspect_sessions{{}, 0, 100});
  CHECK(all.source.total == 10'000);
  REQUIRE(all.sessions.size() == 100);
  CHECK(all.sessions.front().id == 10'000);
  CHECK(all.sessions.front().queued_bytes == 9'999);
  CHECK(all.sessions.front().user == "user-10000");
  CHECK(all.sessions.front().document == "plan");
  CHECK(all.sessions.front().connected >= 3'600'000);
  CHECK(all.sessions.back().id == 9'901);
  CHECK(all.queued_bytes == 9'999ull * 10'000 / 2);
  for (const auto& unit : bed.units) {
    CHECK(unit->surveys.load() >= 5'000 / session_table::survey_slice_max);
    CHECK(unit->largest_slice.load() <= session_table::survey_slice_max + 8);
    CHECK(unit->described.load() == 50);
    CHECK(unit->largest_description.load() <= 64);
  }
}

TEST_CASE("who asks again within a second costs the units nothing", "[inspector]") {
  inspector_bed bed{600};
  bed.ask<inspected_sessions>(inspect_sessions{{}, 0, 10});
  const std::size_t surveys = bed.units[0]->surveys.load();
  const std::size_t described = bed.units[0]->described.load();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) bed.ask<inspected_sessions>(inspect_sessions{{}, 0, 10});
  if (std::chrono::steady_clock::now() - begin < 900ms) {
    CHECK(bed.units[0]->surveys.load() == surveys);
    CHECK(bed.units[0]->described.load() == described);
  }
  // Another order has other rows, of the same survey.
  const auto by_id = bed.ask<inspected_sessions>(inspect_sessions{{}, 5, 3});
  CHECK(by_id.sessions.size() == 3);
  CHECK(by_id.sessions.front().id == 1);
}

TEST_CASE("an answer has no more rows than it may", "[inspector]") {
  inspector_bed bed{1'500};
  const auto all = bed.ask<inspected_sessions>(inspect_sessions{{}, 5, 1'000'000});
  CHECK(all.sessions.size() == inspection::rows_max);
  CHECK(bed.ask<inspected_sessions>(inspect_sessions{{}, 0, 0}).sessions.empty());
}

TEST_CASE("open documents are listed with their figures", "[inspector]") {
  inspector_bed bed;
  for (int i = 0; i < 250; ++i) REQUIRE(bed.node.open("document-" + std::to_string(i), 1));
  const auto all = bed.ask<inspected_documents>(
      inspect_documents{{}, static_cast<std::uint8_t>(inspection::document_order::name), 3});
  CHECK(all.source.total == 250);
  REQUIRE(all.documents.size() == 3);
  CHECK(all.documents[0].name == "document-0");
  CHECK(all.documents[0].sessions == 1);
  CHECK(all.documents[1].name == "document-1");
  CHECK(all.documents[2].name == "document-10");
  CHECK(all.documents[0].keepers.empty());
}

TEST_CASE("documents that do not answer are named, and hold up no others", "[inspector]") {
  inspector_bed bed{documents_of_test{.answering = {{.name = "a", .sessions = 3}, {.name = "b"}},
                                      .silent = {"frozen"}}};
  for (int i = 0; i < 2; ++i) {
    const auto all = bed.ask<inspected_documents>(
        inspect_documents{{}, static_cast<std::uint8_t>(inspection::document_order::name), 10});
    REQUIRE(all.documents.size() == 2);
    CHECK(all.documents[0].name == "a");
    CHECK(all.documents[0].sessions == 3);
    CHECK(all.silent == std::vector<std::string>{"frozen"});
    CHECK(all.source.is_partial);
    CHECK(all.source.total == 3);
  }
  const auto one = bed.ask<inspected_document>(inspect_document{{}, "frozen"});
  CHECK(one.is_silent);
  CHECK_FALSE(one.is_open);
  CHECK(one.row.name == "frozen");
}

TEST_CASE("one document is looked up, open or not", "[inspector]") {
  inspector_bed bed;
  REQUIRE(bed.node.open("plan", 1));
  const auto open = bed.ask<inspected_document>(inspect_document{{}, "plan"});
  CHECK(open.is_open);
  CHECK_FALSE(open.is_stored);
  CHECK(open.row.sessions == 1);
  const auto none = bed.ask<inspected_document>(inspect_document{{}, "elsewhere"});
  CHECK_FALSE(none.is_open);
  CHECK_FALSE(none.is_stored);
  CHECK(none.row.name == "elsewhere");

  const std::uint8_t update[] = {1, 2, 3};
  storage::batch batch;
  batch.appends.push_back({std::make_shared<const std::string>("stored"),
                           1,
                           {shared_slice{shared_bytes::copy_of(update)}}});
  REQUIRE(bed.archive->write(batch));
  const auto stored = bed.ask<inspected_document>(inspect_document{{}, "stored"});
  CHECK_FALSE(stored.is_open);
  CHECK(stored.is_stored);
  CHECK(stored.log_bytes == 3);
}

TEST_CASE("questions about single documents have a rate", "[inspector]") {
  inspector_bed bed;
  std::size_t refused = 0;
  std::size_t asked = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (; asked < 4 * inspector::document_questions_max; ++asked)
    refused += bed.is_refused(inspect_document{{}, "a"});
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin + 1s);
  CHECK(asked - refused <=
        static_cast<std::size_t>(seconds.count()) * inspector::document_questions_max);
  CHECK((refused > 0 || seconds > 4s));
}

TEST_CASE("actors that the node knows are asked, and answer", "[inspector]") {
  inspector_bed bed;
  const auto all = bed.ask<inspected_actors>(inspect_actors{});
  const auto hub = std::ranges::find(all.actors, "troupe.hub", &actor_row::name);
  REQUIRE(hub != all.actors.end());
  CHECK(hub->asked == 2);
  CHECK(hub->silent == 0);
  CHECK(hub->answer > 0);
  const auto store = std::ranges::find(all.actors, "troupe.store", &actor_row::name);
  REQUIRE(store != all.actors.end());
  CHECK(store->asked == 1);
  CHECK(all.source.total > 3);
}

}  // namespace troupe::inspector_test
