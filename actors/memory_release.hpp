// Gives memory back to the system after much of it was freed. The allocator keeps what it has got,
// in the arena of the thread that got it: after 256 MiB of waiting updates were dropped, 560 MB
// stayed with the process. Whoever frees much notes it; the directory asks once a second whether it
// is time. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>

namespace troupe {

class memory_release {
 public:
  /// Less is not worth looking through the arenas, which takes milliseconds for each gigabyte.
  static constexpr std::size_t worth_bytes = std::size_t{16} * 1024 * 1024;

  /// So many bytes are about to be freed.
  void note(std::size_t bytes) noexcept { freed_.fetch_add(bytes, std::memory_order_relaxed); }

  /// Whether enough was freed by the last call, so that it is free by now; then the count begins
  /// anew. Called once a second by one thread.
  bool is_due() noexcept {
    const std::size_t before = last_;
    last_ = freed_.load(std::memory_order_relaxed);
    if (before < worth_bytes || last_ != before) return false;
    freed_.fetch_sub(before, std::memory_order_relaxed);
    last_ = 0;
    return true;
  }

  /// Hands free pages of all arenas back to the system. Blocks for a while.
  static void give_back() noexcept;

 private:
  std::atomic<std::size_t> freed_{0};
  std::size_t last_ = 0;  // at the last call of is_due
};

}  // namespace troupe
