#include "protocol/webhook/authorisation.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::authorisation_test {

using namespace troupe::webhook;

TEST_CASE("a question says all that is known", "[webhook][access]") {
  question asked{.document = "plan",
                 .token = "t\"1",
                 .user = "ada",
                 .address = "10.0.0.1",
                 .origin = "https://app.example.com"};
  CHECK(body_of(asked, 1'700'000'000'123) ==
        R"({"event":"authorise","at":1700000000123,"document":"plan","token":"t\"1",)"
        R"("user":"ada","address":"10.0.0.1","origin":"https://app.example.com"})");
  CHECK(body_of({.document = "plan"}, 1)
            .ends_with(
                R"("document":"plan","token":null,"user":null,"address":null,"origin":null})"));
}

TEST_CASE("different questions have different keys", "[webhook][access]") {
  const question asked{.document = "a", .token = "b", .user = "c", .address = "d", .origin = "e"};
  CHECK(key_of(asked) == key_of(question{asked}));
  CHECK(key_of({.document = "ab"}) != key_of({.document = "a", .token = "b"}));
  CHECK(key_of({.document = "a", .token = "b"}) != key_of({.document = "a", .user = "b"}));
  CHECK(key_of({.document = "a", .token = "1:b"}) != key_of({.document = "a1:", .token = "b"}));
}

TEST_CASE("an answer is read", "[webhook][access]") {
  const auto full = read_authorisation(
      R"({"rights":["read","write"],"user":"ada","tokenId":"t1","cacheFor":60.9,)"
      R"("expiresAt":1700000000,"more":{"x":[1]}})");
  REQUIRE(full.has_value());
  CHECK(*full ==
        authorisation{{"read", "write"}, "ada", "t1", std::chrono::seconds{60}, 1'700'000'000});
  CHECK(*read_authorisation(R"({"rights":"read"})") == authorisation{{"read"}});
  CHECK(*read_authorisation(
            R"({"rights":[],"user":null,"tokenId":null,"cacheFor":null,"expiresAt":null})") ==
        authorisation{});
  CHECK(read_authorisation(R"({"rights":"read","presence":{"name":"Ada", "n":1}})")->presence ==
        R"({"n":1,"name":"Ada"})");
  CHECK(read_authorisation(R"({"rights":"read","presence":null})")->presence.empty());
}

TEST_CASE("an answer that is not what it should be is refused", "[webhook][access]") {
  for (const char* const bad : {"",
                                "null",
                                "[]",
                                "\"read\"",
                                "{",
                                R"({"rights":["read"]} x)",
                                "{}",
                                R"({"rights":null})",
                                R"({"rights":1})",
                                R"({"rights":[1]})",
                                R"({"rights":{"read":true}})",
                                R"({"rights":["read"],"user":7})",
                                R"({"rights":["read"],"tokenId":[]})",
                                R"({"rights":["read"],"user":"a\nb"})",
                                R"({"rights":["read"],"tokenId":"a\u0000b"})",
                                R"({"rights":["read"],"cacheFor":-1})",
                                R"({"rights":["read"],"cacheFor":"60"})",
                                R"({"rights":["read"],"presence":"Ada"})",
                                R"({"rights":["read"],"presence":[1]})",
                                R"({"rights":["read"],"expiresAt":1e300})",
                                R"({"rights":["read"],"expiresAt":true})",
                                "{\"rights\":[\"\xFF\"]}"}) {
    INFO(bad);
    CHECK_FALSE(read_authorisation(bad).has_value());
  }
}

TEST_CASE("an answer is bounded", "[webhook][access]") {
  const auto with = [](const std::string& rights, const std::string& user = "u",
                       const std::string& id = "i") {
    return read_authorisation(R"({"rights":)" + rights + R"(,"user":")" + user +
                              R"(","tokenId":")" + id + R"("})")
        .has_value();
  };
  const std::string word(answered_word_size_max, 'w');
  std::string words;
  for (std::size_t i = 0; i < answered_rights_max; ++i) words += "\"" + word + "\",";
  words.pop_back();
  CHECK(with("[" + words + "]"));
  CHECK_FALSE(with("[" + words + ",\"x\"]"));
  CHECK_FALSE(with("[\"" + word + "w\"]"));
  CHECK(with("[]", std::string(answered_user_size_max, 'u')));
  CHECK_FALSE(with("[]", std::string(answered_user_size_max + 1, 'u')));
  CHECK(with("[]", "u", std::string(answered_token_id_size_max, 'i')));
  CHECK_FALSE(with("[]", "u", std::string(answered_token_id_size_max + 1, 'i')));
  CHECK_FALSE(read_authorisation(R"({"rights":)" + std::string(1000, '[') + "}").has_value());
  const auto showing = [](std::size_t size) {
    return read_authorisation(R"({"rights":[],"presence":{"n":")" + std::string(size, 'n') +
                              R"("}})")
        .has_value();
  };
  CHECK(showing(answered_presence_size_max - 8));
  CHECK_FALSE(showing(answered_presence_size_max - 7));
}

}  // namespace troupe::authorisation_test
