#include "protocol/crdt/apply/changes.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::crdt {

namespace {

class change_finder {
 public:
  change_finder(const struct_store& in, const transaction& change)
      : in_(in), inserted_(change.inserted()) {
    std::ranges::sort(inserted_, {}, start_of);
    for (const client_range& range : change.inserted()) visit(range);
    for (const client_range& range : change.deleted()) visit(range);
  }

  std::vector<type_change> sorted_changes() {
    std::vector<type_change> changes;
    for (const auto& [type, what] : changed_) {
      type_change& change = changes.emplace_back();
      change.type = ref_of(in_, type);
      change.sequence_changed = what.sequence;
      for (const string_handle key : what.keys) change.keys.emplace_back(in_.string_at(key));
      std::ranges::sort(change.keys);
    }
    std::ranges::sort(changes, {}, &type_change::type);
    return changes;
  }

 private:
  struct parts {
    bool sequence = false;
    std::set<string_handle> keys;
  };

  static unit_id start_of(const client_range& r) { return {r.client, r.range.clock}; }

  void visit(const client_range& changed) {
    for (clock_type clock = changed.range.clock; clock < changed.range.end();) {
      const item& current = in_.at(in_.find(unit_id{changed.client, clock}));
      clock = current.is_strand() ? clock + 1 : current.end();
      // A GC has lost its place with its parent, which was deleted.
      if (current.is_gc() || current.chain == last_) continue;
      last_ = current.chain;
      note(in_.chain_at(current.chain));
    }
  }

  void note(const chain& in) {
    const item_handle owner = in_.type_at(in.type).owner;
    if (owner != none && (in_.at(owner).is_deleted != 0 || is_new(in_.at(owner)))) return;
    parts& what = changed_[in.type];
    if (in.key == no_string)
      what.sequence = true;
    else
      what.keys.insert(in.key);
  }

  bool is_new(const item& owner) const {
    const auto above = std::ranges::upper_bound(inserted_, owner.id(), {}, start_of);
    if (above == inserted_.begin()) return false;
    const client_range& found = *std::prev(above);
    return found.client == owner.client && owner.clock < found.range.end();
  }

  const struct_store& in_;
  std::vector<client_range> inserted_;  // sorted
  std::map<type_handle, parts> changed_;
  chain_handle last_ = none;
};

/// How many units are visible left of an item of a sequence.
std::uint32_t index_of(const struct_store& in, const item& of) {
  std::uint32_t index = 0;
  for (item_handle at = of.left; at != none; at = in.at(at).left)
    if (in.at(at).is_visible()) index += in.at(at).length;
  return index;
}

}  // namespace

std::vector<type_change> find_changes(const struct_store& in, const transaction& change) {
  return change_finder{in, change}.sorted_changes();
}

result<std::vector<path_step>> find_path(const struct_store& in, const type_ref& type) {
  TROUPE_ASSIGN(type_handle at, find_live_type(in, type));
  std::vector<path_step> path;
  while (at != none && in.type_at(at).owner != none) {
    const item& owner = in.at(in.type_at(at).owner);
    const chain& list = in.chain_at(owner.chain);
    if (list.key != no_string)
      path.push_back({true, std::string{in.string_at(list.key)}, 0});
    else
      path.push_back({false, {}, index_of(in, owner)});
    at = list.type;
  }
  path.push_back({true, at == none ? type.name : ref_of(in, at).name, 0});
  std::ranges::reverse(path);
  return path;
}

}  // namespace troupe::crdt
