#include "base/packed_bytes.hpp"

#include <algorithm>
#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::packed_bytes_test {

namespace {

shared_bytes random_bytes(std::size_t size) {
  std::mt19937 random{3};
  byte_buffer bytes(size);
  for (std::uint8_t& each : bytes) each = static_cast<std::uint8_t>(random());
  return shared_bytes::copy_of(bytes);
}

std::string text_of(const packed_bytes& packed) {
  return packed.with([](byte_view bytes) { return std::string{as_text(bytes)}; });
}

}  // namespace

TEST_CASE("packed bytes are smaller where they can be, and come out as they went in", "[base]") {
  const std::string text(10'000, 'x');
  const packed_bytes packed{shared_bytes::copy_of(as_bytes(text))};
  CHECK(packed.size() == text.size());
  CHECK(packed.kept_size() < 100);
  CHECK(text_of(packed) == text);
  CHECK(as_text(packed.copy()) == text);
  CHECK(as_text(packed.share().view()) == text);
}

TEST_CASE("packed bytes that cannot be made smaller are shared", "[base]") {
  for (const std::size_t size : {std::size_t{5}, std::size_t{10'000}}) {
    const shared_bytes given = random_bytes(size);
    const packed_bytes packed{given};
    CHECK(packed.size() == size);
    CHECK(packed.kept_size() == size);
    CHECK(packed.share().view().data() == given.view().data());
    CHECK(std::ranges::equal(packed.copy(), given.view()));
  }
}

TEST_CASE("packed bytes may be none", "[base]") {
  for (const packed_bytes& packed : {packed_bytes{}, packed_bytes{shared_bytes{}}}) {
    CHECK(packed.empty());
    CHECK(packed.copy().empty());
    CHECK(packed.share().empty());
  }
}

}  // namespace troupe::packed_bytes_test
