// An admin request among hubs and a directory that the test plays.
#include "actors/admin.hpp"

#include <future>
#include <optional>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/answered_question.hpp"

namespace troupe::admin_test {

using namespace std::chrono_literals;
using json_value = nlohmann::json;

namespace {

constexpr std::chrono::seconds patience{10};

class admin_bed {
 public:
  admin_bed() {
    test::register_types_once();
    config.set("caf.scheduler.max-threads", 2);
    config.set("caf.scheduler.policy", "sharing");
    config.set("caf.logger.console.verbosity", "quiet");
    system = std::make_unique<caf::actor_system>(config);
    for (auto* const one : {&directory, &first_hub, &second_hub}) one->emplace(*system);
  }
  ~admin_bed() {
    for (auto* const one : {&directory, &first_hub, &second_hub}) one->reset();
    system.reset();
  }

  /// Sends a request; its answer comes once the actors have answered.
  std::future<http_answer> ask(const std::string& method, const std::string& target,
                               const std::string& body = {}) {
    auto promise = std::make_shared<std::promise<http_answer>>();
    const auto sources = std::make_shared<const admin_sources>(
        admin_sources{caf::actor_cast<directory_actor>((*directory)->address()),
                      {caf::actor_cast<hub_actor>((*first_hub)->address()),
                       caf::actor_cast<hub_actor>((*second_hub)->address())}});
    const auto actor = system->spawn<admin_request>(
        sources, [promise](http_answer with) { promise->set_value(std::move(with)); });
    tell_anonymously(
        actor, answer_admin_request{
                   std::make_shared<const http_request>(http_request{method, target, body, "::1"}),
                   std::get<admin::page_request>(admin::find_page(method, target))});
    return promise->get_future();
  }
  /// Answers the next question of this kind; returns it.
  template <class Question, class Answer>
  Question answer(std::optional<caf::scoped_actor>& as, Answer with) {
    return test::answer_next<Question>(*as, std::move(with));
  }

  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  std::optional<caf::scoped_actor> directory, first_hub, second_hub;
};

session_info session_of(session_id id, std::vector<std::string> documents = {}) {
  session_info info;
  info.id = id;
  info.documents = std::move(documents);
  return info;
}

json_value parsed(std::future<http_answer>& answer) {
  REQUIRE(answer.wait_for(patience) == std::future_status::ready);
  return json_value::parse(answer.get().body);
}

std::vector<session_id> ids_in(const json_value& shown) {
  std::vector<session_id> ids;
  for (const json_value& one : shown.at("sessions")) ids.push_back(one.at("id"));
  return ids;
}

}  // namespace

TEST_CASE("the sessions of all units are listed together, in order", "[admin]") {
  admin_bed bed;
  auto answer = bed.ask("GET", "/api/v1/sessions");
  bed.answer<list_sessions>(bed.second_hub, listed_sessions{{session_of(2)}, 1, false});
  bed.answer<list_sessions>(bed.first_hub,
                            listed_sessions{{session_of(1), session_of(3)}, 2, false});
  bed.answer<list_presence>(bed.directory, listed_presence{});
  const json_value shown = parsed(answer);
  CHECK(ids_in(shown) == std::vector<session_id>{1, 2, 3});
  CHECK(shown.at("count") == 3);
  CHECK_FALSE(shown.contains("next"));
}

TEST_CASE("a unit that fails has no part in the list", "[admin]") {
  admin_bed bed;
  auto answer = bed.ask("GET", "/api/v1/sessions");
  bed.answer<list_sessions>(bed.first_hub, listed_sessions{{session_of(1)}, 1, false});
  bed.answer<list_sessions>(bed.second_hub,
                            caf::result<listed_sessions>{caf::make_error(caf::sec::runtime_error)});
  bed.answer<list_presence>(bed.directory, listed_presence{});
  CHECK(ids_in(parsed(answer)) == std::vector<session_id>{1});
}

TEST_CASE("the question for sessions carries its document and its page to the hubs", "[admin]") {
  admin_bed bed;
  auto answer = bed.ask("GET", "/api/v1/documents/notes/sessions?limit=2&after=4");
  for (auto* const hub : {&bed.first_hub, &bed.second_hub}) {
    const bool is_first = hub == &bed.first_hub;
    const auto asked = bed.answer<list_sessions>(
        *hub, is_first
                  ? listed_sessions{{session_of(5, {"notes"}), session_of(9, {"notes"})}, 3, false}
                  : listed_sessions{{session_of(7, {"notes", "other"})}, 1, false});
    CHECK(asked.document == "notes");
    CHECK(asked.limit == 2);
    CHECK(asked.after == 4);
  }
  const auto presence = bed.answer<list_presence>(bed.directory, listed_presence{{{7, "{}"}}});
  CHECK(presence.documents == std::vector<std::string>{"notes", "other"});
  CHECK(presence.sessions == std::vector<session_id>{5, 7});
  const json_value shown = parsed(answer);
  CHECK(ids_in(shown) == std::vector<session_id>{5, 7});
  CHECK(shown.at("count") == 4);
  CHECK(shown.at("next") == 7);
  CHECK(shown.at("sessions").at(1).at("presence") == json_value::object());
}

TEST_CASE("questions about documents go to the directory", "[admin]") {
  admin_bed bed;
  auto documents = bed.ask("GET", "/api/v1/documents?open=true&limit=5&after=a");
  const auto asked =
      bed.answer<list_documents>(bed.directory, listed_documents{{{"notes", 2, false}}, 6, false});
  CHECK(asked.limit == 5);
  CHECK(asked.after == "a");
  const json_value shown = parsed(documents);
  CHECK(shown.at("count") == 6);
  CHECK(shown.at("documents").at(0).at("sessions") == 2);

  auto notified = bed.ask("POST", "/api/v1/notify", R"({"path":"notes"})");
  const auto event = bed.answer<notify_document>(bed.directory, notified_document{true});
  CHECK(event.document == "notes");
  CHECK(parsed(notified).at("open") == true);
}

TEST_CASE("a directory that fails is answered with 503", "[admin]") {
  admin_bed bed;
  auto answer = bed.ask("GET", "/api/v1/documents?open=true");
  bed.answer<list_documents>(
      bed.directory, caf::result<listed_documents>{caf::make_error(caf::sec::runtime_error)});
  REQUIRE(answer.wait_for(patience) == std::future_status::ready);
  CHECK(answer.get().status == 503);
}

TEST_CASE("a unit that lists less than it has bounds the page", "[admin]") {
  admin_bed bed;
  auto answer = bed.ask("GET", "/api/v1/sessions");
  bed.answer<list_sessions>(bed.first_hub,
                            listed_sessions{{session_of(1), session_of(4)}, 9, true});
  bed.answer<list_sessions>(
      bed.second_hub, listed_sessions{{session_of(2), session_of(5), session_of(6)}, 3, false});
  bed.answer<list_presence>(bed.directory, listed_presence{});
  const json_value shown = parsed(answer);
  CHECK(ids_in(shown) == std::vector<session_id>{1, 2, 4});
  CHECK(shown.at("next") == 4);
  CHECK(shown.at("count") == 12);
}

}  // namespace troupe::admin_test
