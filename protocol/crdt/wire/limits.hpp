// The budgets of the engine: how much one update, and what waits in one document, may take.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::crdt {

struct limits {
  /// Structs in one update; of v2 no more than 2^16 and 16 to a byte, since runs cost next to
  /// nothing.
  std::size_t structs_per_update_max = std::size_t{1} << 21;
  std::size_t any_depth_max = 100;    ///< Nesting of one `any` or JSON value, at most 128.
  std::size_t name_size_max = 8192;   ///< Bytes of a root name, key or element name.
  std::size_t clients_max = 100'000;  ///< Client ids one document may know.
  std::size_t pending_size_max = std::size_t{16}
                                 << 20;  ///< Bytes of structs that wait for missing ones.
};

}  // namespace troupe::crdt
