#include "net/connection_memory.hpp"

#include <new>

#include "base/check.hpp"

namespace troupe {
namespace {

constexpr std::size_t line_size = 64;
constexpr std::size_t objects_per_block = 32;

#ifdef __SANITIZE_ADDRESS__
// Objects of their own, so that the sanitizer sees each use of one that is gone.
constexpr bool uses_blocks = false;
#else
constexpr bool uses_blocks = true;
#endif

constexpr std::size_t odd_lines(std::size_t size) noexcept {
  return ((size + line_size - 1) / line_size | 1) * line_size;
}

}  // namespace

connection_memory::~connection_memory() {
  TROUPE_CHECK(free_.size() == blocks_.size() * objects_per_block);
  for (void* const block : blocks_) ::operator delete (block, std::align_val_t{line_size});
}

void* connection_memory::do_allocate(std::size_t size, std::size_t alignment) {
  TROUPE_CHECK(alignment <= line_size);
  if (!uses_blocks) return ::operator new(size);
  const std::lock_guard lock{mutex_};
  if (distance_ == 0) distance_ = odd_lines(size);
  TROUPE_CHECK(odd_lines(size) == distance_);
  if (free_.empty()) add_block();
  void* const given = free_.back();
  free_.pop_back();
  return given;
}

void connection_memory::do_deallocate(void* object, std::size_t /*size*/,
                                      std::size_t /*alignment*/) {
  if (!uses_blocks) return ::operator delete(object);
  const std::lock_guard lock{mutex_};
  free_.push_back(object);  // has room, see add_block
}

bool connection_memory::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  return this == &other;
}

void connection_memory::add_block() {
  free_.reserve((blocks_.size() + 1) * objects_per_block);
  blocks_.reserve(blocks_.size() + 1);
  auto* const block = static_cast<std::byte*>(
      ::operator new (distance_* objects_per_block, std::align_val_t{line_size}));
  blocks_.push_back(block);
  for (std::size_t i = objects_per_block; i-- > 0;) free_.push_back(block + i * distance_);
}

}  // namespace troupe
