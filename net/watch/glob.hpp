// A pattern of file names, and whether a path matches it. Pure: it knows paths as texts, relative
// and with '/' between their parts, and no file system.
//
//   *        any characters but '/'              [a-z]    one of these characters; [!a-z]: none of
//   **       any characters, '/' too                      them; never '/'
//   **/      zero or more directories            {a,b}    either; alternatives may be nested
//   ?        one character but '/'               \x       the character x itself
//
// A pattern without '/' matches the last part of the path, so `*.md` finds files at any depth. A
// pattern with '/' matches the whole path: `docs/*.md`, and `/*.md` for the top only. Letter case
// counts, a leading dot is a character like others, and a character is a code point of UTF-8 (a
// byte that is not UTF-8 counts as one).
//
// Invariant: matching takes time proportional to the length of the path times that of the pattern,
// whatever both are. Immutable, so any thread may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace troupe {

constexpr std::size_t glob_size_bytes_max = 1'024;

class glob {
 public:
  /// Fails with errc::invalid_config if the pattern is empty, above glob_size_bytes_max, has a
  /// class or an alternative without its end, or ends with '/'; the detail completes the sentence
  /// "the pattern ...".
  static result<glob> parse(std::string_view pattern);

  /// Whether the relative path matches.
  bool matches(std::string_view path) const;

  /// Whether every path below this directory is known to match, as with `build/**`.
  bool covers(std::string_view directory) const;

  /// The pattern as it was written.
  const std::string& text() const noexcept { return text_; }

 private:
  friend class glob_compiler;
  friend class glob_run;

  // The pattern as a program for a machine that is in several states at once.
  enum class op : std::uint8_t {
    literal,    ///< this one code point
    not_slash,  ///< one character but '/'
    set,        ///< one character of a class
    star,       ///< any number of characters but '/'
    star_star,  ///< any number of characters
    fork,       ///< continues both at the next instruction and at `target`
    jump,       ///< continues at `target`
    accept,
  };
  struct instruction {
    op what;
    std::uint32_t value = 0;  ///< the code point, or the number of the class
    std::size_t target = 0;
  };
  struct range {
    char32_t first, last;
  };
  struct character_class {
    bool is_negated = false;
    std::vector<range> ranges;

    bool contains(char32_t character) const noexcept;
  };

  glob() = default;

  std::string text_;
  bool by_base_name_ = false;
  std::vector<instruction> program_;
  std::vector<character_class> classes_;
};

}  // namespace troupe
