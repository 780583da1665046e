// Where the connections of an I/O unit lie: one behind the other, at a distance of an odd number of
// cache lines. A turn touches the same few members of many connections. With malloc their distance
// can come out as a power of two; these members then share a few sets of the cache, and push each
// other out of it between the turns (measured: 2048 bytes, three times the misses of a delivery).
//
// Owner: the unit and its connections, of which one that is closed may outlive the unit. Thread:
// any. Memory of connections that are gone is used for the next ones and is not given back before.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe {

class connection_memory final : public std::pmr::memory_resource {
 public:
  connection_memory() = default;
  ~connection_memory() override;
  connection_memory(const connection_memory&) = delete;
  connection_memory& operator=(const connection_memory&) = delete;

 private:
  /// Requires: all objects have one size, and no alignment beyond a cache line.
  void* do_allocate(std::size_t size, std::size_t alignment) override;
  void do_deallocate(void* object, std::size_t size, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  void add_block();

  std::mutex mutex_;
  std::size_t distance_ = 0;  // in bytes, from one object to the next; set by the first
  std::vector<void*> blocks_;
  std::vector<void*> free_;  // the last one is the next to be used
};

/// For std::allocate_shared: each object keeps the memory that it lies in.
template <class T>
struct connection_allocator {
  using value_type = T;

  explicit connection_allocator(std::shared_ptr<connection_memory> memory) noexcept
      : in(std::move(memory)) {}
  template <class Other>
  connection_allocator(const connection_allocator<Other>& other) noexcept : in(other.in) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(in->allocate(count * sizeof(T), alignof(T)));
  }
  void deallocate(T* object, std::size_t count) noexcept {
    in->deallocate(object, count * sizeof(T), alignof(T));
  }
  template <class Other>
  bool operator==(const connection_allocator<Other>& other) const noexcept {
    return in == other.in;
  }

  std::shared_ptr<connection_memory> in;
};

}  // namespace troupe
