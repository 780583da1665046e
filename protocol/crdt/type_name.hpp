// How the world outside names a shared type: a root by its name, a nested type by the id of the
// item that holds it. Both stay true whatever else is edited; handles of the store do not leave the
// engine. Plain values: nobody owns anything here.
#pragma once

#include <optional>
#include <string>

#include "protocol/crdt/store.hpp"

namespace troupe::crdt {

/// One unit of one client. Wider than the clocks of the store, since it may come from outside.
struct struct_id {
  client_id client = 0;
  std::uint64_t clock = 0;
  friend bool operator==(const struct_id&, const struct_id&) = default;
};

struct type_name {
  type_name(std::string_view root_name) : root(root_name) {}
  type_name(const char* root_name) : root(root_name) {}
  type_name(const std::string& root_name) : root(root_name) {}
  type_name(struct_id of) : item(of) {}

  std::string root;               ///< Of a root; it may be empty.
  std::optional<struct_id> item;  ///< Of a nested type: the item that holds it.

  friend bool operator==(const type_name&, const type_name&) = default;
};

/// The item or GC with this id, or none.
item_handle find_item(const store& in, struct_id id) noexcept;

/// The type of this name, or none: no such root, no such item, or an item that holds no type (one
/// that was collected, for example).
type_handle find_type(const store& in, const type_name& name);

type_name name_of(const store& in, type_handle type);

}  // namespace troupe::crdt
