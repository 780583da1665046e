// The authoriser against a small HTTP server.
#include "actors/authoriser.hpp"

#include <atomic>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include <caf/scoped_actor.hpp>

#include "protocol/webhook/signature.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/http_receiver.hpp"

namespace troupe::authoriser_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using outcome = authorised::outcome;

namespace {

http_receiver::answer allow(const std::string& more = {}) {
  return {200, R"({"rights":["read","write"],"user":"ada")" + more + "}"};
}

struct authoriser_bed {
  authoriser_bed() {
    register_types_once();
    config.set("caf.logger.console.verbosity", "quiet");
    system = std::make_unique<caf::actor_system>(config);
    settings.url = receiver.url("/authorise");
    settings.key = secret{"a secret of sixteen"};
    settings.timeout = 5s;
    http_client_settings sending;
    sending.allows_private = true;
    client = *http_client::open(sending);
  }
  ~authoriser_bed() {
    if (asked) caf::anon_send_exit(asked, caf::exit_reason::user_shutdown);
    asked = nullptr;
    client->stop();
  }
  const authoriser_actor& actor() {
    if (!asked) asked = system->spawn<authoriser>(settings, client, nullptr);
    return asked;
  }
  authorised ask(webhook::question what) {
    authorised answer;
    caf::scoped_actor self{*system};
    self->request(actor(), 20s, authorise{std::move(what)})
        .receive([&](const authorised& given) { answer = given; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return answer;
  }

  http_receiver receiver;
  authoriser_settings settings;
  std::shared_ptr<http_client> client;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  authoriser_actor asked;
};

}  // namespace

TEST_CASE("the application is asked, and its answer is passed on", "[access][actors]") {
  authoriser_bed bed;
  bed.receiver.answer_with([](const auto&) { return allow(R"(,"tokenId":"t1")"); });
  const authorised answer = bed.ask({.document = "plan", .token = "secret"});
  CHECK(answer.what == outcome::granted);
  CHECK(answer.allowed.rights == std::vector<std::string>{"read", "write"});
  CHECK(answer.allowed.user == "ada");
  CHECK(answer.allowed.token_id == "t1");
  auto request = bed.receiver.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.headers["troupe-event"] == "authorise");
  CHECK(request.body.find(R"("document":"plan","token":"secret")") != std::string::npos);
  const std::string& signature = request.headers["troupe-signature"];
  CHECK(signature ==
        webhook::signature_of(bed.settings.key, std::stoull(signature.substr(2)), request.body));
}

TEST_CASE("a refusal lets nobody in, and neither does anything else", "[access][actors]") {
  authoriser_bed bed;
  http_receiver::answer with;
  bed.receiver.answer_with([&](const auto&) { return with; });
  const auto what_of = [&](unsigned status, const std::string& body = {}) {
    with = {status, body};
    return bed.ask({.document = "plan"}).what;
  };
  CHECK(what_of(401) == outcome::denied);
  CHECK(what_of(403, "no") == outcome::denied);
  CHECK(what_of(200, R"({"rights":[]})") == outcome::denied);
  // It may come again, when clocks agree or the application is mended.
  CHECK(what_of(200, R"({"rights":["read"],"expiresAt":1})") == outcome::unavailable);
  CHECK(what_of(200, R"({"rights":["read","comment"]})") == outcome::unavailable);
  CHECK(what_of(200, "") == outcome::unavailable);
  CHECK(what_of(200, R"({"allow":true})") == outcome::unavailable);
  CHECK(what_of(200, std::string(20'000, ' ')) == outcome::unavailable);
  CHECK(what_of(201, R"({"rights":["read"]})") == outcome::unavailable);
  CHECK(what_of(302) == outcome::unavailable);
  CHECK(what_of(404) == outcome::unavailable);
  CHECK(what_of(500) == outcome::unavailable);
  CHECK(bed.receiver.requests().size() == 12);  // nothing of this was kept
}

TEST_CASE("an application that does not answer lets nobody in", "[access][actors]") {
  authoriser_bed bed;
  bed.settings.timeout = 100ms;
  bed.receiver.answer_with([](const auto&) { return http_receiver::answer{.hangs = true}; });
  const authorised late = bed.ask({.document = "plan"});
  CHECK(late.what == outcome::unavailable);
  CHECK(late.why == "request_failed: Timeout was reached");
}

TEST_CASE("an answer holds as long as it says, and no longer than it may", "[access][actors]") {
  authoriser_bed bed;
  SECTION("as long as it says") {
    bed.receiver.answer_with([](const auto&) { return allow(R"(,"cacheFor":60)"); });
    for (int i = 0; i < 3; ++i)
      CHECK(bed.ask({.document = "a", .token = "x"}).what == outcome::granted);
    CHECK(bed.receiver.requests().size() == 1);
    bed.ask({.document = "b", .token = "x"});
    bed.ask({.document = "a", .token = "y"});
    CHECK(bed.receiver.requests().size() == 3);
    tell_anonymously(bed.actor(), forget_authorisations{});
    bed.ask({.document = "a", .token = "x"});
    CHECK(bed.receiver.requests().size() == 4);
  }
  SECTION("not at all if it says nothing") {
    bed.receiver.answer_with([](const auto&) { return allow(); });
    for (int i = 0; i < 2; ++i) bed.ask({.document = "a"});
    CHECK(bed.receiver.requests().size() == 2);
  }
  SECTION("no longer than cache_max") {
    bed.settings.cache_max = 0ms;
    bed.receiver.answer_with([](const auto&) { return allow(R"(,"cacheFor":60)"); });
    for (int i = 0; i < 2; ++i) bed.ask({.document = "a"});
    CHECK(bed.receiver.requests().size() == 2);
  }
}

TEST_CASE("the same question is asked once for all who wait", "[access][actors]") {
  authoriser_bed bed;
  std::atomic<bool> may_answer = false;
  bed.receiver.answer_with([&](const auto&) {
    while (!may_answer) std::this_thread::sleep_for(1ms);
    return allow();
  });
  bed.settings.questions_max = 2;
  bed.actor();  // before several threads ask for it
  caf::scoped_actor self{*bed.system};
  std::vector<std::thread> askers;
  std::atomic<int> granted = 0;
  for (int i = 0; i < 5; ++i)
    askers.emplace_back([&] { granted += bed.ask({.document = "a"}).what == outcome::granted; });
  bed.receiver.wait_for(1);
  askers.emplace_back([&] { granted += bed.ask({.document = "b"}).what == outcome::granted; });
  bed.receiver.wait_for(2);
  const authorised refused = bed.ask({.document = "c"});
  CHECK(refused.what == outcome::unavailable);
  CHECK(refused.why == "too many questions wait");
  may_answer = true;
  for (std::thread& each : askers) each.join();
  CHECK(granted == 6);
  CHECK(bed.receiver.requests().size() >= 2);
  CHECK(bed.receiver.requests().size() <= 6);
}

TEST_CASE("what the application said before all was forgotten does not count", "[access][actors]") {
  authoriser_bed bed;
  std::atomic<bool> may_answer = false;
  std::atomic<int> asked = 0;
  bed.receiver.answer_with([&](const auto&) {
    const bool is_first = ++asked == 1;
    while (!may_answer) std::this_thread::sleep_for(1ms);
    return is_first ? allow(R"(,"cacheFor":60)") : http_receiver::answer{.status = 403};
  });
  bed.actor();
  authorised answer;
  std::thread asker{[&] { answer = bed.ask({.document = "a"}); }};
  bed.receiver.wait_for(1);
  tell_anonymously(bed.actor(), forget_authorisations{});
  may_answer = true;
  asker.join();
  CHECK(answer.what == outcome::denied);
  CHECK(asked == 2);
}

TEST_CASE("an answer says when to ask again, to whoever hears it from the cache too",
          "[access][actors]") {
  authoriser_bed bed;
  bed.settings.cache_max = 30s;
  bed.receiver.answer_with([](const auto& request) {
    return request.body.find("once") == std::string::npos ? allow(R"(,"cacheFor":60)") : allow();
  });
  const auto before = std::chrono::steady_clock::now();
  const auto first = bed.ask({.document = "a"}).allowed.asks_again;
  REQUIRE(first);
  CHECK(*first >= before + 30s);
  CHECK(*first <= std::chrono::steady_clock::now() + 30s);
  CHECK(bed.ask({.document = "a"}).allowed.asks_again == first);
  CHECK(bed.receiver.requests().size() == 1);
  CHECK_FALSE(bed.ask({.document = "once"}).allowed.asks_again);
}

}  // namespace troupe::authoriser_test
