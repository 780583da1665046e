// What somebody may do to a document: a set of four rights, and the words for them in tokens and in
// the configuration. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

enum class right : std::uint8_t {
  read = 1,      ///< To receive the state, every change, and the presence of others.
  write = 2,     ///< To change the state.
  presence = 4,  ///< To be seen by others.
  admin = 8,     ///< To delete, restore and configure.
};

/// A set of rights to one document.
class rights {
 public:
  constexpr rights() = default;
  explicit constexpr rights(right one) noexcept : bits_(static_cast<std::uint8_t>(one)) {}

  static constexpr rights all() noexcept { return of_bits(0xF); }

  constexpr bool contains(right one) const noexcept {
    return (bits_ & static_cast<std::uint8_t>(one)) != 0;
  }
  constexpr void insert(right one) noexcept { bits_ |= static_cast<std::uint8_t>(one); }
  constexpr void erase(right one) noexcept {
    bits_ &= static_cast<std::uint8_t>(~static_cast<unsigned>(one));
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }

  friend constexpr rights operator|(rights a, rights b) noexcept {
    return of_bits(static_cast<std::uint8_t>(a.bits_ | b.bits_));
  }
  friend constexpr rights operator&(rights a, rights b) noexcept {
    return of_bits(static_cast<std::uint8_t>(a.bits_ & b.bits_));
  }
  friend constexpr bool operator==(rights, rights) = default;

 private:
  static constexpr rights of_bits(std::uint8_t bits) noexcept {
    rights made;
    made.bits_ = bits;
    return made;
  }

  std::uint8_t bits_ = 0;
};

/// "read, presence"; "none" if there are none.
std::string to_string(rights may);

namespace access {

/// What one entry of a token or one rule says about a document.
struct permission {
  rights given;
  bool denies_presence = false;  ///< Counts against every other entry for the same document.

  /// Adds a word: "read", "write" (which includes read and presence), "presence" (which includes
  /// read), "admin" (which includes all), "no_presence". Returns false for any other.
  bool add(std::string_view word) noexcept;

  permission& operator|=(const permission& other) noexcept;

  /// What is left of the rights.
  rights effective() const noexcept;

  friend bool operator==(const permission&, const permission&) = default;
};

/// The words that permission::add knows, for messages.
inline constexpr std::string_view permission_words = "read, write, presence, admin or no_presence";

}  // namespace access

}  // namespace troupe
