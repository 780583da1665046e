#include "protocol/state_version.hpp"

#include <charconv>

#include "base/check.hpp"
#include "protocol/crdt/read/snapshot.hpp"

namespace troupe {

namespace {

void append_hex(std::uint64_t number, std::string& to) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) to += digits[number >> shift & 0xf];
}

}  // namespace

std::string version_of(const crdt::doc& state) {
  // An equal hash of another state would only let an edit through that was written for that one.
  const hash128 hash = siphash128(state.snapshot().encode());
  std::string text;
  append_hex(hash.first, text);
  append_hex(hash.second, text);
  return text;
}

hash128 hash_of_version(std::string_view version) {
  constexpr std::size_t digits = 16;
  TROUPE_CHECK(version.size() == 2 * digits);
  hash128 hash;
  std::from_chars(version.data(), version.data() + digits, hash.first, 16);
  std::from_chars(version.data() + digits, version.data() + 2 * digits, hash.second, 16);
  return hash;
}

}  // namespace troupe
