// The limits of the engine: the size of one update, and the memory that waiting structs of one
// document may use.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::crdt {

struct limits {
  /// Structs in one update. In format v2, whose runs encode any number of structs in a few bytes,
  /// also the second number and 16 per byte.
  std::size_t structs_per_update_max = std::size_t{1} << 21;
  std::size_t structs_in_runs_max = std::size_t{1} << 16;
  /// Bytes of keys and names that one update in format v2 may take from its table of keys again.
  std::size_t reused_key_bytes_max = std::size_t{16} << 20;
  /// Nesting of one `any` or JSON value, at most 128.
  std::size_t any_depth_max = 100;
  /// Bytes of a root name, key or element name.
  std::size_t name_size_max = 8192;
  /// Client ids in one document.
  std::size_t clients_max = 100'000;
  /// Up to here a search among concurrent insertions is short: it is not worth an index.
  std::size_t long_scan_steps = 32;
  /// Steps of searching that one update may take beyond what its size accounts for; one of more is
  /// refused. A step takes about ten nanoseconds.
  std::uint64_t update_steps_max = 100'000'000;
  /// Bytes of structs that wait for missing ones.
  std::size_t pending_size_max = std::size_t{16} << 20;
};

}  // namespace troupe::crdt
