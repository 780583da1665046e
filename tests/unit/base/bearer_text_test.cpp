#include "base/bearer_text.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::bearer_text_test {

TEST_CASE("the token of an Authorization header stands behind Bearer", "[base]") {
  for (const char* const field :
       {"Bearer abc", "bearer abc", "BEARER  abc", " Bearer\tabc ", "Bearer abc\t"}) {
    CAPTURE(field);
    CHECK(token_in_authorization(field) == "abc");
  }
  for (const char* const field : {"Bearer", "Bearer ", " bearer\t"})
    CHECK(token_in_authorization(field) == "");
  for (const char* const field : {"", "abc", "Basic abc", "Bearerabc", "Bearer,abc", "B earer abc"})
    CHECK_FALSE(token_in_authorization(field));
  CHECK(token_in_authorization("Bearer a b") == "a b");
}

}  // namespace troupe::bearer_text_test
