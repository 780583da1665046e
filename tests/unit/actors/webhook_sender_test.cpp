// The webhook sender between a store in memory and a small HTTP server.
#include "actors/webhook_sender.hpp"

#include <thread>

#include <catch2/catch_test_macros.hpp>

#include <caf/scoped_actor.hpp>

#include "protocol/webhook/signature.hpp"
#include "storage/memory_backend.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/edit_checks.hpp"
#include "tests/support/http_receiver.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::webhook_sender_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using webhook::event_kind;

namespace {

struct sender_bed {
  sender_bed() {
    register_types_once();
    config.set("caf.logger.console.verbosity", "quiet");
    settings.url = receiver.url("/hook?token=hidden");
    settings.key = secret{"a secret of sixteen"};
    settings.retries.first = 1ms;
    http_client_settings sending;
    sending.allows_private = true;
    client = *http_client::open(sending);
    webhook_feed::settings feeding;
    for (std::size_t i = 0; i < webhook::event_kind_count; ++i)
      feeding.events.insert(static_cast<event_kind>(i));
    feeding.changes = {0ms, 0ms, 1000};
    feed = std::make_shared<webhook_feed>(feeding, store, 0);
    backend = std::make_shared<announcing_backend>(store, feed);
    system = std::make_unique<caf::actor_system>(config);
  }
  ~sender_bed() {
    end();
    client->stop();
  }

  /// Begins as a node does, with what is stored.
  void begin() {
    sender = system->spawn<webhook_sender, caf::detached>(
        settings, webhook_parts{feed, backend, store, store, client, nullptr, stored()});
  }
  void end() {
    if (!sender) return;
    caf::anon_send_exit(sender, caf::exit_reason::user_shutdown);
    caf::scoped_actor self{*system};
    self->wait_for(sender);
    sender = nullptr;
  }

  void write(const std::string& document, const std::string& text, const std::string& user = {}) {
    const byte_buffer update = edit(
        docs[document], [&](crdt::doc_edit& e) { must(e.insert_text("t", 0, text)); }, 1);
    storage::batch batch;
    batch.appends = {{std::make_shared<const std::string>(document),
                      storage::next_number,
                      {shared_bytes::copy_of(update)}}};
    if (!user.empty())
      batch.appends[0].by =
          std::make_shared<const storage::append_credits>(storage::append_credits{{user}, {}});
    REQUIRE(backend->write(batch));
  }
  std::vector<storage::announcement> stored() { return store->announcements({})->announcements; }
  bool is_all_delivered() {
    for (int i = 0; i < 1000 && !stored().empty(); ++i) std::this_thread::sleep_for(10ms);
    return stored().empty();
  }
  described_webhooks describe() {
    described_webhooks all;
    caf::scoped_actor self{*system};
    self->request(sender, 10s, describe_webhooks{})
        .receive([&](const described_webhooks& answer) { all = answer; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return all;
  }
  std::uint64_t replay(const std::string& delivery) {
    std::uint64_t count = 0;
    caf::scoped_actor self{*system};
    self->request(sender, 10s, replay_webhooks{delivery})
        .receive([&](const replayed_webhooks& again) { count = again.count; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return count;
  }

  http_receiver receiver;
  webhook_settings settings;
  std::shared_ptr<storage::memory_backend> store = std::make_shared<storage::memory_backend>();
  std::shared_ptr<webhook_feed> feed;
  std::shared_ptr<announcing_backend> backend;
  std::shared_ptr<http_client> client;
  std::map<std::string, crdt::doc> docs;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  webhook_sender_actor sender;
};

}  // namespace

TEST_CASE("a change is delivered, signed, and then forgotten", "[webhook][actors]") {
  sender_bed bed;
  bed.begin();
  bed.write("plan", "hello", "ada");
  const auto requests = bed.receiver.wait_for(1);
  REQUIRE(requests.size() == 1);
  auto request = requests[0];
  CHECK(request.method == "POST");
  CHECK(request.target == "/hook?token=hidden");
  CHECK(request.headers["content-type"] == "application/json");
  CHECK(request.headers["troupe-event"] == "document.changed");
  const std::string& delivery = request.headers["troupe-delivery"];
  CHECK(delivery.size() == 32);
  CHECK(request.body.starts_with(R"({"event":"document.changed","delivery":")" + delivery +
                                 R"(","at":)"));
  CHECK(request.body.find(R"("document":"plan","authors":["ada"],"origins":[],)"
                          R"("stateVector":"AQEF","bytes":)") != std::string::npos);
  CHECK(request.body.find("contents") == std::string::npos);
  const std::string& signature = request.headers["troupe-signature"];
  const std::uint64_t time = std::stoull(signature.substr(2));
  CHECK(signature == webhook::signature_of(bed.settings.key, time, request.body));
  CHECK(bed.is_all_delivered());
  CHECK(bed.describe().sent == 1);
}

TEST_CASE("a delivery that fails comes again under the same name", "[webhook][actors]") {
  sender_bed bed;
  std::atomic<int> left = 3;
  bed.receiver.answer_with(
      [&](const auto&) { return http_receiver::answer{.status = --left >= 0 ? 500U : 204U}; });
  bed.begin();
  bed.write("plan", "hello", "ada");
  auto requests = bed.receiver.wait_for(4);
  REQUIRE(requests.size() == 4);
  CHECK(requests[3].headers["troupe-delivery"] == requests[0].headers["troupe-delivery"]);
  CHECK(requests[3].body == requests[0].body);
  CHECK(bed.is_all_delivered());
  const auto all = bed.describe();
  CHECK(all.failed == 3);
  CHECK(all.last_failure == "it answered 500");
  CHECK(all.url == bed.receiver.url("/hook"));
}

TEST_CASE("what was not delivered is delivered after a restart, with its authors",
          "[webhook][actors]") {
  sender_bed bed;
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{.status = 503}; });
  bed.begin();
  bed.write("plan", "hello", "ada");
  bed.feed->note({.what = event_kind::document_closed, .document = "plan"});
  bed.write("other", "x", "bob");
  REQUIRE(bed.receiver.wait_for(2).size() >= 2);
  bed.end();
  CHECK(bed.stored().size() == 3);
  bed.receiver.answer_with({});
  const std::size_t before = bed.receiver.requests().size();
  bed.begin();
  auto requests = bed.receiver.wait_for(before + 3);
  CHECK(bed.is_all_delivered());
  std::string bodies;
  for (std::size_t i = before; i < requests.size(); ++i) bodies += requests[i].body;
  CHECK(bodies.find(R"("authors":["ada"])") != std::string::npos);
  CHECK(bodies.find(R"("authors":["bob"])") != std::string::npos);
  CHECK(bodies.find("document.closed") != std::string::npos);
}

TEST_CASE("the contents come along where that is asked for and they are not too large",
          "[webhook][actors]") {
  sender_bed bed;
  bed.settings.includes_contents = true;
  bed.settings.contents_bytes_max = 100;
  bed.begin();
  bed.write("plan", "hello");
  CHECK(bed.receiver.wait_for(1).at(0).body.ends_with(R"(,"contents":{"t":"hello"}})"));
  bed.write("long", std::string(200, 'x'));
  CHECK(bed.receiver.wait_for(2).at(1).body.find("contents") == std::string::npos);
  CHECK(bed.is_all_delivered());
}

TEST_CASE("a document that cannot be read is announced without its state", "[webhook][actors]") {
  sender_bed bed;
  bed.begin();
  storage::batch batch;
  batch.appends = {append_of("broken", 1, {"no update"})};
  REQUIRE(bed.backend->write(batch));
  CHECK(bed.receiver.wait_for(1).at(0).body.ends_with(R"("stateVector":null,"bytes":null})"));
  CHECK(bed.is_all_delivered());
}

TEST_CASE("of a document that was removed only the removal is told", "[webhook][actors]") {
  sender_bed bed;
  bed.write("plan", "hello");
  const auto number = bed.feed->begin_removal("plan");
  bed.feed->end_removal(number, *bed.store->remove("plan"));
  bed.begin();
  CHECK(bed.receiver.wait_for(1).at(0).headers["troupe-event"] == "document.deleted");
  CHECK(bed.is_all_delivered());
  CHECK(bed.receiver.requests().size() == 1);
}

TEST_CASE("a removal that a crash has cut off is told only if it was made", "[webhook][actors]") {
  sender_bed bed;
  bed.write("made", "x");
  bed.write("not-made", "x");
  while (!bed.feed->take().stored.empty()) continue;
  REQUIRE(bed.store->change({{}, {bed.stored()[0].number, bed.stored()[1].number}}));
  bed.feed->begin_removal("made");
  bed.feed->begin_removal("not-made");
  REQUIRE(bed.store->remove("made"));
  bed.begin();
  CHECK(bed.is_all_delivered());
  const auto requests = bed.receiver.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].body.find(R"("document":"made")") != std::string::npos);
}

TEST_CASE("what was given up is kept, listed and tried again on request", "[webhook][actors]") {
  sender_bed bed;
  bed.settings.retries.give_up_after = 0ms;
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{.status = 400}; });
  bed.begin();
  bed.write("plan", "hello");
  described_webhooks all;
  for (int i = 0; i < 500 && all.dead.empty(); ++i) {
    std::this_thread::sleep_for(10ms);
    all = bed.describe();
  }
  REQUIRE(all.dead.size() == 1);
  CHECK(all.dead[0].document == "plan");
  CHECK(all.dead[0].event == "document.changed");
  CHECK(all.dead[0].why == "it answered 400");
  CHECK(all.dead[0].attempts == 1);
  CHECK(all.dead_count == 1);
  CHECK(bed.replay("no such delivery") == 0);
  // It outlives a restart as what it is.
  bed.end();
  REQUIRE(bed.stored().size() == 1);
  CHECK(bed.stored()[0].is_dead);
  bed.receiver.answer_with({});
  bed.begin();
  CHECK(bed.replay(all.dead[0].delivery) <= 1);
  for (int i = 0; i < 500 && !bed.stored().empty(); ++i) {
    bed.replay({});
    std::this_thread::sleep_for(10ms);
  }
  CHECK(bed.stored().empty());
  CHECK(bed.receiver.requests().back().headers["troupe-delivery"] == all.dead[0].delivery);
}

}  // namespace troupe::webhook_sender_test
