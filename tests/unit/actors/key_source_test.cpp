// The key source against a small HTTP server.
#include "actors/key_source.hpp"

#include <mutex>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include <caf/scoped_actor.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/http_receiver.hpp"

namespace troupe::key_source_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct source_bed {
  source_bed() {
    register_types_once();
    config.set("caf.logger.console.verbosity", "quiet");
    system = std::make_unique<caf::actor_system>(config);
    settings.url = receiver.url("/keys");
    settings.timeout = 5s;
    settings.when.least = 0ms;
    settings.publish = [this](std::string_view text) -> result<void> {
      const std::lock_guard lock{mutex};
      if (text == "bad") return fail(errc::invalid_json, "the keys");
      published.emplace_back(text);
      return {};
    };
    http_client_settings sending;
    sending.allows_private = true;
    client = *http_client::open(sending);
  }
  ~source_bed() {
    if (source) {
      caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
      caf::scoped_actor self{*system};
      self->wait_for(source);
    }
    source = nullptr;
    client->stop();
  }
  void begin() { source = system->spawn<key_source>(settings, client, nullptr); }
  bool refresh() {
    bool has_new = false;
    caf::scoped_actor self{*system};
    self->request(source, 20s, refresh_keys{})
        .receive([&](const refreshed_keys& answer) { has_new = answer.has_new; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return has_new;
  }
  std::vector<std::string> all() {
    const std::lock_guard lock{mutex};
    return published;
  }
  bool has(std::size_t count) {
    for (int i = 0; i < 500 && all().size() < count; ++i) std::this_thread::sleep_for(10ms);
    return all().size() >= count;
  }

  http_receiver receiver;
  key_source_settings settings;
  std::mutex mutex;
  std::vector<std::string> published;
  std::shared_ptr<http_client> client;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  key_source_actor source;
};

}  // namespace

TEST_CASE("the keys are fetched when the node starts, and again when one is missing",
          "[access][actors]") {
  source_bed bed;
  std::atomic<int> count = 0;
  bed.receiver.answer_with([&](const auto&) {
    return http_receiver::answer{200, "keys " + std::to_string(++count)};
  });
  bed.begin();
  REQUIRE(bed.has(1));
  CHECK(bed.all()[0] == "keys 1");
  auto request = bed.receiver.requests()[0];
  CHECK(request.method == "GET");
  CHECK(request.headers["accept"].find("application/jwk-set+json") != std::string::npos);
  CHECK(bed.refresh());
  CHECK(bed.all().back() == "keys 2");
}

TEST_CASE("the old keys stay while the issuer is away or sends nonsense", "[access][actors]") {
  source_bed bed;
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{200, "good"}; });
  bed.begin();
  REQUIRE(bed.has(1));
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{500, "good"}; });
  CHECK_FALSE(bed.refresh());
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{200, "bad"}; });
  CHECK_FALSE(bed.refresh());
  CHECK(bed.all() == std::vector<std::string>{"good"});
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{200, "better"}; });
  CHECK(bed.refresh());
  CHECK(bed.all().back() == "better");
}

TEST_CASE("whoever misses a key does not have them fetched again and again", "[access][actors]") {
  source_bed bed;
  bed.settings.when.least = 1h;
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{200, "good"}; });
  bed.begin();
  REQUIRE(bed.has(1));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(bed.refresh());
  CHECK(bed.receiver.requests().size() == 1);
}

TEST_CASE("all who miss a key wait for one fetch", "[access][actors]") {
  source_bed bed;
  std::atomic<bool> may_answer = false;
  bed.receiver.answer_with([&](const auto&) {
    while (!may_answer) std::this_thread::sleep_for(1ms);
    return http_receiver::answer{200, "good"};
  });
  bed.begin();
  REQUIRE(bed.receiver.wait_for(1).size() == 1);
  std::atomic<int> refreshed = 0;
  std::vector<std::thread> askers;
  for (int i = 0; i < 5; ++i) askers.emplace_back([&] { refreshed += bed.refresh(); });
  std::this_thread::sleep_for(50ms);
  may_answer = true;
  for (std::thread& each : askers) each.join();
  CHECK(refreshed == 5);
  CHECK(bed.receiver.requests().size() <= 6);
}

}  // namespace troupe::key_source_test
