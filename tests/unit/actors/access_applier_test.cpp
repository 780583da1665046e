// A change of access among hubs, a directory and a cluster that the test plays.
#include "actors/access_applier.hpp"

#include <future>
#include <memory>
#include <optional>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/answered_question.hpp"

namespace troupe::access_applier_test {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{10};

class applier_bed {
 public:
  applier_bed() {
    test::register_types_once();
    config_.set("caf.logger.console.verbosity", "quiet");
    config_.set("caf.scheduler.max-threads", 2);
    system_ = std::make_unique<caf::actor_system>(config_);
    for (auto* const one : {&directory, &hub, &cluster}) one->emplace(*system_);
    what.user = "ada";
    what.made_at = 7;
  }
  ~applier_bed() {
    for (auto* const one : {&directory, &hub, &cluster}) one->reset();
  }

  /// How it goes.
  std::future<applied_access> apply(bool in_cluster = false,
                                    std::chrono::milliseconds requests_patience = 1h) {
    auto promise = std::make_shared<std::promise<applied_access>>();
    access_applier_settings how;
    how.directory = caf::actor_cast<directory_actor>((*directory)->address());
    how.hubs = {caf::actor_cast<hub_actor>((*hub)->address())};
    how.access = access;
    if (in_cluster) how.cluster = caf::actor_cast<cluster_actor>((*cluster)->address());
    how.announcement = "a change";
    how.requests_patience = requests_patience;
    last_ = system_->spawn<access_applier>(
        std::move(how), std::make_shared<const access_change>(what),
        [promise](const applied_access& applied) { promise->set_value(applied); });
    return promise->get_future();
  }
  void end() { caf::anon_send_exit(last_, caf::exit_reason::kill); }

  template <class Question, class Answer>
  Question answer(std::optional<caf::scoped_actor>& as, Answer with) {
    return test::answer_next<Question>(*as, std::move(with));
  }
  /// The sessions and their documents have handled it.
  void settle() {
    CHECK(answer<change_access>(hub, changed_access{2, {"plan"}}).what->user == "ada");
    const auto asked = answer<settle_documents>(directory, settled_documents{});
    CHECK(asked.names == std::vector<std::string>{"plan"});
  }

  access_change what;
  std::shared_ptr<access_control> access = std::make_shared<access_control>();
  std::optional<caf::scoped_actor> directory, hub, cluster;

 private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  access_applier_actor last_;
};

applied_access outcome_of(std::future<applied_access>& applied) {
  REQUIRE(applied.wait_for(patience) == std::future_status::ready);
  return applied.get();
}

bool is_open(const std::future<applied_access>& applied) {
  return applied.wait_for(50ms) == std::future_status::timeout;
}

}  // namespace

TEST_CASE("a change is done when sessions and documents have handled it", "[actors]") {
  applier_bed bed;
  auto applied = bed.apply();
  CHECK(is_open(applied));
  bed.settle();
  const applied_access outcome = outcome_of(applied);
  CHECK_FALSE(outcome.has_failed);
  CHECK(outcome.sessions == 2);
  CHECK(outcome.unfinished == 0);
  CHECK(outcome.silent.empty());
}

TEST_CASE("a change waits for requests that were let in before", "[actors]") {
  applier_bed bed;
  auto request = bed.access->requests().begin("ada", "t", "plan");
  const auto of_another = bed.access->requests().begin("bob", "t", "plan");
  auto applied = bed.apply();
  bed.settle();
  CHECK(is_open(applied));
  request.reset();
  CHECK(outcome_of(applied).unfinished == 0);
}

TEST_CASE("requests that take too long are not waited for, and counted", "[actors]") {
  applier_bed bed;
  const auto first = bed.access->requests().begin("ada", "t", "plan");
  const auto second = bed.access->requests().begin("ada", "t", "notes");
  auto applied = bed.apply(false, 1ms);
  bed.settle();
  const applied_access outcome = outcome_of(applied);
  CHECK_FALSE(outcome.has_failed);
  CHECK(outcome.unfinished == 2);
}

TEST_CASE("a change that is made here waits for the other nodes, too", "[actors][cluster]") {
  applier_bed bed;
  auto applied = bed.apply(true);
  bed.settle();
  CHECK(is_open(applied));
  const auto told = bed.answer<announce_access>(bed.cluster, announced_access{3, 1, {"n2"}});
  CHECK(told.change == "a change");
  CHECK(told.number == 7);
  const applied_access outcome = outcome_of(applied);
  CHECK(outcome.sessions == 5);
  CHECK(outcome.unfinished == 1);
  CHECK(outcome.silent == std::vector<std::string>{"n2"});
}

TEST_CASE("a change whose sessions or documents do not answer has failed", "[actors]") {
  applier_bed bed;
  auto applied = bed.apply();
  SECTION("documents") {
    bed.answer<change_access>(bed.hub, changed_access{2, {"plan"}});
    bed.answer<settle_documents>(bed.directory, caf::make_error(caf::sec::runtime_error));
  }
  SECTION("the node ends") { bed.end(); }
  CHECK(outcome_of(applied).has_failed);
}

}  // namespace troupe::access_applier_test
