// Hashes without a secret: they spread names and numbers evenly, for placement, tables and ids. An
// attacker can choose inputs that collide, so keys that clients choose need siphash (protocol).
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// Source: FNV-1a, 64 bits.
constexpr std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char letter : text) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001B3;
  return hash;
}

/// Lets each bit of a number reach the upper half of the result; its lower half is not as good.
/// Source: splitmix64, the two rounds of its output function.
constexpr std::uint64_t mix_upwards(std::uint64_t number) noexcept {
  number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9;
  return (number ^ number >> 27) * 0x94D049BB133111EB;
}

/// The output of a generator whose state was `number`. A bijection: different numbers give
/// different results, and those of neighbours share nothing. Source: splitmix64.
constexpr std::uint64_t splitmix64(std::uint64_t number) noexcept {
  const std::uint64_t mixed = mix_upwards(number + 0x9E3779B97F4A7C15);
  return mixed ^ mixed >> 31;
}

}  // namespace troupe
