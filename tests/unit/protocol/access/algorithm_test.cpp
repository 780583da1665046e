#include "protocol/access/algorithm.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::algorithm_test {

using namespace troupe::access;

TEST_CASE("every algorithm is found by its name", "[access]") {
  for (std::size_t i = 0; i < algorithm_count; ++i) {
    const auto which = static_cast<algorithm>(i);
    CHECK(find_algorithm(to_string(which)) == which);
    CHECK(algorithm_names.find(to_string(which)) != std::string_view::npos);
    CHECK(is_symmetric(which) == to_string(which).starts_with("HS"));
  }
  CHECK(find_algorithm("Ed25519") == algorithm::eddsa);
}

TEST_CASE("no other name is an algorithm", "[access]") {
  for (const char* const name : {"", "none", "None", "hs256", "HS256 ", "RS384", "RS512", "PS384",
                                 "ES512", "ES256K", "Ed448", "EDDSA", "HS1"})
    CHECK_FALSE(find_algorithm(name));
}

}  // namespace troupe::algorithm_test
