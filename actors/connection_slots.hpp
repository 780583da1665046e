// How many connections the node has and may have. An atomic, so that an I/O thread decides about a
// new connection without a message.
#pragma once

#include <cstddef>

#include "base/budget.hpp"

namespace troupe {

class connection_slots {
 public:
  explicit connection_slots(std::size_t connections_max) : places_(connections_max) {}

  /// Takes a place. Returns whether there was one; if so, release() gives it back. Thread: any.
  bool acquire() noexcept { return places_.take(1); }
  void release() noexcept { places_.give_back(1); }

  std::size_t connections() const noexcept { return places_.used(); }
  /// Whether the next one would get a place, unless another takes it meanwhile.
  bool has_room() const noexcept { return places_.room() > 0; }

 private:
  budget places_;
};

}  // namespace troupe
