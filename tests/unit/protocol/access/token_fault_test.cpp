#include "protocol/access/token_fault.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::token_fault_test {

using namespace troupe::access;

TEST_CASE("every reason to refuse a token has a name and words of its own", "[access]") {
  std::set<std::string_view> names, texts;
  for (std::size_t i = 0; i < token_fault_count; ++i) {
    const auto why = static_cast<token_fault>(i);
    CAPTURE(i, to_string(why));
    CHECK(names.insert(to_string(why)).second);
    CHECK(texts.insert(describe(why)).second);
    CHECK(describe(why).starts_with("the "));
    CHECK(std::ranges::all_of(to_string(why),
                              [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }));
  }
  CHECK(to_string(token_fault::bad_signature) == "bad_signature");
  CHECK(to_string(token_fault::malformed_claim) == "malformed_claim");
}

TEST_CASE("only what time or new keys may heal is worth another attempt", "[access]") {
  CHECK(may_pass(token_fault::unknown_key));
  CHECK(may_pass(token_fault::not_yet_valid));
  for (const token_fault why : {token_fault::expired, token_fault::bad_signature,
                                token_fault::malformed, token_fault::wrong_audience})
    CHECK_FALSE(may_pass(why));
}

}  // namespace troupe::token_fault_test
