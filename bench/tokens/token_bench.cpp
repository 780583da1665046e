// What a token costs a connection: microseconds for its verification and its rights, by algorithm,
// and what they cost when a cache knows the token. Prints a table; it never fails for being slow.
//
//   token_bench tests/golden/tokens/data/vectors.json [seconds for each row]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/access/access_policy.hpp"
#include "protocol/access/token.hpp"
#include "protocol/access/token_cache.hpp"

namespace {

using namespace troupe;
using clock_type = std::chrono::steady_clock;

constexpr int block = 20;

/// Microseconds for one call: of blocks of calls, the quickest and the median.
struct cost {
  double best = 0;
  double median = 0;
};

template <class Work>
cost measure(double seconds, const Work& work) {
  std::vector<double> blocks;
  const auto end = clock_type::now() + std::chrono::duration<double>{seconds};
  do {
    const auto begin = clock_type::now();
    for (int i = 0; i < block; ++i) work();
    const std::chrono::duration<double, std::micro> taken = clock_type::now() - begin;
    blocks.push_back(taken.count() / block);
  } while (clock_type::now() < end);
  std::ranges::sort(blocks);
  return {blocks.front(), blocks[blocks.size() / 2]};
}

access::key_set keys_of(const nlohmann::json& file) {
  access::key_set keys;
  for (const auto& each : file["keys"]) {
    const auto which = *access::find_algorithm(each["algorithm"].get<std::string>());
    auto made =
        each.contains("secret")
            ? access::verification_key::from_secret(which, each["secret"].get<std::string>())
            : access::verification_key::from_pem(which, each["pem"].get<std::string>());
    if (!made || !keys.add(each["id"], *std::move(made))) throw std::runtime_error{"a bad key"};
  }
  return keys;
}

access::access_policy_ptr policy() {
  auto made = std::make_shared<access::access_policy>();
  made->how = access::mode::token;
  access::permission write;
  write.add("write");
  made->rules.push_back({{{"roles", {"x"}}}, *access::document_pattern::named("wiki/*"), write});
  made->rules.push_back({{}, *access::document_pattern::named("home/{user}/*"), write});
  return made;
}

void print(const std::string& what, std::size_t size, const cost& took) {
  std::cout << std::left << std::setw(26) << what << std::right << std::setw(6) << size
            << std::fixed << std::setprecision(2) << std::setw(10) << took.best << std::setw(10)
            << took.median << '\n';
}

void run(const nlohmann::json& file, double seconds) {
  const auto keys = std::make_shared<const access::key_set>(keys_of(file));
  access::token_settings settings;
  settings.audiences = {file["audience"].get<std::string>()};
  settings.issuers = {file["issuer"].get<std::string>()};
  const access::token_time now{std::chrono::seconds{file["now"].get<std::int64_t>()}};
  const auto rules = policy();
  std::cout << "token                      bytes   best us median us\n";
  for (const char* const name : {"HS256", "ES256", "RS256", "PS256", "EdDSA", "ES384"}) {
    std::string token;
    for (const auto& each : file["tokens"])
      if (each["name"] == std::string{name} + ", typ and many claims") token = each["token"];
    access::token_header_ptr header;  // known from the second token on, as in a node
    const auto verified = [&] { return access::verify(token, *keys, settings, now, &header); };
    if (!verified()) throw std::runtime_error{"a token is refused"};
    print(name, token.size(), measure(seconds, verified));
    const auto allowed = [&] { return *access::make_grant(rules, *verified()); };
    print(std::string{name} + " and rights", token.size(), measure(seconds, [&] {
            if (rights_for(*allowed(), "home/ada/notes").empty()) std::abort();
          }));
    access::token_cache cache;
    cache.put(access::digest_of(token), keys, allowed());
    print(std::string{name} + " from the cache", token.size(), measure(seconds, [&] {
            if (!cache.find(access::digest_of(token), keys, now)) std::abort();
          }));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::cerr << "token_bench FILE [SECONDS]\n";
    return 2;
  }
  try {
    std::ifstream in{arguments[1]};
    run(nlohmann::json::parse(in), count > 2 ? std::strtod(arguments[2], nullptr) : 1);
  } catch (const std::exception& error) {
    std::cerr << "token_bench: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
