// A list that grows at its end and never moves its elements. Unlike std::deque an empty one holds
// no memory, which matters because each open document has one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace troupe::crdt {

/// T: cheap to make by default. An emptied list keeps its first chunk.
template <class T>
class stable_list {
 public:
  bool empty() const noexcept { return chunks_.empty() || chunks_.front().used == 0; }

  /// The address stays until clear().
  T& push_back(const T& element) {
    if (chunks_.empty() || chunks_.back().used == chunks_.back().size) add_chunk();
    chunk& last = chunks_.back();
    return last.elements[last.used++] = element;
  }

  template <class F>
  void for_each(F&& f) {
    for (chunk& each : chunks_) std::for_each_n(each.elements.get(), each.used, f);
  }

  void clear() noexcept {
    if (chunks_.empty()) return;
    chunks_.resize(1);
    chunks_.front().used = 0;
  }

 private:
  static constexpr std::size_t first_size = 4;
  static constexpr std::size_t chunk_size_max = 1024;

  struct chunk {
    std::unique_ptr<T[]> elements;
    std::size_t size = 0;
    std::size_t used = 0;
  };

  void add_chunk() {
    const std::size_t size =
        chunks_.empty() ? first_size : std::min(2 * chunks_.back().size, chunk_size_max);
    chunks_.push_back({std::make_unique<T[]>(size), size, 0});
  }

  std::vector<chunk> chunks_;
};

}  // namespace troupe::crdt
