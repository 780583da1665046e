#include "base/crc32c.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::crc32c_test {

TEST_CASE("crc32c gives what its specification lists", "[crc32c]") {
  // RFC 3720, appendix B.4.
  CHECK(crc32c(byte_buffer(32, 0x00)) == 0x8A9136AA);
  CHECK(crc32c(byte_buffer(32, 0xFF)) == 0x62A8AB43);
  byte_buffer rising;
  for (std::uint8_t byte = 0; byte < 32; ++byte) rising.push_back(byte);
  CHECK(crc32c(rising) == 0x46DD794E);
  CHECK(crc32c(byte_buffer(rising.rbegin(), rising.rend())) == 0x113FDB5C);
  CHECK(crc32c(as_bytes("123456789")) == 0xE3069283);
  CHECK(crc32c({}) == 0);
}

TEST_CASE("crc32c of parts is that of the whole, wherever it is cut", "[crc32c]") {
  byte_buffer bytes;
  for (std::size_t i = 0; i < 100; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 37));
  const std::uint32_t whole = crc32c(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const byte_view view{bytes};
    CHECK(crc32c(view.subspan(cut), crc32c(view.first(cut))) == whole);
  }
}

TEST_CASE("crc32c changes with every bit", "[crc32c]") {
  byte_buffer bytes(41, 0x5A);
  const std::uint32_t before = crc32c(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    CHECK(crc32c(bytes) != before);
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
}

}  // namespace troupe::crc32c_test
