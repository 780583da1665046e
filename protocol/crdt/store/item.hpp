// The records of which a document consists. They live in slabs of their store and refer to each
// other by u32 handles, 0 meaning none; contents lie in the store's arena.
#pragma once

#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

using item_handle = std::uint32_t;
using chain_handle = std::uint32_t;
using type_handle = std::uint32_t;
using string_handle = std::uint32_t;

inline constexpr std::uint32_t none = 0;
inline constexpr string_handle no_string = 0xffff'ffff;

/// The most clients a document can index: item::client has 24 bits.
inline constexpr std::size_t client_count_max = (std::size_t{1} << 24) - 1;

/// A struct in the store: an item, or a GC (kind gc: no neighbours, no chain, no content).
/// 48 bytes; a document has one per run of text, value or tombstone.
struct item {
  clock_type clock = 0;
  clock_type length = 0;
  /// Current neighbours in the chain.
  item_handle left = none;
  item_handle right = none;
  /// The units on its left and right when it was created, or none.
  unit_id origin;
  unit_id right_origin;
  /// Offset in the arena; for kind type: the type_handle.
  std::uint32_t content = 0;
  /// In bytes.
  std::uint32_t content_size = 0;
  chain_handle chain = none;
  std::uint32_t client : 24 = 0;
  std::uint32_t kind_bits : 4 = 0;
  std::uint32_t is_deleted : 1 = 0;
  /// Kind string: byte offsets are UTF-16 offsets.
  std::uint32_t is_ascii : 1 = 0;
  /// Kinds embed, format: value as `any`, not JSON text.
  std::uint32_t value_is_any : 1 = 0;
  /// Spared by garbage collection.
  std::uint32_t is_kept : 1 = 0;

  content_kind kind() const noexcept { return static_cast<content_kind>(kind_bits); }
  void set_kind(content_kind kind) noexcept { kind_bits = static_cast<std::uint8_t>(kind) & 0xf; }
  /// Its first and its last unit.
  unit_id id() const noexcept { return {client, clock}; }
  unit_id last_id() const noexcept { return {client, last()}; }
  clock_type end() const noexcept { return clock + length; }
  clock_type last() const noexcept { return clock + length - 1; }
  bool is_gc() const noexcept { return kind() == content_kind::gc; }
  bool is_visible() const noexcept { return is_deleted == 0 && is_countable(kind()); }
};
static_assert(sizeof(item) == 48);

/// One linked list of items: the sequence of a type (key == no_string), or the history of one of
/// its keys, whose tail is the current value.
struct chain {
  type_handle type = none;
  string_handle key = no_string;
  item_handle head = none;
  item_handle tail = none;
  chain_handle next = none;  ///< The next keyed chain of the same type.
};

/// A shared type. It may have a sequence and keys at once, whatever its kind.
struct type_record {
  item_handle owner = none;        ///< The item that holds it; none for a root.
  string_handle name = no_string;  ///< Root name, or node name of an element or hook.
  chain_handle sequence = none;
  chain_handle keyed = none;  ///< First of its keyed chains.
  std::uint32_t length = 0;   ///< Visible units of the sequence.
  type_kind kind = type_kind::unknown;
};

}  // namespace troupe::crdt
