// A position in a sequence that survives edits by others: it is tied to a unit, or to the end of a
// type. Clients send it in awareness (cursors) and store it in documents (comments). A plain value;
// a document is needed to create one from an index and to resolve it to an index. Source: yjs 13.6
// utils/RelativePosition.js.
//
// Format: varUint 0 and the id (varUint client, varUint clock) of a unit | 1 and the name of a root
// (varString) | 2 and the id of a nested type; then varInt assoc, which old data lacks.
// Example: index 2 of "hello" by client 1 is 00 01 02 00, the end of root "t" 01 01 74 00.
#pragma once

#include "base/errc.hpp"
#include "protocol/crdt/store/type_ref.hpp"

namespace troupe::crdt {

struct relative_position {
  /// Where the unit is; absent only in one that was decoded from bytes that name a unit.
  std::optional<type_ref> type;
  /// The unit it is tied to; absent: the end of the type, or with assoc < 0 its beginning.
  std::optional<struct_id> item;
  /// >= 0: tied to the unit behind the place; < 0: to the one in front of it.
  std::int64_t assoc = 0;

  /// Requires: a type or an item.
  byte_buffer encode() const;

  /// Fails with truncated, number_too_large, invalid_utf8, trailing_bytes; with unknown_content for
  /// another leading number.
  static result<relative_position> decode(byte_view bytes);

  /// {"type":{"client":..,"clock":..},"tname":"..","item":{..},"assoc":0}, what is absent left out.
  std::string to_json() const;

  /// Members that it does not know are ignored, as is null. Fails with invalid_utf8; with
  /// invalid_json if the text is no JSON, or not a position.
  static result<relative_position> from_json(std::string_view text);

  friend bool operator==(const relative_position&, const relative_position&) = default;
};

/// The place in front of the unit `index` (UTF-16 units of text, values, types). An index above the
/// length means the end. Nothing if the type is nested and not there; a root that nobody has
/// touched is empty. Cost: linear in the sequence up to the index.
/// Source: createRelativePositionFromTypeIndex.
std::optional<relative_position> relative_position_at(const struct_store& in, const type_ref& type,
                                                      std::size_t index, std::int64_t assoc = 0);

struct absolute_position {
  type_ref type;
  std::size_t index = 0;
  std::int64_t assoc = 0;
  friend bool operator==(const absolute_position&, const absolute_position&) = default;
};

/// Why a position has no index now.
enum class unresolved : std::uint8_t {
  /// The update with its unit or type has not arrived.
  unknown,
  /// The unit lost its place when its type was deleted, or the type is gone, or the item that is
  /// named as a type never held one.
  collected,
};

/// Where the position is now. A deleted unit leaves its place; in a deleted type the index is 0.
/// Cost: linear in the sequence up to the unit.
/// Source: createAbsolutePositionFromRelativePosition. Differs: no deletion is undone in this
/// engine, so there is no chain of re-created items to follow.
tl::expected<absolute_position, unresolved> resolve(const struct_store& in,
                                                    const relative_position& position);

}  // namespace troupe::crdt
