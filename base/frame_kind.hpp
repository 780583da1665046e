// The two kinds of WebSocket messages, a word that the sockets and the dialects share.
#pragma once

#include <cstdint>

namespace troupe {

enum class frame_kind : std::uint8_t { text, binary };

}  // namespace troupe
