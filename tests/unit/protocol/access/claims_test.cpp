#include "protocol/access/claims.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/token_vectors.hpp"

namespace troupe::claims_test {

using test::claims_of;

namespace {

std::string found(const access::claims_ptr& who, std::string_view path) {
  const auto claim = access::find_claim(who->all.root(), path);
  return claim ? claim->to_json() : "nothing";
}

std::string values(const char* claims) {
  const auto who = claims_of("", claims);
  std::string all;
  access::for_each_value(*who->all.root().find("x"),
                         [&](std::string_view one) { all.append(one).append(" "); });
  return all;
}

std::string name_in(const char* claims) {
  const auto who = claims_of("", claims);
  const auto name = access::name_in_claim(who->all.root(), "sub");
  return name ? "'" + *name + "'" : std::string{to_string(name.error())};
}

}  // namespace

TEST_CASE("a claim is found by its name, or by a path into objects", "[access][claims]") {
  const auto who = claims_of("ada", R"({"role":"editor","realm":{"roles":["a"],"x":{"y":1}},
      "https://app.example/claims":{"org.id":7},"a.b":"whole","a":{"b":"inner","c":2},"n":null})");
  CHECK(found(who, "role") == "\"editor\"");
  CHECK(found(who, "realm.roles") == "[\"a\"]");
  CHECK(found(who, "realm.x.y") == "1");
  CHECK(found(who, "https://app.example/claims.org.id") == "7");
  CHECK(found(who, "a.b") == "\"whole\"");
  CHECK(found(who, "a.c") == "2");
  CHECK(found(who, "n") == "null");
  for (const char* const path :
       {"", ".", "realm.", ".realm", "role.x", "realm.roles.0", "realm.z", "Role", "a.b.c", "..."})
    CHECK(found(who, path) == "nothing");
}

TEST_CASE("texts, whole numbers and truths can be compared", "[access][claims]") {
  CHECK(values(R"({"x":"a b"})") == "a b ");
  CHECK(values(R"({"x":["a",2,true,false,-3,4e2]})") == "a 2 true false -3 400 ");
  CHECK(values(R"({"x":[1.5,null,{"a":1},["b"],1e300]})").empty());
  CHECK(values(R"({"x":{"a":"b"}})").empty());
  CHECK(values(R"({"x":null})").empty());
}

TEST_CASE("a name is a text without control characters, or a whole number", "[access][claims]") {
  CHECK(name_in(R"({"sub":"ada"})") == "'ada'");
  CHECK(name_in(R"({"sub":7})") == "'7'");
  CHECK(name_in(R"({"sub":9007199254740991})") == "'9007199254740991'");
  CHECK(name_in("{}") == "''");
  for (const char* const claims :
       {R"({"sub":""})", R"({"sub":"a\u0000"})", R"({"sub":1.5})", R"({"sub":1e300})",
        R"({"sub":null})", R"({"sub":true})", R"({"sub":["ada"]})", R"({"sub":{}})"})
    CHECK(name_in(claims) == "malformed_claim");
}

TEST_CASE("presence shows the user and the claims that were chosen", "[access][claims]") {
  const auto who = claims_of(
      "ada \"x\"",
      R"({"name":"Ada\u0020\"L\"","color":"#f00","roles":["a"],"o":{"p":true},"id":"no"})");
  CHECK(presence_of(*who, {}) == R"({"id":"ada \"x\""})");
  CHECK(presence_of(*who, {"name", "color", "missing", "roles", "o", "id"}) ==
        R"({"id":"ada \"x\"","name":"Ada \"L\"","color":"#f00"})");
  CHECK(presence_of(*who, {"o.p"}) == R"({"id":"ada \"x\"","p":true})");
}

}  // namespace troupe::claims_test
