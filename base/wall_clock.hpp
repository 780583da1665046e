// The time of day, as it is stored, sent and shown. Thread: any.
#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

/// Milliseconds since 1970 (UTC).
inline std::uint64_t wall_clock_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

}  // namespace troupe
