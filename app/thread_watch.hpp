// Whether the I/O threads of a node still work: each is asked to run a function, and those that ran
// the last one are well. The WATCHDOG=1 notification depends on this, so that a
// node with a thread that is stuck is started again. Owner and thread: the main thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "net/io_unit.hpp"

namespace troupe {

class thread_watch {
 public:
  /// Requires: the units outlive this.
  explicit thread_watch(const std::vector<std::unique_ptr<io_unit>>& units) : units_(units) {}

  /// Whether every thread has answered the question of the last call. If so, asks anew.
  bool all_answer() {
    if (answers_->load(std::memory_order_relaxed) < asked_) return false;
    asked_ = units_.size();
    answers_ = std::make_shared<std::atomic<std::size_t>>(0);
    for (const auto& unit : units_)
      unit->post([answers = answers_] { answers->fetch_add(1, std::memory_order_relaxed); });
    return true;
  }

 private:
  const std::vector<std::unique_ptr<io_unit>>& units_;
  std::size_t asked_ = 0;
  std::shared_ptr<std::atomic<std::size_t>> answers_ =
      std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace troupe
