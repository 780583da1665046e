// What a program that has no Yjs library asks of a document: all of it or one root, in a form that
// it can read. Pure. Formats: docs/json-dialect.md, docs/backend-api.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/crdt/doc.hpp"

namespace troupe {

enum class contents_form : std::uint8_t {
  json,   ///< As toJSON of yjs; without a root an object of all of them.
  text,   ///< The plain text, as a JSON string.
  xml,    ///< XML, as a JSON string.
  delta,  ///< Text with attributes: [{"insert": ..., "attributes": {...}}, ...].
};

struct contents_query {
  contents_form form = contents_form::json;
  std::optional<std::string> root;  ///< Nothing: all of them, as JSON only.

  /// For the body of a request.
  byte_buffer encode() const;
  /// Fails with truncated, unknown_message.
  static result<contents_query> decode(byte_view bytes);

  friend auto operator<=>(const contents_query&, const contents_query&) = default;
};

/// "json", ... Static storage.
std::string_view to_string(contents_form form) noexcept;
std::optional<contents_form> find_contents_form(std::string_view name) noexcept;

/// The contents, as one JSON value. A root that is not there reads as an empty one, or null.
std::string read_contents(const crdt::doc& of, const contents_query& what);

}  // namespace troupe
