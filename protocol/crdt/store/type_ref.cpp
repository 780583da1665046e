#include "protocol/crdt/store/type_ref.hpp"

namespace troupe::crdt {

type_handle find_type(const struct_store& in, const type_ref& ref) {
  if (!ref.item) return in.find_root(ref.name);
  const item_handle handle = in.find(*ref.item);
  if (handle == none || in.at(handle).kind() != content_kind::type) return none;
  return in.at(handle).content;
}

result<type_handle> find_live_type(const struct_store& in, const type_ref& ref) {
  const type_handle type = find_type(in, ref);
  if (!ref.item) return type;
  if (type != none && in.at(in.type_at(type).owner).is_deleted == 0) return type;
  return fail(errc::type_gone, in.find(*ref.item) == none ? "no such item" : "deleted, or no type");
}

type_ref ref_of(const struct_store& in, type_handle type) {
  const type_record& record = in.type_at(type);
  if (record.owner == none) return in.string_at(record.name);
  const item& owner = in.at(record.owner);
  return struct_id{in.clients().id(owner.client), owner.clock};
}

}  // namespace troupe::crdt
