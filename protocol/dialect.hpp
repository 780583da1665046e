// The dialects that sessions speak with documents. A dialect is a number here; what stands behind
// it is its codec (dialects/codec.hpp). A session may speak several on one connection and receives
// broadcasts in each that it has spoken.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe {

enum class dialect : std::uint8_t {
  y_websocket,    ///< The y-websocket protocol, in binary frames.
  json,           ///< The JSON dialect, in text frames (docs/json-dialect.md).
  json_contents,  ///< The same for programs without Yjs, which receive contents instead of updates.
  hocuspocus,     ///< That of Hocuspocus' clients, in binary frames (docs/hocuspocus-dialect.md).
  y_sweet,        ///< That of y-sweet's clients, in binary frames (docs/y-sweet-dialect.md).
};

/// More dialects than this cannot be registered.
inline constexpr std::size_t dialect_count_max = 8;

constexpr std::size_t index_of(dialect one) noexcept { return static_cast<std::size_t>(one); }

/// A set of dialects.
class dialect_set {
 public:
  constexpr dialect_set() = default;
  constexpr dialect_set(dialect one) noexcept : bits_(bit_of(one)) {}

  constexpr bool contains(dialect one) const noexcept { return (bits_ & bit_of(one)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr void insert(dialect one) noexcept { bits_ |= bit_of(one); }
  constexpr void erase(dialect one) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ & ~bit_of(one));
  }

  /// Calls `visit(dialect)` for each, in the order of their numbers.
  template <class Visit>
  constexpr void for_each(Visit&& visit) const {
    for (unsigned rest = bits_; rest != 0; rest &= rest - 1)
      visit(static_cast<dialect>(__builtin_ctz(rest)));
  }

  friend constexpr bool operator==(dialect_set, dialect_set) = default;
  friend constexpr dialect_set operator|(dialect_set a, dialect_set b) noexcept {
    a.bits_ |= b.bits_;
    return a;
  }

 private:
  static constexpr std::uint8_t bit_of(dialect one) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(one));
  }

  std::uint8_t bits_ = 0;
};

static_assert(dialect_count_max <= 8, "a set of dialects has eight bits");

}  // namespace troupe
