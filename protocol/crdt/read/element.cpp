#include "protocol/crdt/read/element.hpp"

namespace troupe::crdt {

unit_place find_element(const struct_store& in, type_handle type, std::uint32_t index,
                        std::uint64_t& steps) {
  if (index >= in.type_at(type).length) return {};
  for (item_handle at = in.chain_at(in.type_at(type).sequence).head; at != none;
       at = in.at(at).right) {
    ++steps;
    const item& current = in.at(at);
    if (!current.is_visible()) continue;
    if (index < current.length) return {at, index};
    index -= current.length;
  }
  return {};
}

unit_place find_entry(const struct_store& in, type_handle type, std::string_view key) {
  const string_handle name = in.find_string(key);
  if (name == no_string) return {};
  const chain_handle entry = in.find_keyed_chain(type, name);
  return entry == none ? unit_place{} : visible_now{}.value_of(in, in.chain_at(entry));
}

std::optional<content_kind> first_kind_of(const struct_store& in, type_handle type,
                                          std::uint64_t& steps) {
  for (item_handle at = in.chain_at(in.type_at(type).sequence).head; at != none;
       at = in.at(at).right) {
    ++steps;
    const item& current = in.at(at);
    if (current.is_visible() || is_live_format(current)) return current.kind();
  }
  return {};
}

bool has_entries(const struct_store& in, type_handle type) {
  for (chain_handle entry = in.type_at(type).keyed; entry != none; entry = in.chain_at(entry).next)
    if (visible_now{}.value_of(in, in.chain_at(entry)).handle != none) return true;
  return false;
}

}  // namespace troupe::crdt
