#include "protocol/siphash.hpp"

#include <map>

#include <catch2/catch_test_macros.hpp>

namespace troupe::siphash_test {

namespace {

// The key 00 01 .. 0f, as the vectors of the reference implementation use it.
constexpr siphash_key counted{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

}  // namespace

// The hash in the order of its bytes; printed by `openssl mac -macopt size:16 SIPHASH` as well.
TEST_CASE("siphash gives the hashes of its reference", "[siphash]") {
  const std::map<std::size_t, hash128> hashes = {
      {0, {0xe6a825ba047f81a3U, 0x930255c71472f66dU}},
      {1, {0x44af996bd8c187daU, 0x45fc229b11597634U}},
      {7, {0x53c1dbd8beebf1a1U, 0x3982f01fa64ab8c0U}},
      {8, {0x61f55862baa9623bU, 0xb49714f364e2830fU}},
      {9, {0xabbad90a06994426U, 0xed716dbb028b7fc4U}},
      {15, {0x11a8b03399e99354U, 0xd9c3cf970fec087eU}},
      {16, {0xbb54b067caa4e26eU, 0x77052385bf1533fdU}},
      {17, {0x98b88d73e8063d47U, 0x4077e47ac466c054U}},
      {64, {0x3fcdd4c07d07af1eU, 0x4ba75836384dad8cU}},
  };
  for (const auto& [size, expected] : hashes) {
    byte_buffer bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
    const hash128 hash = siphash128(bytes, counted);
    CAPTURE(size, hash.first, hash.second);
    CHECK((hash == expected));
  }
}

TEST_CASE("siphash depends on the key, the bytes and their number", "[siphash]") {
  const byte_buffer zeros(16);
  CHECK_FALSE((siphash128(zeros) == siphash128(zeros, counted)));
  CHECK_FALSE((siphash128(zeros) == siphash128(byte_view{zeros}.first(15))));
  CHECK_FALSE((siphash128(as_bytes("a")) == siphash128(as_bytes("b"))));
  CHECK((siphash128(as_bytes("a")) == siphash128(as_bytes("a"))));
}

}  // namespace troupe::siphash_test
