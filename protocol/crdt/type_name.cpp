#include "protocol/crdt/type_name.hpp"

namespace troupe::crdt {

item_handle find_item(const store& in, struct_id id) noexcept {
  const client_index client = in.clients().find(id.client);
  if (client == no_client || id.clock > clock_max) return none;
  const auto clock = static_cast<clock_type>(id.clock);
  return in.knows(client, clock) ? in.find(client, clock) : none;
}

type_handle find_type(const store& in, const type_name& name) {
  if (!name.item) return in.find_root(name.root);
  const item_handle handle = find_item(in, *name.item);
  if (handle == none || in.at(handle).kind() != content_kind::type) return none;
  return in.at(handle).content;
}

type_name name_of(const store& in, type_handle type) {
  const type_record& record = in.type_at(type);
  if (record.owner == none) return in.string_at(record.name);
  const item& owner = in.at(record.owner);
  return struct_id{in.clients().id(owner.client), owner.clock};
}

}  // namespace troupe::crdt
