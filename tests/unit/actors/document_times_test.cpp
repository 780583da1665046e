// What a document adds to the metrics: how many there are, and how long loading, applying and
// confirming take.
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/document_work.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::document_times_test {

using sync::message_kind;

namespace {

/// The metrics of a node, in a registry that outlives it.
struct counted_node {
  explicit counted_node(scraping how = scraping::on, test::hosting where = test::hosting::on_unit)
      : metrics(std::make_shared<node_metrics>(registry, how)), node(with(metrics), where) {}

  static directory_settings with(std::shared_ptr<node_metrics> metrics) {
    directory_settings settings;
    settings.metrics = std::move(metrics);
    settings.idle_grace = std::chrono::milliseconds{0};
    return settings;
  }
  const document_metrics& documents() const { return metrics->documents(); }

  /// Edits as session 1 and waits until that is confirmed.
  void edit(const opened_document& document, test::editing_client& as, std::string_view text) {
    node.send(document, 1, message_kind::update, as.insert_text("text", 0, text));
    for (bool is_confirmed = false; !is_confirmed;)
      for (const delivery& each : node.next_deliveries())
        is_confirmed = is_confirmed || (each.to == audience::one && each.session == 1);
  }

  bool has_types = (test::register_types_once(), true);  // before any actor system
  caf::actor_system_config config;
  caf::actor_system registry{config};
  std::shared_ptr<node_metrics> metrics;
  test::actor_node node;
};

std::int64_t count_of(const metric_times* of) {
  std::int64_t all = 0;
  for (const auto& bucket : of->buckets()) all += bucket.count.value();
  return all;
}

}  // namespace

TEST_CASE("documents are counted from opening to unloading", "[metrics]") {
  counted_node use;
  const auto document = use.node.open("d", 1);
  REQUIRE(document);
  test::editing_client client{5};
  use.edit(*document, client, "one");
  CHECK(use.documents().open->value() == 1);
  CHECK(use.documents().loaded->value() == 1);
  CHECK(use.documents().unloaded->value() == 0);
  use.node.leave(*document, 1);
  for (int i = 0; i < 2000 && use.documents().unloaded->value() == 0; ++i) {
    use.node.pass_second();
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  CHECK(use.documents().unloaded->value() == 1);
  CHECK(use.documents().open->value() == 0);
}

TEST_CASE("loading, applying and confirming are timed", "[metrics]") {
  counted_node use;
  const auto document = use.node.open("d", 1);
  REQUIRE(document);
  test::editing_client client{5};
  use.edit(*document, client, "one");
  use.edit(*document, client, "two");
  CHECK(count_of(use.documents().load_time) == 1);
  CHECK(count_of(use.documents().apply_time) == 2);
  CHECK(count_of(use.documents().acknowledge_time) == 2);
  CHECK(use.documents().acknowledge_time->sum() > 0);
  CHECK(use.documents().acknowledge_time->sum() < 10);
  // A worker does what is large.
  use.edit(*document, client, std::string(2 * heavy_update_bytes, 'x'));
  CHECK(count_of(use.documents().worker_time) >= 1);
}

TEST_CASE("nothing is timed while nobody scrapes", "[metrics]") {
  counted_node use{scraping::off};
  const auto document = use.node.open("d", 1);
  REQUIRE(document);
  test::editing_client client{5};
  use.edit(*document, client, "one");
  CHECK(use.documents().loaded->value() == 1);
  for (const metric_times* each : {use.documents().load_time, use.documents().apply_time,
                                   use.documents().acknowledge_time, use.documents().worker_time})
    CHECK(count_of(each) == 0);
}

TEST_CASE("updates that go out as one are counted", "[metrics]") {
  counted_node use;
  const auto document = use.node.open("d", 1);
  REQUIRE(document);
  test::editing_client client{5};
  std::vector<std::pair<message_kind, byte_buffer>> messages;
  for (const char* each : {"a", "b", "c"})
    messages.emplace_back(message_kind::update, client.insert_text("text", 0, each));
  use.node.send(*document, 1, messages);
  use.node.next_deliveries();
  // To the others, and back to their author once they are stored.
  CHECK(use.documents().coalesced_updates->value() >= 2);
}

}  // namespace troupe::document_times_test
