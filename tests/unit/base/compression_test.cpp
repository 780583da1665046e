#include "base/compression.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

namespace troupe::compression_test {

namespace {

constexpr std::size_t size_max = 1 << 20;

/// A text that repeats itself.
byte_buffer words(std::size_t size) {
  byte_buffer text;
  while (text.size() < size) {
    const byte_view word = as_bytes("collaboration ");
    text.insert(text.end(), word.begin(), word.end());
  }
  text.resize(size);
  return text;
}

byte_buffer noise(std::size_t size) {
  std::mt19937 random{7};
  byte_buffer bytes(size);
  for (auto& each : bytes) each = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace

TEST_CASE("what is compressed comes back", "[compression]") {
  for (const compression_level level : {compression_level::quick, compression_level::thorough})
    for (const byte_buffer& bytes : {byte_buffer{}, byte_buffer{0}, words(10'000), noise(10'000)}) {
      const byte_buffer frame = compress(bytes, level);
      const auto back = decompress(frame, size_max);
      REQUIRE(back.has_value());
      CHECK(*back == bytes);
    }
}

TEST_CASE("a text becomes much smaller, noise hardly larger", "[compression]") {
  CHECK(compress(words(10'000)).size() < 200);
  CHECK(compress(noise(10'000)).size() < 10'050);
}

TEST_CASE("contents above the limit are refused", "[compression]") {
  const byte_buffer frame = compress(words(1001));
  CHECK(decompress(frame, 1001).has_value());
  const auto refused = decompress(frame, 1000);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::state_too_large);
  CHECK(refused.error().detail == "1001 bytes where 1000 are allowed");
}

TEST_CASE("what is no whole frame is refused", "[compression]") {
  const byte_buffer frame = compress(noise(500));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const auto refused = decompress(byte_view{frame}.first(size), size_max);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::invalid_zstd);
  }
  byte_buffer longer = frame;
  longer.push_back(0);
  const auto refused = decompress(longer, size_max);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::invalid_zstd);
  CHECK(refused.error().detail == "there is more behind it");
}

}  // namespace troupe::compression_test
