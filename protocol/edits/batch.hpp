// A list of edit operations as JSON text, read and checked as far as that goes without a document:
// what a program sends that has no Yjs library. apply.hpp carries it out, all or nothing. Pure.
// Format: docs/backend-api.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/errc.hpp"
#include "protocol/edits/path.hpp"

namespace troupe::edits {

inline constexpr std::size_t operations_max = 10'000;
/// Of the JSON text of a batch; the default of limits.max_update_size.
inline constexpr std::size_t text_bytes_max = std::size_t{16} * 1024 * 1024;
/// How deep a value may be nested, as in limits.max_nesting by default.
inline constexpr std::size_t value_depth_max = 100;

enum class kind : std::uint8_t {
  insert_text,       ///< "insertText": path, index, text, attributes?
  delete_text,       ///< "deleteText": path, index, length
  format_text,       ///< "formatText": path, index, length, attributes
  append_text,       ///< "appendText": path, text, attributes?
  set_text,          ///< "setText": path, text
  insert_embed,      ///< "insertEmbed": path, index, value, attributes?
  insert,            ///< "insert": path, index, values or value and type?
  push,              ///< "push": path, values or value and type?
  set,               ///< "set": path to an entry or element, value and type?
  remove,            ///< "delete": path to an entry or element, length?
  set_attribute,     ///< "setAttribute": path, name, value
  remove_attribute,  ///< "removeAttribute": path, name
  test,              ///< "test": path, value or exists
};

/// What a new value becomes.
enum class content_type : std::uint8_t { plain, map, array, text, xml, bytes };

/// One operation; its views are of the text of its batch.
struct operation {
  kind what = kind::test;
  path at;
  std::uint32_t index = 0;
  std::uint32_t length = 1;
  std::string text;             ///< Of a text; the name of an attribute.
  std::string_view value;       ///< JSON; an array if has_many.
  std::string_view attributes;  ///< A JSON object; empty: none given.
  content_type type = content_type::plain;
  bool has_many = false;
  bool exists = true;  ///< Of a test without a value.
};

/// Which operation of a batch is wrong, and why.
struct edit_error {
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);

  std::size_t index = no_index;  ///< no_index: the list as a whole.
  std::string path;              ///< As far as it could be read.
  failure why;
};

/// "edit 2 (insertText at /notes): ..."
std::string to_string(const edit_error& what);

class batch {
 public:
  /// Reads a JSON array of operations. Unknown members are refused, so that a misspelt one shows.
  /// Fails with invalid_edit; the list as a whole also with invalid_utf8, invalid_json, too_deep,
  /// update_too_large.
  static tl::expected<batch, edit_error> parse(std::string_view json);

  /// One operation that sets a text.
  static batch of_text(std::string_view root, std::string text);

  const std::vector<operation>& operations() const noexcept { return operations_; }
  /// Bytes of the JSON text.
  std::size_t size() const noexcept { return text_->size(); }

 private:
  std::shared_ptr<const std::string> text_ = std::make_shared<const std::string>();
  std::vector<operation> operations_;
};

/// The name of an operation in JSON. Static storage.
std::string_view to_string(kind what) noexcept;

/// Reads the name of a type; nothing if there is none of this name.
std::optional<content_type> find_content_type(std::string_view name) noexcept;

}  // namespace troupe::edits
