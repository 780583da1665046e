// One struct in the form of the wire. The update decoder produces it, the integrator places it in
// the store, `pending` keeps it while it waits, and the update encoder writes it. Its content is a
// view of bytes that somebody else owns. Clients are indices into the table of the update or of the
// document. Source: yjs 13.6, structs/*.js; terms as there.
#pragma once

#include <compare>
#include <cstdint>

#include "base/bytes.hpp"

namespace troupe::crdt {

/// A Yjs client id, up to 2^53 - 1.
using client_id = std::uint64_t;
/// Position of a client in a table of ids.
using client_index = std::uint32_t;
/// Clocks count UTF-16 units; the engine keeps 32 bits of them.
using clock_type = std::uint32_t;

inline constexpr client_index no_client = 0xffff'ffff;

/// One unit of one client, as names it is known by outside of the engine: the clock may be wider
/// than the engine's.
struct struct_id {
  client_id client = 0;
  std::uint64_t clock = 0;
  friend auto operator<=>(const struct_id&, const struct_id&) = default;
};

/// One unit of one client inside the engine: the client is an index into the table of the update or
/// the document. Invariant: an id without a client is `none`, whose clock is 0.
struct unit_id {
  client_index client = no_client;
  clock_type clock = 0;

  static const unit_id none;

  constexpr bool is_none() const noexcept { return client == no_client; }
  /// Without a branch between the two comparisons: in the hot loops their results are not
  /// predictable.
  friend constexpr bool operator==(unit_id a, unit_id b) noexcept {
    return (a.client == b.client) & (a.clock == b.clock);
  }
  friend constexpr auto operator<=>(unit_id a, unit_id b) noexcept = default;
};
inline constexpr unit_id unit_id::none{};

/// The highest end of a struct (clock + length) that the engine accepts.
inline constexpr std::uint64_t clock_max = 0xffff'fffe;

/// Content reference numbers of the update format. `skip` occurs on the wire only.
enum class content_kind : std::uint8_t {
  gc = 0,
  deleted = 1,
  json = 2,
  binary = 3,
  string = 4,
  embed = 5,
  format = 6,
  type = 7,
  any = 8,
  doc = 9,
  skip = 10,
};

/// Kinds of nested types.
enum class type_kind : std::uint8_t {
  array = 0,
  map = 1,
  text = 2,
  xml_element = 3,
  xml_fragment = 4,
  xml_hook = 5,
  xml_text = 6,
  unknown = 255,
};

/// Units of these kinds are elements of their type; the others have no length that a user sees.
constexpr bool is_countable(content_kind kind) noexcept {
  constexpr unsigned others = 1u << static_cast<unsigned>(content_kind::deleted) |
                              1u << static_cast<unsigned>(content_kind::format) |
                              1u << static_cast<unsigned>(content_kind::gc);
  return (others >> static_cast<unsigned>(kind) & 1) == 0;
}

/// Neighbours of these kinds become one struct at the end of a transaction.
constexpr bool is_mergeable(content_kind kind) noexcept {
  constexpr unsigned those = 1u << static_cast<unsigned>(content_kind::deleted) |
                             1u << static_cast<unsigned>(content_kind::json) |
                             1u << static_cast<unsigned>(content_kind::string) |
                             1u << static_cast<unsigned>(content_kind::any);
  return (those >> static_cast<unsigned>(kind) & 1) != 0;
}

struct clock_range {
  clock_type clock = 0;
  clock_type length = 0;

  constexpr clock_type end() const noexcept { return clock + length; }
  friend constexpr bool operator==(const clock_range&, const clock_range&) = default;
};

/// Where an item without neighbours stands: in a root named `name`, or in the type that the item
/// `owner` holds; with a key, in the chain of that key.
struct parent_view {
  bool is_root = false;
  bool has_key = false;
  unit_id owner;
  std::string_view name;
  std::string_view key;
};

struct struct_view {
  clock_type clock = 0;
  /// In clocks; never 0.
  clock_type length = 0;
  /// The units on its left and right when it was created, or none.
  unit_id origin;
  unit_id right_origin;
  /// Per kind: string UTF-8; json the varStrings; any the encoded values; binary the bytes; embed
  /// the value (JSON text or any); format varString key and the value (varString of JSON text, or
  /// any); doc varString guid and options as any; type the name of an element or hook.
  const std::uint8_t* content = nullptr;
  /// In bytes.
  std::uint32_t content_size = 0;
  content_kind kind = content_kind::gc;
  /// For kind type.
  type_kind type = type_kind::unknown;
  /// For kind string: byte offsets are UTF-16 offsets.
  bool is_ascii = false;
  /// For embed and format: the value is lib0 `any` (as in update v2) and not JSON text (as in v1).
  bool value_is_any = false;
  /// The key flag of the info byte, also where the key is inherited.
  bool has_key = false;
  /// Only for items, and only without origin and right origin.
  const parent_view* parent = nullptr;

  byte_view content_bytes() const noexcept { return {content, content_size}; }
  bool has_origin() const noexcept { return !origin.is_none(); }
  bool has_right_origin() const noexcept { return !right_origin.is_none(); }
};

}  // namespace troupe::crdt
