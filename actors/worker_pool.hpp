// A few threads for work that takes long: what documents lend. They are no threads of CAF, so that
// work that takes long, or never ends, holds back nobody who needs those: directory, supervisor,
// admin requests. What finds no free thread waits in a queue; a document lends one piece at a time,
// so the queue is as long as there are documents at most.
//
// Owner: the node, which outlives what uses the pool. Threads are started when they are needed.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace troupe {

class worker_pool {
 public:
  explicit worker_pool(std::size_t threads_max);
  /// As stop() without patience.
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// Does `work` on a thread of the pool, then `done`, which must not block nor call the pool.
  /// Neither throws. Does nothing after stop(). Thread: any.
  void submit(std::function<void()> work, std::function<void()> done);

  /// Drops what waits, and waits for the work that has begun, but not longer than `patience`.
  /// Returns whether all threads have ended. A thread that has not is left to itself: it never
  /// calls `done` and releases nothing, so that the rest of the process may end as if it were not
  /// there; the process must then end without waiting for it (std::_Exit).
  bool stop(std::chrono::milliseconds patience);

 private:
  struct shared_state;
  static void run(const std::shared_ptr<shared_state>& state);

  std::shared_ptr<shared_state> state_;  // shared with the threads
};

/// How many threads a pool of a node has: one per core that no I/O thread takes, and at least two,
/// so that one piece of work that never ends does not hold back all other documents.
constexpr std::size_t worker_count(std::size_t cores, std::size_t io_threads) noexcept {
  constexpr std::size_t workers_min = 2;
  return cores > io_threads + workers_min ? cores - io_threads : workers_min;
}

}  // namespace troupe
