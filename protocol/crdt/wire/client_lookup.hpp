// A table of client ids: from id to dense index and back. Open addressing, linear probing, no
// erasure. It remembers the last hit, since the structs of an update mostly refer to one client.
#pragma once

#include <vector>

#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

class client_lookup {
 public:
  std::size_t size() const noexcept { return ids_.size(); }
  client_id id(client_index index) const noexcept { return ids_[index]; }
  const std::vector<client_id>& ids() const noexcept { return ids_; }

  /// The index of `id`, or no_client.
  client_index find(client_id id) const noexcept {
    if (last_ < ids_.size() && ids_[last_] == id) return last_;
    if (slots_.empty()) return find_in_few(id);
    for (std::size_t slot = slot_of(id);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == no_client) return no_client;
      if (ids_[slots_[slot]] == id) return last_ = slots_[slot];
    }
  }

  client_index find_or_add(client_id id) {
    const client_index found = find(id);
    return found != no_client ? found : add(id);
  }

  void clear() noexcept {
    ids_.clear();
    slots_.clear();
    last_ = 0;
  }

 private:
  static constexpr std::size_t few = 8;  // up to here a scan beats the hash, and no slots are kept

  client_index find_in_few(client_id id) const noexcept {
    for (client_index i = 0; i < ids_.size(); ++i)
      if (ids_[i] == id) return last_ = i;
    return no_client;
  }

  std::size_t slot_of(client_id id) const noexcept {
    return static_cast<std::size_t>((id * 0x9e37'79b9'7f4a'7c15u) >> 20) & (slots_.size() - 1);
  }

  client_index add(client_id id) {
    const auto index = static_cast<client_index>(ids_.size());
    ids_.push_back(id);
    last_ = index;
    if (ids_.size() <= few) return index;
    if (ids_.size() * 2 > slots_.size()) {
      slots_.assign(slots_.empty() ? 4 * few : slots_.size() * 2, no_client);
      for (client_index i = 0; i < ids_.size(); ++i) place(i);
    } else {
      place(index);
    }
    return index;
  }

  void place(client_index index) {
    std::size_t slot = slot_of(ids_[index]);
    while (slots_[slot] != no_client) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = index;
  }

  std::vector<client_id> ids_;
  std::vector<client_index> slots_;  // power of two, or empty
  mutable client_index last_ = 0;
};

}  // namespace troupe::crdt
