#include "base/hash.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::hash_test {

// Source of the values: the reference implementation of FNV-1a, 64 bits.
TEST_CASE("fnv1a gives the values of the reference", "[hash]") {
  CHECK(fnv1a("") == 0xCBF29CE484222325);
  CHECK(fnv1a("a") == 0xAF63DC4C8601EC8C);
  CHECK(fnv1a("foobar") == 0x85944171F73967E8);
  CHECK(fnv1a("\xFF") == ((0xCBF29CE484222325 ^ 0xFF) * 0x100000001B3));
}

// Source of the values: the reference generator, seeded with 0: its first three outputs.
TEST_CASE("splitmix64 gives the values of the reference", "[hash]") {
  constexpr std::uint64_t step = 0x9E3779B97F4A7C15;
  CHECK(splitmix64(0) == 0xE220A8397B1DCDAF);
  CHECK(splitmix64(step) == 0x6E789E6AA1B965F4);
  CHECK(splitmix64(2 * step) == 0x06C45D188009454F);
}

TEST_CASE("the upper halves of mixed neighbours differ", "[hash]") {
  CHECK(mix_upwards(0) == 0);
  for (std::uint64_t i = 1; i < 1000; ++i) CHECK(mix_upwards(i) >> 32 != mix_upwards(i + 1) >> 32);
}

}  // namespace troupe::hash_test
