// Chooses the I/O thread of a document and its connections by the document's name, so that a
// document and its sockets share a thread without asking anyone. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.hpp"

namespace troupe {

/// Requires: at least one unit. The last letters of a name, in which documents often differ alone,
/// reach few bits of its hash, so these are mixed once more.
constexpr std::size_t unit_index(std::string_view name, std::size_t units) noexcept {
  return static_cast<std::size_t>((mix_upwards(fnv1a(name)) >> 32) % units);
}

/// Whether a thread has so many more connections than an even share that a newcomer goes to the
/// emptiest instead: a hot document then has sessions on several threads.
constexpr bool is_overfull(std::size_t connections, std::size_t all, std::size_t units) noexcept {
  constexpr std::size_t slack = 64;
  return connections > slack + 2 * all / units;
}

}  // namespace troupe
