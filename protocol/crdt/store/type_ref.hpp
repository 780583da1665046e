// The name of a shared type, for readers and editors: a root by its name, a nested type by the id
// of the item that holds it. It is the same in every copy of a document and does not change by
// edits. A plain value that is looked up at each use, so it cannot dangle; handles of the store
// stay inside the engine.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <utility>

#include "base/errc.hpp"
#include "protocol/crdt/store/struct_store.hpp"

namespace troupe::crdt {

struct type_ref {
  type_ref() = default;
  type_ref(std::string_view root_name) : name(root_name) {}
  type_ref(const char* root_name) : name(root_name) {}
  type_ref(std::string root_name) : name(std::move(root_name)) {}
  type_ref(struct_id of) : item(of) {}

  static type_ref root(std::string_view name) { return name; }
  static type_ref nested(client_id client, std::uint64_t clock) { return struct_id{client, clock}; }

  std::optional<struct_id> item;  ///< Of a nested type: the item that holds it.
  std::string name;               ///< Of a root; it may be empty.

  /// Roots by name, then nested types by id.
  friend auto operator<=>(const type_ref&, const type_ref&) = default;
};

/// The type that is there to be read, also while it is deleted and not collected yet; none for a
/// root that nothing was ever written to, no such item, or an item that holds no type.
type_handle find_type(const struct_store& in, const type_ref& ref);

/// The type that may be edited; none for a root that nothing was ever written to.
/// Fails with type_gone: a nested type that find_type() would not find, or that is deleted.
result<type_handle> find_live_type(const struct_store& in, const type_ref& ref);

/// The name of a type.
type_ref ref_of(const struct_store& in, type_handle type);

}  // namespace troupe::crdt
