// Names a session on its node. Never 0, never used twice while the node runs. The sessions of a
// peer count as one for what they show on this node; its number is above those of all sessions.
#pragma once

#include <cstdint>

namespace troupe {

using session_id = std::uint64_t;

inline constexpr session_id no_session = 0;

inline constexpr session_id first_peer_session = session_id{1} << 63;

/// Stands for all sessions of a peer.
constexpr session_id peer_session(std::uint32_t peer) noexcept { return first_peer_session | peer; }
constexpr bool is_peer_session(session_id id) noexcept { return id >= first_peer_session; }

}  // namespace troupe
