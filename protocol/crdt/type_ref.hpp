// The name of a shared type, to be kept and passed around: a root by its name, a nested type by the
// id of the item that holds it. It is looked up at each use, so it cannot dangle: a type that was
// deleted meanwhile is an error. The same in every copy of a document.
#pragma once

#include <compare>
#include <string>
#include <utility>

#include "base/errc.hpp"
#include "protocol/crdt/store.hpp"

namespace troupe::crdt {

struct type_ref {
  bool is_nested = false;
  std::string name;      ///< Of a root.
  client_id client = 0;  ///< Of a nested type: the id of its item.
  clock_type clock = 0;

  static type_ref root(std::string name) { return {false, std::move(name), 0, 0}; }
  static type_ref nested(client_id client, clock_type clock) { return {true, {}, client, clock}; }

  /// Roots by name, then nested types by id.
  friend auto operator<=>(const type_ref&, const type_ref&) = default;
};

/// The type that `ref` names; none for a root that nothing was ever written to.
/// Fails with type_gone.
result<type_handle> find_type(const store& in, const type_ref& ref);

/// The name of a type.
type_ref ref_of(const store& in, type_handle type);

}  // namespace troupe::crdt
