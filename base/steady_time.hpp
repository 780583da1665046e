// The time that never goes back, for what waits and what is late. Thread: any.
#pragma once

#include <chrono>

namespace troupe {

inline std::chrono::steady_clock::time_point current_time() {
  return std::chrono::steady_clock::now();
}

}  // namespace troupe
