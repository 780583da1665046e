// What `troupe inspect` asks, shows and says, in front of an inspector that is a list of answers.
#include "app/inspect/command.hpp"

#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::inspect_command_test {

using namespace std::chrono_literals;

namespace {

struct asked {
  std::vector<std::string> questions;
  bool is_silent = false;
};

class inspector_of_test final : public asked_inspector {
 public:
  explicit inspector_of_test(asked& notes) : notes_(notes) {}

  result<inspected_node> ask(const inspect_node&) override {
    return answer("node", inspected_node{.program = "0.1.0"});
  }
  result<inspected_actors> ask(const inspect_actors&) override {
    return answer("actors", inspected_actors{});
  }
  result<inspected_documents> ask(const inspect_documents& what) override {
    return answer("documents " + std::to_string(what.order) + " " + std::to_string(what.limit),
                  inspected_documents{});
  }
  result<inspected_document> ask(const inspect_document& what) override {
    inspected_document document;
    document.row.name = what.name;
    return answer("document " + what.name, document);
  }
  result<inspected_sessions> ask(const inspect_sessions& what) override {
    return answer("sessions " + std::to_string(what.order) + " " + std::to_string(what.limit),
                  inspected_sessions{});
  }

 private:
  template <class Answer>
  result<Answer> answer(const std::string& question, Answer with) {
    notes_.questions.push_back(question);
    if (notes_.is_silent) return fail(errc::request_failed, "it does not answer");
    return with;
  }

  asked& notes_;
};

struct outcome {
  int code;
  std::string out, err;
  std::vector<std::string> shown;
  asked notes;
};

outcome run(const inspect_request& request, bool is_silent = false, bool is_there = true) {
  outcome of;
  of.notes.is_silent = is_silent;
  std::ostringstream out, err;
  const auto connect = [&](const inspect_target&) -> result<std::unique_ptr<asked_inspector>> {
    if (!is_there) return fail(errc::request_failed, "nothing listens at h:1");
    return std::make_unique<inspector_of_test>(of.notes);
  };
  const auto show = [&](const std::string& text, std::chrono::milliseconds pause) {
    of.shown.push_back(std::to_string(pause.count()) + " " + text);
    return of.shown.size() < 5;
  };
  of.code = run_inspect_command(request, {"h", 1, {}}, connect, show, {out, err});
  of.out = out.str();
  of.err = err.str();
  return of;
}

using questions = std::vector<std::string>;

}  // namespace

TEST_CASE("each command asks what it shows", "[inspect]") {
  CHECK(run({.action = inspect_action::nodes}).out.starts_with("troupe 0.1.0"));
  CHECK(run({.action = inspect_action::actors}).out.starts_with("0 actors run"));
  inspect_request documents{.action = inspect_action::documents, .limit = 7};
  documents.document_order = "sessions";
  CHECK(run(documents).notes.questions == questions{"documents 2 7"});
  inspect_request sessions{.action = inspect_action::sessions};
  sessions.session_order = "idle";
  CHECK(run(sessions).notes.questions == questions{"sessions 4 20"});
  inspect_request document{.action = inspect_action::document, .document = "plan"};
  CHECK(run(document).out.starts_with("document  plan\n"));
  document.as_json = true;
  CHECK(nlohmann::json::parse(run(document).out)["name"] == "plan");
}

TEST_CASE("what does not answer, or is not there, is told", "[inspect]") {
  const outcome none = run({.action = inspect_action::nodes}, false, false);
  CHECK(none.code == inspect_failed);
  CHECK(none.err == "troupe: nothing listens at h:1\n");
  const outcome silent = run({.action = inspect_action::nodes}, true);
  CHECK(silent.code == inspect_failed);
  CHECK(silent.err == "troupe: it does not answer\n");
  CHECK(silent.out.empty());
  CHECK(run({.action = inspect_action::watch}, true).code == inspect_failed);
}

TEST_CASE("a document without a name is not asked for", "[inspect]") {
  const outcome wrong = run({.action = inspect_action::document});
  CHECK(wrong.code == inspect_misused);
  CHECK(wrong.notes.questions.empty());
  CHECK(wrong.err.starts_with("troupe: the name of the document: "));
}

TEST_CASE("watching shows as often as it should, and waits in between", "[inspect]") {
  const outcome twice = run({.action = inspect_action::watch, .count = 2, .interval = 50ms});
  CHECK(twice.code == inspect_done);
  REQUIRE(twice.shown.size() == 2);
  CHECK(twice.shown[0].starts_with("50 troupe 0.1.0"));
  CHECK(twice.shown[1].starts_with("0 troupe 0.1.0"));
  CHECK(twice.notes.questions.size() == 8);
  // Until somebody interrupts it.
  CHECK(run({.action = inspect_action::watch}).shown.size() == 5);
  const outcome json = run({.action = inspect_action::watch, .as_json = true, .count = 1});
  CHECK(nlohmann::json::parse(json.shown[0].substr(2)).contains("sessions"));
}

TEST_CASE("where to ask", "[inspect]") {
  CHECK(target_of({}, nullptr)->host == "127.0.0.1");
  CHECK(target_of({}, nullptr)->port == 3003);
  CHECK(target_of({.at = "[::1]:9"}, nullptr)->host == "::1");
  CHECK(target_of({.at = "h:9"}, nullptr)->port == 9);
  CHECK(target_of({.at = "h"}, nullptr).error().code == errc::invalid_config);

  config settings;
  settings.inspect.address = "0.0.0.0";
  settings.inspect.port = 4;
  settings.cluster_tls = {"n1.pem", "n1.key", "ca.pem"};
  CHECK(target_of({}, &settings)->host == "127.0.0.1");
  CHECK(target_of({}, &settings)->port == 4);
  CHECK(target_of({}, &settings)->tls.certificate.empty());
  settings.cluster.enabled = true;
  CHECK(target_of({.at = "h:9"}, &settings)->tls.ca == "ca.pem");
  settings.inspect.port = 0;
  CHECK(target_of({}, &settings).error().code == errc::invalid_config);
}

}  // namespace troupe::inspect_command_test
