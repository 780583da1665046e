// The languages that sessions speak with a document; a session may speak both on one connection and
// hears broadcasts in each that it has spoken.
#pragma once

#include <cstdint>

namespace troupe {

enum class dialect : std::uint8_t {
  binary = 1,  ///< The y-websocket protocol, in binary frames.
  json = 2,    ///< The JSON dialect, in text frames (docs/json-dialect.md).
};

/// A set of dialects.
class dialects {
 public:
  constexpr bool contains(dialect one) const noexcept {
    return (bits_ & static_cast<std::uint8_t>(one)) != 0;
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr void insert(dialect one) noexcept { bits_ |= static_cast<std::uint8_t>(one); }

 private:
  std::uint8_t bits_ = 0;
};

}  // namespace troupe
