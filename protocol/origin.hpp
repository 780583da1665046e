// Where an update of a document comes from: a session on this node, a peer node, or the server
// itself (an administrator, an import). What is wrong with an update concerns its origin only.
#pragma once

#include <cstdint>
#include <string>

#include "protocol/session_id.hpp"

namespace troupe {

enum class origin_kind : std::uint8_t { server, session, peer };

struct origin {
  origin_kind kind = origin_kind::server;
  std::uint64_t id = 0;  ///< The session_id, or the peer's number; 0 for the server.

  static constexpr origin of_session(session_id id) noexcept { return {origin_kind::session, id}; }
  static constexpr origin of_peer(std::uint64_t id) noexcept { return {origin_kind::peer, id}; }
  static constexpr origin of_server() noexcept { return {}; }

  /// The session, or no_session.
  constexpr session_id session() const noexcept {
    return kind == origin_kind::session ? id : no_session;
  }

  friend constexpr bool operator==(const origin&, const origin&) = default;
};

/// "session 7", "peer 3", "the server"
inline std::string to_string(const origin& from) {
  switch (from.kind) {
    case origin_kind::session: return "session " + std::to_string(from.id);
    case origin_kind::peer: return "peer " + std::to_string(from.id);
    case origin_kind::server: break;
  }
  return "the server";
}

}  // namespace troupe
