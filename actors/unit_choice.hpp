// Chooses the I/O thread of a document and its connections by the document's name, so that a
// document and its sockets share a thread without asking anyone. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// Scatters a name over 64 bits. Source: FNV-1a.
constexpr std::uint64_t name_hash(std::string_view name) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char letter : name) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001B3;
  return hash;
}

/// Requires: at least one unit. The last letters of a name, in which documents often differ alone,
/// reach few bits of its hash, so these are mixed once more. Source: splitmix64.
constexpr std::size_t unit_index(std::string_view name, std::size_t units) noexcept {
  std::uint64_t mixed = name_hash(name);
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
  return static_cast<std::size_t>((mixed >> 32) % units);
}

/// Whether a thread has so many more connections than an even share that a newcomer goes to the
/// emptiest instead: a hot document then has sessions on several threads.
constexpr bool is_overfull(std::size_t connections, std::size_t all, std::size_t units) noexcept {
  constexpr std::size_t slack = 64;
  return connections > slack + 2 * all / units;
}

}  // namespace troupe
