// The limits of the engine: the size of one update, and the memory that waiting structs of one
// document may use.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::crdt {

struct limits {
  /// Structs in one update. Format v2 is also limited to 2^16 and 16 per byte, since its runs
  /// encode any number of structs in a few bytes.
  std::size_t structs_per_update_max = std::size_t{1} << 21;
  /// Nesting of one `any` or JSON value, at most 128.
  std::size_t any_depth_max = 100;
  /// Bytes of a root name, key or element name.
  std::size_t name_size_max = 8192;
  /// Client ids in one document.
  std::size_t clients_max = 100'000;
  /// Bytes of structs that wait for missing ones.
  std::size_t pending_size_max = std::size_t{16} << 20;
};

}  // namespace troupe::crdt
