// How a session that shares its connection with others ends. Its client can be notified by a
// message, and the others stay; but only a client whose connection is closed comes back by itself
// and brings what it has. Pure.
#pragma once

#include <cstdint>

#include "base/close_reason.hpp"

namespace troupe {

enum class carried_ending : std::uint8_t {
  denied,      ///< By a message: it has no right, or there is no room. It may show another token.
  closed,      ///< By a message: what it sent would be refused again.
  connection,  ///< With its connection: it comes back, and so do the others.
};

/// `is_open`: the session has opened its document. Before, a lack of room concerns nobody else.
carried_ending ending_of(close_reason why, bool is_open) noexcept;

}  // namespace troupe
