// Whether edits can be stored now: the store says so, and whoever would accept an edit asks. While
// it cannot be written, or while too much waits for it, edits are refused; what was accepted before
// waits in the store's queue and is written once that works again. A store that others keep may be
// away for a while before edits are refused: they are delayed then. Shared by the store, documents
// and whoever reports readiness. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/errc.hpp"

namespace troupe {

class store_health {
 public:
  /// `waiting_max`: storage.max_queue_size, in bytes.
  explicit store_health(std::size_t waiting_max = static_cast<std::size_t>(-1))
      : waiting_max_(waiting_max),
        queue_is_full_(std::make_shared<const failure>(
            failure{errc::storage_failed, "more than storage.max_queue_size waits to be stored"})) {
  }

  /// Why edits are refused now; null: they are not. Cheap while they are not.
  std::shared_ptr<const failure> refusal() const {
    if (is_writable_.load(std::memory_order_acquire)) {
      const bool is_full = waiting_.load(std::memory_order_relaxed) > waiting_max_;
      return is_full ? queue_is_full_ : nullptr;
    }
    std::lock_guard lock{mutex_};
    return why_;
  }

  /// What is wrong with storage, whether or not edits are refused for it; nothing: nothing is.
  std::optional<failure> problem() const {
    if (const auto why = refusal()) return *why;
    std::lock_guard lock{mutex_};
    if (!delay_) return std::nullopt;
    return failure{delay_->code, delay_->detail + ", so edits wait to be stored"};
  }

  /// Bytes of updates go to the store, or are stored.
  void note_sent(std::size_t bytes) noexcept {
    waiting_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void note_stored(std::size_t bytes) noexcept {
    waiting_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  std::size_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

  // --- by the store alone ---
  /// Edits are accepted and queued.
  void note_delayed(const failure& why) {
    std::lock_guard lock{mutex_};
    delay_ = why;
  }
  void note_unwritable(const failure& why) {
    std::lock_guard lock{mutex_};
    why_ = std::make_shared<const failure>(why);
    is_writable_.store(false, std::memory_order_release);
  }
  void note_writable() {
    std::lock_guard lock{mutex_};
    why_ = nullptr;
    delay_.reset();
    is_writable_.store(true, std::memory_order_release);
  }

 private:
  const std::size_t waiting_max_;
  const std::shared_ptr<const failure> queue_is_full_;
  std::atomic<bool> is_writable_{true};
  std::atomic<std::size_t> waiting_{0};
  mutable std::mutex mutex_;            // guards what follows
  std::shared_ptr<const failure> why_;  // null: writable
  std::optional<failure> delay_;
};

}  // namespace troupe
