// A map that is a sorted vector: a third of the memory of a hash table for small values. Made for
// keys that mostly grow, such as session ids: those are appended. Inserting elsewhere and erasing
// move what lies behind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace troupe {

template <class Key, class Value>
class flat_map {
 public:
  using entry = std::pair<Key, Value>;

  /// The value of a key, or null. Holds until the next change of the map.
  Value* find(const Key& key) noexcept {
    const auto at = place_of(key);
    return at != entries_.end() && at->first == key ? &at->second : nullptr;
  }
  const Value* find(const Key& key) const noexcept {
    return const_cast<flat_map*>(this)->find(key);
  }

  /// Sets the value of a key. Returns whether the key is new.
  bool insert_or_assign(const Key& key, Value value) {
    if (entries_.empty() || entries_.back().first < key) {
      entries_.emplace_back(key, std::move(value));
      return true;
    }
    const auto at = place_of(key);
    if (at->first == key) {
      at->second = std::move(value);
      return false;
    }
    entries_.emplace(at, key, std::move(value));
    return true;
  }

  /// Returns whether the key was there. An empty map holds no memory.
  bool erase(const Key& key) {
    const auto at = place_of(key);
    if (at == entries_.end() || at->first != key) return false;
    entries_.erase(at);
    if (entries_.empty()) std::vector<entry>{}.swap(entries_);
    return true;
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

 private:
  auto place_of(const Key& key) noexcept {
    return std::ranges::lower_bound(entries_, key, {}, &entry::first);
  }

  std::vector<entry> entries_;
};

}  // namespace troupe
