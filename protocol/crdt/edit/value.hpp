// What an edit by the server writes: values in the form of an item's content, and attributes of
// text. Both are checked when they are created, so that an edit need not check them again. They own
// their bytes and belong to no document.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/errc.hpp"
#include "protocol/crdt/wire/limits.hpp"
#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

/// One element of an array, one entry of a map, one embed of a text.
class value {
 public:
  static value null();
  static value boolean(bool is_true);
  /// NaN and infinities become null, as in JSON.
  static value number(double number);
  /// Fails with invalid_utf8.
  static result<value> text(std::string_view utf8);
  /// Fails with invalid_utf8, invalid_json (also where nested deeper than any_depth_max).
  static result<value> json(std::string_view text, const limits& limit = {});
  /// One lib0 `any`. Fails with invalid_any, too_deep, truncated, invalid_utf8, trailing_bytes,
  /// unusable_content.
  static result<value> any(byte_view encoded, const limits& limit = {});
  static value binary(byte_view bytes);

  /// A new shared type without contents. Requires: a kind without a node name.
  static value type(type_kind kind);
  /// A new XML element. Fails with invalid_utf8, name_too_long.
  static result<value> xml_element(std::string_view node_name, const limits& limit = {});
  /// A document in the document, named by its guid; `options` is a JSON object. Fails with
  /// invalid_utf8, name_too_long, invalid_json.
  static result<value> subdocument(std::string_view guid, std::string_view options = "{}",
                                   const limits& limit = {});

  /// any, binary, type or doc.
  content_kind kind() const noexcept { return kind_; }
  type_kind held_type() const noexcept { return type_; }
  /// As struct_view::content wants it.
  byte_view content() const noexcept { return content_; }

 private:
  value(content_kind kind, byte_buffer content) : content_(std::move(content)), kind_(kind) {}
  static value of_json(std::string_view valid_json);

  byte_buffer content_;
  content_kind kind_;
  type_kind type_ = type_kind::unknown;
};

/// Keys and values (as `any`) in an order: the attributes an edit wants, and those in force at a
/// point of a text. The value null stands for "not set". Few keys are assumed: lookups are linear.
class attributes {
 public:
  using entry = std::pair<std::string, byte_buffer>;

  attributes() = default;

  /// From a JSON object, keys in JavaScript's order. Fails with invalid_utf8, invalid_json (no
  /// object, or nested too deep), name_too_long, out_of_range (more than count_max keys).
  static result<attributes> json(std::string_view object, const limits& limit = {});

  static constexpr std::size_t count_max = 1000;

  /// The value of the key, or an empty view.
  byte_view find(std::string_view key) const noexcept;
  /// The value of the key, or null.
  byte_view find_or_null(std::string_view key) const noexcept;

  /// A key that is there keeps its place, as in a JavaScript Map.
  void set(std::string_view key, byte_view any);
  void erase(std::string_view key);
  /// What a format marker does: null ends the attribute. Source: YText.js updateCurrentAttributes.
  void apply(std::string_view key, byte_view any);
  /// Brings the keys into the order in which JavaScript lists those of an object.
  void order_as_object();

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  /// Bytes of all keys and values.
  std::size_t byte_size() const noexcept;
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

 private:
  std::vector<entry> entries_;
};

/// The encoded null.
byte_view any_null() noexcept;
bool is_null(byte_view any) noexcept;

/// Whether two `any` values are equal; members of the outermost object in any order. Source: lib0
/// object.js equalFlat. Differs: yjs compares what is nested deeper by identity, so that equal
/// values from different places count as different and get markers that change nothing.
bool is_equal_any(byte_view a, byte_view b);

}  // namespace troupe::crdt
