// A list that grows at its end and never moves its elements. Unlike std::deque an empty one holds
// no memory, which matters because each open document has one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace troupe::crdt {

/// An emptied list keeps its first chunk.
template <class T>
class stable_list {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));

 public:
  bool empty() const noexcept { return chunks_.empty() || chunks_.front().used == 0; }

  /// The address stays until clear().
  T& push_back(const T& element) {
    if (chunks_.empty() || chunks_.back().used == chunks_.back().size) add_chunk();
    chunk& last = chunks_.back();
    return *std::construct_at(last.elements() + last.used++, element);
  }

  template <class F>
  void for_each(F&& f) {
    for (chunk& each : chunks_) std::for_each_n(each.elements(), each.used, f);
  }

  void clear() noexcept {
    if (chunks_.empty()) return;
    chunks_.resize(1);
    chunks_.front().used = 0;
  }

 private:
  static constexpr std::size_t first_size = 4;
  static constexpr std::size_t chunk_size_max = 1024;

  /// Room for `size` elements, of which `used` have been constructed: where there are many, a
  /// default for each would be as much to write as the elements.
  struct chunk {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size = 0;
    std::size_t used = 0;

    T* elements() const noexcept { return reinterpret_cast<T*>(memory.get()); }
  };

  [[gnu::noinline]] void add_chunk() {
    const std::size_t size =
        chunks_.empty() ? first_size : std::min(2 * chunks_.back().size, chunk_size_max);
    chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size * sizeof(T)), size, 0});
  }

  std::vector<chunk> chunks_;
};

}  // namespace troupe::crdt
