// The tokens and keys that jose made (tests/golden/tokens), and claims without a token around them.
#pragma once

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "protocol/access/token.hpp"

namespace troupe::test {

struct token_vector {
  std::string name;
  std::string expected;  ///< "ok", or the name of a token_fault.
  std::string token;
  std::string user;
};

struct token_vectors {
  nlohmann::json keys;
  std::vector<token_vector> tokens;
  access::token_settings settings;
  access::token_time now;

  const std::string& token(std::string_view name) const {
    for (const token_vector& each : tokens)
      if (each.name == name) return each.token;
    throw std::out_of_range("no token " + std::string{name});
  }

  access::verification_key key(std::string_view algorithm) const {
    for (const auto& each : keys) {
      if (each["algorithm"] != algorithm) continue;
      const auto which = *access::find_algorithm(algorithm);
      auto made =
          each.contains("secret")
              ? access::verification_key::from_secret(which, each["secret"].get<std::string>())
              : access::verification_key::from_pem(which, each["pem"].get<std::string>());
      REQUIRE(made.has_value());
      return *std::move(made);
    }
    throw std::out_of_range("no key for " + std::string{algorithm});
  }

  /// All keys, under their ids: secrets and PEM.
  access::key_set key_set() const {
    access::key_set all;
    for (const auto& each : keys)
      REQUIRE(all.add(each["id"], key(each["algorithm"].get<std::string>())));
    return all;
  }

  /// The keys that are published, as the text of a key set.
  nlohmann::json published() const {
    nlohmann::json set{{"keys", nlohmann::json::array()}};
    for (const auto& each : keys)
      if (each.contains("jwk")) set["keys"].push_back(each["jwk"]);
    return set;
  }
};

inline const token_vectors& vectors() {
  static const token_vectors read = [] {
    std::ifstream in{std::string{TROUPE_SOURCE_DIR} + "/tests/golden/tokens/data/vectors.json"};
    const auto file = nlohmann::json::parse(in);
    token_vectors made;
    made.keys = file["keys"];
    for (const auto& each : file["tokens"])
      made.tokens.push_back(
          {each["name"], each["expected"], each["token"], each.value("user", std::string{"ada"})});
    made.settings.audiences = {file["audience"].get<std::string>()};
    made.settings.issuers = {file["issuer"].get<std::string>()};
    made.settings.clock_skew = std::chrono::seconds{file["skew"].get<int>()};
    made.now = access::token_time{std::chrono::seconds{file["now"].get<std::int64_t>()}};
    return made;
  }();
  return read;
}

/// What a token with these claims says.
inline access::claims_ptr claims_of(std::string user, std::string all = "{}") {
  auto made = std::make_shared<access::claims>();
  made->user = std::move(user);
  made->expires = vectors().now + std::chrono::hours{1};
  auto read = json::tree::parse(std::move(all));
  REQUIRE(read.has_value());
  made->all = *std::move(read);
  return made;
}

}  // namespace troupe::test
