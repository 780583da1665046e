// Where encoded frames go: a connection, as those see it who only send to it. Whoever fans frames
// out keeps a pointer to each of these, so that nothing else of a session is touched on the way.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace troupe {

class frame_output {
 public:
  /// Queues `count` whole frames that lie one behind the other, as encode_frame makes them. Never
  /// blocks.
  virtual void send(const shared_slice& frames, std::uint32_t count) = 0;

 protected:
  ~frame_output() = default;
};

}  // namespace troupe
