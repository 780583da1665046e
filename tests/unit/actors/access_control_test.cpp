#include "actors/access_control.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/token_vectors.hpp"

namespace troupe::access_control_test {

using namespace std::chrono_literals;
using access::mode;
using time_point = access_control::time_point;

namespace {

const time_point start{1h};

access_settings with(mode how, access::anonymous everybody = access::anonymous::none) {
  access::access_policy policy;
  policy.how = how;
  policy.everybody = everybody;
  access_settings settings;
  settings.policy = std::make_shared<const access::access_policy>(std::move(policy));
  return settings;
}

upgrade_request asking(std::string target) {
  upgrade_request request;
  request.target = std::move(target);
  request.remote_address = "203.0.113.7";
  return request;
}

identity_ptr somebody(std::string user, std::string token_id = {}) {
  identity who{.user = std::move(user)};
  who.token_id = std::move(token_id);
  return std::make_shared<const identity>(std::move(who));
}

rights reading() { return rights{right::read}; }

}  // namespace

TEST_CASE("an open node believes what clients say of themselves", "[access]") {
  access_control control;
  const identity_ptr ada = somebody("ada");
  const auto found = control.identify(asking("/d?token=nonsense"), ada);
  CHECK(found.who == ada);
  CHECK_FALSE(found.refused);
  CHECK(control.rights_to(ada, "d") == rights::all());
}

TEST_CASE("with tokens nobody is who they say they are without one", "[access]") {
  access_control closed{with(mode::token)};
  const auto without = closed.identify(asking("/d"), somebody("ada"));
  CHECK(without.refused == close_reason::unauthenticated);
  CHECK_FALSE(without.fault);

  access_control readable{with(mode::token, access::anonymous::read)};
  const auto reader = readable.identify(asking("/d"), somebody("ada"));
  CHECK_FALSE(reader.refused);
  CHECK(user_of(reader.who).empty());
  const auto may = readable.rights_to(reader.who, "d");
  REQUIRE(may);
  CHECK(may->contains(right::read));
  CHECK_FALSE(may->contains(right::write));
}

TEST_CASE("a bad token is refused though everybody may read", "[access]") {
  access_control readable{with(mode::token, access::anonymous::write)};
  const auto found = readable.identify(asking("/d?token=nonsense"), nullptr);
  CHECK(found.refused == close_reason::unauthenticated);
  CHECK(found.fault == access::token_fault::malformed);
}

TEST_CASE("tokens that are looked at are counted by outcome", "[access][metrics]") {
  test::register_types_once();
  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto metrics = std::make_shared<const node_metrics>(system);
  access_control closed{with(mode::token), metrics};
  closed.identify(asking("/d"), nullptr);
  closed.identify(asking("/d?token=nonsense"), nullptr);
  closed.identify(asking("/d?token=" + test::vectors().token("ES256")), nullptr);
  closed.bearer_of("nonsense", "d", {});
  CHECK(metrics->token_checks("missing").value() == 1);
  CHECK(metrics->token_checks("malformed").value() == 2);
  CHECK(metrics->token_checks("unknown_key").value() == 1);
  CHECK(metrics->token_checks("accepted").value() == 0);
}

TEST_CASE("a key that is unknown may be fetched yet", "[access]") {
  const std::string target = "/d?token=" + test::vectors().token("ES256");
  access_control fixed{with(mode::token)};
  CHECK(fixed.identify(asking(target), nullptr).refused == close_reason::unauthenticated);
  access_settings settings = with(mode::token);
  settings.fetches_keys = true;
  access_control fetching{std::move(settings)};
  const auto found = fetching.identify(asking(target), nullptr);
  CHECK(found.refused == close_reason::access_unavailable);
  CHECK(found.fault == access::token_fault::unknown_key);
}

TEST_CASE("a key that is unknown is asked for, whoever shows the token", "[access]") {
  access_settings settings = with(mode::token);
  settings.fetches_keys = true;
  access_control fetching{std::move(settings)};
  int asked = 0;
  fetching.on_unknown_key([&] { ++asked; });
  fetching.identify(asking("/d?token=" + test::vectors().token("ES256")), nullptr);
  CHECK(asked == 1);
  CHECK_FALSE(fetching.bearer_of(test::vectors().token("ES256"), "d", {}));  // over HTTP
  CHECK(asked == 2);
  fetching.bearer_of("nonsense", "d", {});
  CHECK(asked == 2);
}

TEST_CASE("the application is asked about whoever shows anything", "[access]") {
  access_control asks{with(mode::webhook)};
  const auto found = asks.identify(asking("/d?token=its-own-kind"), somebody("ada"));
  CHECK_FALSE(found.refused);
  REQUIRE(found.who);
  REQUIRE(found.who->shown);
  CHECK(found.who->shown->token == "its-own-kind");
  CHECK(found.who->shown->origin.empty());
  CHECK(found.who->user.empty());
  CHECK_FALSE(asks.rights_to(found.who, "d"));
}

TEST_CASE("a change counts for those who come, until it is outdated", "[access]") {
  access_control control;
  const identity_ptr ada = somebody("ada", "t1");
  const auto left = [&](time_point at, const identity_ptr& who = somebody("ada", "t1"),
                        std::string_view document = "plan") {
    return control.changed(who, document, rights::all(), at);
  };
  CHECK(left(start) == rights::all());
  REQUIRE(control.add({.user = "ada", .document = "plan", .may = reading()}, start, start + 60s));
  CHECK(left(start) == reading());
  CHECK(left(start, somebody("bob")) == rights::all());
  CHECK(left(start, ada, "other") == rights::all());
  CHECK(left(start + 59s) == reading());
  CHECK(left(start + 60s) == rights::all());
}

TEST_CASE("sessions notice that changes were made, lifted or are outdated", "[access]") {
  access_control control;
  const auto before = control.generation(start);
  CHECK(control.generation(start + 1h) == before);
  REQUIRE(control.add({.user = "ada", .may = reading()}, start, start + 10s));
  REQUIRE(control.add({.user = "bob"}, start, start + 20s));
  const auto made = control.generation(start);
  CHECK(made != before);
  CHECK(control.generation(start + 9s) == made);
  const auto outdated = control.generation(start + 10s);
  CHECK(outdated != made);
  CHECK(control.generation(start + 19s) == outdated);
  CHECK_FALSE(control.lift({.user = "ada"}, start + 10s));
  CHECK(control.generation(start + 19s) == outdated);
  CHECK(control.lift({.user = "bob"}, start + 10s) == 10s);
  const auto lifted = control.generation(start + 19s);
  CHECK(lifted != outdated);
  CHECK(control.changed(somebody("bob"), "d", rights::all(), start + 10s) == rights::all());
  CHECK(control.generation(start + 1h) == lifted);  // it counted no more
}

TEST_CASE("only a good token has a bearer", "[access]") {
  access_settings settings = with(mode::token, access::anonymous::write);
  settings.keys = std::make_shared<const access::key_set>(test::vectors().key_set());
  access_control control{std::move(settings)};
  for (const std::string& bad :
       {std::string{}, std::string{"nonsense"}, test::vectors().token("HS256")})  // long expired
    CHECK_FALSE(control.bearer_of(bad, "d", start));
  CHECK_FALSE(access_control{}.bearer_of(test::vectors().token("HS256"), "d", start));
  CHECK_FALSE(access_control{with(mode::webhook)}.bearer_of("any", "d", start));
}

TEST_CASE("the application says who somebody is, and what their presence says", "[access]") {
  access_settings settings = with(mode::webhook);
  auto policy = *settings.policy;
  policy.stamp = {"name", "color"};
  settings.policy = std::make_shared<const access::access_policy>(policy);
  access_control control{std::move(settings)};
  upgrade_request page = asking("/d?token=t");
  page.origin = "https://app.example";
  const auto before = control.identify(page, somebody("claims to be bob")).who;
  REQUIRE(before);
  REQUIRE(before->shown);
  CHECK(before->shown->origin == "https://app.example");
  webhook::authorisation answer{.rights = {"write"}, .user = "ada", .token_id = "t1"};
  answer.presence = R"({"name":"Ada","color":"#f00","secret":1})";
  const auto who = control.identify(answer, before);
  CHECK(user_of(who) == "ada");
  CHECK(token_id_of(who) == "t1");
  CHECK(who->shown == before->shown);
  CHECK(stamp_of(who) == R"({"id":"ada","name":"Ada","color":"#f00"})");
  answer.presence.clear();
  CHECK(stamp_of(control.identify(answer, nullptr)) == R"({"id":"ada"})");
  CHECK(stamp_of(access_control{with(mode::webhook)}.identify(answer, before)).empty());
}

TEST_CASE("a page without a token has an origin that the application hears of", "[access]") {
  access_control control{with(mode::webhook)};
  upgrade_request page = asking("/d");
  page.origin = "https://app.example";
  const auto who = control.identify(page, nullptr).who;
  REQUIRE(who);
  REQUIRE(who->shown);
  CHECK(who->shown->token.empty());
  access_control tokens{with(mode::token, access::anonymous::read)};
  const auto other = tokens.identify(page, somebody("x")).who;
  CHECK((!other || !other->shown));
}

}  // namespace troupe::access_control_test
