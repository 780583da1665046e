// Which documents an entry of a token or a rule is for: one name, all names that begin in one way,
// or a pattern. Pure.
//
//   *        any characters but '/'              ?     one character but '/'
//   **       any characters, '/' too             \x    the character x itself
//   **/      nothing, or anything that ends with '/', at the beginning or behind a '/'
//   {name}   what the claim says (of rules only); its characters stand for themselves
//
// A pattern matches whole names. The characters [ ] { } need a backslash, so that they can get a
// meaning without changing what a pattern allows. A claim for a placeholder must not be empty or
// have a '/', so that it stays in its part of the name; of a list each element may fit.
//
// Invariant: matching takes time proportional to the size of the name times that of the pattern,
// whatever both are. Immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace troupe::access {

inline constexpr std::size_t pattern_size_bytes_max = 512;
inline constexpr std::size_t placeholders_max = 4;
/// Values of lists: so many combinations of them are tried with one name.
inline constexpr std::size_t combinations_max = 64;

class document_pattern {
 public:
  enum class placeholders : bool { no, yes };

  /// The values of the claim that a placeholder names.
  using claim_values = std::function<std::vector<std::string>(std::string_view claim)>;

  /// The document of this name.
  static document_pattern exact(std::string_view name);
  /// All whose names begin like this.
  static document_pattern prefix(std::string_view beginning);
  /// Fails with invalid_config if the pattern is empty, too long, ends with a backslash, has too
  /// many placeholders, or one of [ ] { } without a meaning; the detail completes the sentence "the
  /// pattern ...".
  static result<document_pattern> glob(std::string_view pattern,
                                       placeholders may_have = placeholders::no);
  /// A name with placeholders; with * at the end, what names begin with. Fails as glob() does.
  static result<document_pattern> named(std::string_view name,
                                        placeholders may_have = placeholders::yes);

  /// Requires: no placeholders.
  bool matches(std::string_view document) const;

  /// The same with the values of placeholders: whether one combination of them fits.
  bool matches(std::string_view document, const claim_values& values) const;

  /// The claims that the placeholders name, in order.
  const std::vector<std::string>& claims() const noexcept { return claims_; }

 private:
  friend class pattern_reader;
  friend class pattern_run;

  enum class kind : std::uint8_t { exact, prefix, glob };

  // Elements of a pattern: a byte stands for itself.
  static constexpr std::uint16_t star = 0x100;           // any but '/'
  static constexpr std::uint16_t star_star = 0x101;      // any
  static constexpr std::uint16_t folders = 0x102;        // nothing, or any that ends with '/'
  static constexpr std::uint16_t one_character = 0x103;  // but '/'
  static constexpr std::uint16_t placeholder = 0x200;    // and its number

  explicit document_pattern(kind which) : kind_(which) {}

  kind kind_;
  std::string text_;                     // of an exact name or a prefix without placeholders
  std::vector<std::uint16_t> elements_;  // of all others
  std::vector<std::string> claims_;      // of the placeholders
};

}  // namespace troupe::access
