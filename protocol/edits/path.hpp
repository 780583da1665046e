// Where an edit takes place: the name of a root, then keys and indices down to a type or to one
// element of it. Two forms, both JSON: a text like a JSON pointer (RFC 6901, "/notes/0/title",
// where ~1 stands for / and ~0 for ~), in which a number is an index where a sequence stands and a
// key where a map does; or an array (["notes", 0, "title"]), in which texts are keys and numbers
// are indices. Pure. Format: docs/backend-api.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace troupe::edits {

/// Types are not nested deeper than this by an edit.
inline constexpr std::size_t path_steps_max = 100;

struct path {
  struct step {
    enum class form : std::uint8_t { key, index, either };

    form is = form::key;
    std::string key;          ///< Of key and either.
    std::uint32_t index = 0;  ///< Of index and either.
  };

  std::string root;
  std::vector<step> steps;  ///< Below the root.
};

/// Reads one JSON value. Requires: it is valid JSON without halves of surrogate pairs.
/// Fails with invalid_edit.
result<path> read_path(std::string_view json);

/// Reads the first form from its text itself, not quoted. Fails with invalid_edit.
result<path> read_pointer(std::string_view text);

/// As a pointer, shortened where it is long, for messages.
std::string to_string(const path& of);

}  // namespace troupe::edits
