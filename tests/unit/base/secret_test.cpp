#include "base/secret.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::secret_test {

using troupe::secret;

TEST_CASE("a secret equals itself and nothing else", "[secret]") {
  const secret one{"correct horse"};
  CHECK(one.equals("correct horse"));
  for (const char* guess : {"", "c", "correct hors", "correct horse ", "correct hOrse",
                            "correct horsecorrect horse", "Correct horse"}) {
    CAPTURE(guess);
    CHECK_FALSE(one.equals(guess));
  }
  CHECK(one.reveal() == "correct horse");
}

TEST_CASE("an empty secret equals nothing, not even an empty guess", "[secret]") {
  CHECK_FALSE(secret{}.equals(""));
  CHECK_FALSE(secret{}.equals("a"));
  CHECK(secret{}.empty());
}

}  // namespace troupe::secret_test
