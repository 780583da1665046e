#include "protocol/siphash.hpp"

#include <bit>

namespace troupe {

namespace {

constexpr int rounds_per_word = 2;
constexpr int rounds_at_end = 4;

/// Eight bytes, the lowest first, whatever the machine's order.
std::uint64_t word_at(const std::uint8_t* at, std::size_t size) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{at[i]} << (8 * i);
  return word;
}

/// The four words of the paper's section 2.
struct sip_state {
  std::uint64_t v0, v1, v2, v3;

  void add_to_rotated(std::uint64_t& sum, std::uint64_t& other, int bits) noexcept {
    sum += other;
    other = std::rotl(other, bits) ^ sum;
  }

  void run(int rounds) noexcept {
    for (int i = 0; i < rounds; ++i) {
      add_to_rotated(v0, v1, 13);
      v0 = std::rotl(v0, 32);
      add_to_rotated(v2, v3, 16);
      add_to_rotated(v0, v3, 21);
      add_to_rotated(v2, v1, 17);
      v2 = std::rotl(v2, 32);
    }
  }

  void take(std::uint64_t word) noexcept {
    v3 ^= word;
    run(rounds_per_word);
    v0 ^= word;
  }

  std::uint64_t sum() const noexcept { return v0 ^ v1 ^ v2 ^ v3; }
};

}  // namespace

hash128 siphash128(byte_view bytes, siphash_key key) noexcept {
  // 1. The key, mixed with the text that the paper chose; 0xee tells this variant from the short
  // one.
  sip_state state{key.first ^ 0x736f6d6570736575U, key.second ^ 0x646f72616e646f6dU ^ 0xeeU,
                  key.first ^ 0x6c7967656e657261U, key.second ^ 0x7465646279746573U};
  // 2. Whole words, then the rest with the size in its highest byte.
  const std::size_t whole = bytes.size() & ~std::size_t{7};
  for (std::size_t at = 0; at < whole; at += 8) state.take(word_at(bytes.data() + at, 8));
  const std::uint64_t rest = word_at(bytes.data() + whole, bytes.size() - whole);
  state.take(rest | std::uint64_t{bytes.size()} << 56);
  // 3. Each half of the hash after rounds of its own.
  state.v2 ^= 0xeeU;
  state.run(rounds_at_end);
  const std::uint64_t first = state.sum();
  state.v1 ^= 0xddU;
  state.run(rounds_at_end);
  return {first, state.sum()};
}

}  // namespace troupe
