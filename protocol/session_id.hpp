// Names a session on its node. Never 0, never used twice while the node runs.
#pragma once

#include <cstdint>

namespace troupe {

using session_id = std::uint64_t;

inline constexpr session_id no_session = 0;

}  // namespace troupe
