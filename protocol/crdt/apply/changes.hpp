// Which shared types a transaction changed, for observers, and the path of a type. Computed on
// demand from the ranges that the transaction holds anyway; a document without observers pays
// nothing. Source: yjs 13.6 addChangedTypeToTransaction, getPathTo.
#pragma once

#include <string>
#include <vector>

#include "protocol/crdt/apply/transaction.hpp"
#include "protocol/crdt/store/type_ref.hpp"

namespace troupe::crdt {

struct type_change {
  type_ref type;
  /// Text, elements, children or formats changed.
  bool sequence_changed = false;
  /// Entries or attributes that were set or removed, ascending.
  std::vector<std::string> keys;

  friend bool operator==(const type_change&, const type_change&) = default;
};

/// The changes of a committed transaction, by type_ref ascending. A type that it created or deleted
/// is not listed, but its parent is. Cost: linear in the change.
std::vector<type_change> find_changes(const struct_store& in, const transaction& change);

/// One step down: into the entry `key`, or to the element with `index` visible units before it.
struct path_step {
  bool is_key = false;
  std::string key;
  std::uint32_t index = 0;

  friend bool operator==(const path_step&, const path_step&) = default;
};

/// The path from the document down to the type; the first step is the name of its root. Cost: the
/// items left of each step. Fails with type_gone.
result<std::vector<path_step>> find_path(const struct_store& in, const type_ref& type);

}  // namespace troupe::crdt
