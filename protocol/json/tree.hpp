// A JSON text that was read whole and can be looked into: the claims of a token, a set of keys, the
// answer of an application. Compact: the text itself and one record of 24 bytes for each value,
// three allocations in all. Pure; never changes once it is made, so threads may share it. The nodes
// that it gives are views, which it must outlive; moving it ends them. A loop needs a node with a
// name, not one that a call has just returned.
//
// It accepts less than is_valid_json: what two parsers might understand differently is refused, so
// that nobody reads other claims than we do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace troupe::json {

/// The detail of the failure for a member that stands twice.
inline constexpr std::string_view duplicate_member = "a member that stands twice";

enum class tree_kind : std::uint8_t { null, boolean, number, text, array, object };

struct tree_limits {
  std::size_t bytes_max = 64 * 1024;
  std::size_t depth_max = 16;      ///< Of nested arrays and objects; at most 100.
  std::size_t values_max = 4'096;  ///< Elements and members at all depths, and the root.
};

class tree {
 public:
  class node;

  /// Fails with truncated (an empty text), update_too_large (above bytes_max or values_max),
  /// invalid_utf8, too_deep, and invalid_json: no JSON, a member that stands twice in its object
  /// (whatever escapes they are written with), half of a surrogate pair, a number beyond double.
  static result<tree> parse(std::string text, const tree_limits& limit = {});

  tree() = default;

  /// Whether it was not made by parse().
  bool empty() const noexcept { return records_.empty(); }

  /// The value that the text is. Requires: made by parse().
  node root() const noexcept;

 private:
  friend class tree_reader;

  struct record {
    std::uint32_t name = 0, name_size = 0;  // where the name of a member is
    std::uint32_t at = 0, size = 0;         // where the value is; of a text without its quotes
    std::uint32_t end = 0;                  // the record behind the value and all that is in it
    tree_kind kind = tree_kind::null;
    bool is_name_unescaped = false;  // it stands in unescaped_, not in text_
    bool is_unescaped = false;
  };

  std::string_view part(std::uint32_t at, std::uint32_t size, bool is_unescaped) const noexcept {
    return std::string_view{is_unescaped ? unescaped_ : text_}.substr(at, size);
  }

  std::string text_;
  std::string unescaped_;
  std::vector<record> records_;
};

/// One value. Cheap to copy.
class tree::node {
 public:
  tree_kind kind() const noexcept { return self().kind; }
  bool is(tree_kind kind) const noexcept { return self().kind == kind; }

  /// The value of a text; empty for any other kind.
  std::string_view text() const noexcept;
  /// The value of a number, finite; 0 for any other kind.
  double number() const noexcept;
  /// Whether it is `true`.
  bool is_true() const noexcept;
  /// The value as JSON: as it was written, a text with its escapes made new.
  std::string to_json() const;

  /// The name of a member; empty for an element and for the root.
  std::string_view name() const noexcept;

  /// The member of an object with this name; none if there is no such member, or no object.
  std::optional<node> find(std::string_view name) const noexcept;

  /// Walks over the elements of an array or the members of an object, in the order of the text.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = node;
    using difference_type = std::ptrdiff_t;
    using pointer = const node*;
    using reference = node;

    iterator(const tree* of, std::uint32_t at) noexcept : of_(of), at_(at) {}
    node operator*() const noexcept { return node{of_, at_}; }
    iterator& operator++() noexcept {
      at_ = of_->records_[at_].end;
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    const tree* of_;
    std::uint32_t at_;
  };
  iterator begin() const noexcept { return {of_, at_ + 1}; }
  iterator end() const noexcept { return {of_, self().end}; }
  /// How many elements or members it has; linear.
  std::size_t size() const noexcept;

 private:
  friend class tree;
  node(const tree* of, std::uint32_t at) noexcept : of_(of), at_(at) {}

  const record& self() const noexcept { return of_->records_[at_]; }

  const tree* of_;
  std::uint32_t at_;
};

}  // namespace troupe::json
