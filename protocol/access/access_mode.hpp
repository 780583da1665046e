// How a node decides who may do what (`access.mode`), and what is open to everybody. Pure.
#pragma once

#include <cstdint>

namespace troupe::access {

enum class mode : std::uint8_t {
  open,     ///< Everybody may read and write everything; tokens are not looked at.
  token,    ///< Tokens say it, and rules about their claims.
  webhook,  ///< An endpoint of the application says it.
};

/// What those may do who bring no token, with every document.
enum class anonymous : std::uint8_t {
  none,   ///< Nothing: they are not let in.
  read,   ///< Read, without being seen.
  write,  ///< Read, write, and be seen.
};

}  // namespace troupe::access
