// The records of a document: items, chains and types. They live in slabs of the store and refer to
// each other by 32-bit handles, 0 meaning none. Contents lie in the arena of the store.
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
  /// Offset in the arena; for kind type: the type_handle; for a strand: the first of its braid.
  std::uint32_t content = 0;
  /// In bytes; for a strand: how many there are in its braid.
  std::uint32_t content_size = 0;
  chain_handle chain = none;
  std::uint32_t client : 24 = 0;
  std::uint32_t kind_bits : 4 = 0;
  std::uint32_t is_deleted : 1 = 0;
  /// Kind string: byte offsets are UTF-16 offsets.
  std::uint32_t is_ascii : 1 = 0;
  /// Kinds embed, format: value as `any`, not JSON text. Kind deleted: a strand.
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

  /// Several tombstones of one key, see struct_store_braids.cpp. `length` is the distance from its
  /// first unit to behind its last; only every content_size-th clock of it is its own.
  bool is_strand() const noexcept {
    return (kind() == content_kind::deleted) & (value_is_any != 0);
  }
  /// Of a strand: how many tombstones it has.
  clock_type rows() const noexcept { return (length - 1) / content_size + 1; }
  /// The end of what it stands for in the index of its client: itself, or its braid, of which it is
  /// the first strand.
  clock_type entry_end() const noexcept {
    return is_strand() ? clock + rows() * content_size : end();
  }
};
static_assert(sizeof(item) == 48);

/// The record of a whole struct that stands in `chain` between two neighbours. `content` is where
/// its bytes lie in the arena; a type has none there and gets its handle later. A tombstone is
/// marked as deleted. Always inlined: callers construct it in place.
[[gnu::always_inline]] inline item item_between(item_handle left, item_handle right,
                                                chain_handle chain, client_index client,
                                                const struct_view& from,
                                                std::uint32_t content) noexcept {
  return {.clock = from.clock,
          .length = from.length,
          .left = left,
          .right = right,
          .origin = from.origin,
          .right_origin = from.right_origin,
          .content = content,
          .content_size = from.kind == content_kind::type ? 0 : from.content_size,
          .chain = chain,
          .client = client & 0xff'ffff,
          .kind_bits = static_cast<std::uint8_t>(from.kind) & 0xfu,
          .is_deleted = from.kind == content_kind::deleted,
          .is_ascii = from.is_ascii,
          .value_is_any = from.value_is_any};
}

/// One linked list of items: the sequence of a type (key == no_string), or the history of one of
/// its keys, whose tail is the current value.
struct chain {
  type_handle type = none;
  string_handle key = no_string;
  item_handle head = none;
  item_handle tail = none;
  /// The next keyed chain of the same type.
  chain_handle next = none;
};

/// A shared type. It may have both a sequence and keys, whatever its kind.
struct type_record {
  /// The item that holds it; none for a root.
  item_handle owner = none;
  /// Root name, or node name of an element or hook.
  string_handle name = no_string;
  /// none: nothing was ever in it, which reads as an empty chain.
  chain_handle sequence = none;
  /// The first of its keyed chains.
  chain_handle keyed = none;
  /// Visible units of the sequence.
  std::uint32_t length = 0;
  type_kind kind = type_kind::unknown;
  /// How many keyed chains it has, up to few_keys + 1, which means more: those are in the key
  /// index.
  std::uint8_t key_count = 0;
  /// Bit `key % 16` is set if it has the chain of such a key.
  std::uint16_t key_bits = 0;

  static std::uint16_t bit_of(string_handle key) noexcept {
    return static_cast<std::uint16_t>(1u << (key & 15));
  }
};
static_assert(sizeof(type_record) == 24);

/// Up to so many keyed chains of a type are found by a walk.
inline constexpr std::uint8_t few_keys = 16;

/// Whether the content of an item of this kind lies in the arena.
constexpr bool has_content_in_arena(content_kind kind) noexcept {
  return kind != content_kind::gc && kind != content_kind::deleted && kind != content_kind::type;
}

/// Whether the item is a format marker that is in force.
inline bool is_live_format(const item& of) noexcept {
  return of.kind() == content_kind::format && of.is_deleted == 0;
}

}  // namespace troupe::crdt
