#include "base/shared_bytes_builder.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::shared_bytes_builder_test {

TEST_CASE("a builder makes shared bytes out of parts", "[bytes]") {
  shared_bytes_builder builder{5};
  builder.append(as_bytes("ab"));
  builder.append(std::uint8_t{'c'});
  builder.append(byte_view{});
  CHECK(builder.left() == 2);
  builder.append(as_bytes("de"));
  const shared_bytes whole = builder.take();
  CHECK(as_text(whole.view()) == "abcde");
  shared_bytes_builder none{0};
  CHECK(none.take().empty());
}

TEST_CASE("a builder takes neither more nor less than its size", "[bytes]") {
  shared_bytes_builder builder{2};
  builder.append(std::uint8_t{1});
  CHECK_THROWS_AS(builder.append(as_bytes("xy")), broken_promise);
  CHECK_THROWS_AS(builder.take(), broken_promise);
  builder.append(std::uint8_t{2});
  CHECK(builder.take().size() == 2);
}

}  // namespace troupe::shared_bytes_builder_test
