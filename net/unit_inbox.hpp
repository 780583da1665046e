// What other threads hand to an io_unit: actors that have messages. A unit that is awake looks for
// them each round, so handing over costs no system call; one that waits is woken once, through an
// event file in its poller. (Asio's post() wakes its loop while it holds the lock which the loop
// takes first, so that both threads wait for each other.)
//
// Owner: the unit. Thread: put() any, all else the unit's.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include <caf/fwd.hpp>

#include "net/poller.hpp"

namespace troupe {

class unit_inbox final : private pollable {
 public:
  /// Requires: the poller outlives the inbox. Throws std::system_error if the system has no file
  /// for it.
  explicit unit_inbox(poller& sockets);
  ~unit_inbox();
  unit_inbox(const unit_inbox&) = delete;
  unit_inbox& operator=(const unit_inbox&) = delete;

  /// Takes over one reference. Returns whether the unit waits and must be woken by wake().
  bool put(caf::resumable* job);
  void wake() noexcept;

  /// Appends what has come, with its references. Returns how much that was.
  std::size_t take(std::vector<caf::resumable*>& to);

  /// From now on put() says that the unit must be woken. Returns false if something has come.
  bool begin_waiting() noexcept;
  void end_waiting() noexcept { is_waiting_.store(false, std::memory_order_relaxed); }

 private:
  void on_ready(readiness /*now*/) override {}  // the round that follows takes what has come

  poller& poller_;
  int event_;
  std::mutex mutex_;
  std::vector<caf::resumable*> jobs_;  // guarded by mutex_
  std::atomic<bool> has_jobs_{false};
  std::atomic<bool> is_waiting_{false};
};

}  // namespace troupe
