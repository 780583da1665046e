#include "actors/worker_pool.hpp"

#include <pthread.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace troupe {

namespace {

struct job {
  std::function<void()> work;
  std::function<void()> done;
};

/// Keeps the thread, and what it holds, as it is until the process ends.
[[noreturn]] void stay_for_ever() {
  for (;;) ::pause();
}

}  // namespace

struct worker_pool::shared_state {
  explicit shared_state(std::size_t most) : threads_max(most) {}

  const std::size_t threads_max;
  std::mutex mutex;  // guards all that follows
  std::condition_variable has_job;
  std::condition_variable has_ended;
  std::deque<job> waiting;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool is_stopping = false;
  bool is_abandoned = false;
};

worker_pool::worker_pool(std::size_t threads_max)
    : state_(std::make_shared<shared_state>(threads_max)) {}

worker_pool::~worker_pool() { stop({}); }

void worker_pool::submit(std::function<void()> work, std::function<void()> done) {
  const std::lock_guard lock{state_->mutex};
  if (state_->is_stopping) return;
  state_->waiting.push_back({std::move(work), std::move(done)});
  if (state_->idle >= state_->waiting.size() || state_->threads == state_->threads_max)
    return state_->has_job.notify_one();
  std::thread thread{[state = state_] { run(state); }};
  ::pthread_setname_np(thread.native_handle(), "troupe.worker");
  thread.detach();
  ++state_->threads;
}

void worker_pool::run(const std::shared_ptr<shared_state>& state) {
  std::unique_lock lock{state->mutex};
  for (;;) {
    ++state->idle;
    state->has_job.wait(lock, [&] { return !state->waiting.empty() || state->is_stopping; });
    --state->idle;
    if (state->is_stopping) break;
    job next = std::move(state->waiting.front());
    state->waiting.pop_front();
    lock.unlock();
    next.work();
    lock.lock();
    if (state->is_abandoned) {
      lock.unlock();
      stay_for_ever();
    }
    next.done();  // under the lock: stop() returns before or after it
    next = {};
  }
  --state->threads;
  state->has_ended.notify_all();
}

bool worker_pool::stop(std::chrono::milliseconds patience) {
  std::deque<job> dropped;
  std::unique_lock lock{state_->mutex};
  state_->is_stopping = true;
  dropped.swap(state_->waiting);
  state_->has_job.notify_all();
  lock.unlock();
  dropped.clear();  // without the lock: who knows what it releases
  lock.lock();
  state_->is_abandoned =
      !state_->has_ended.wait_for(lock, patience, [this] { return state_->threads == 0; });
  return !state_->is_abandoned;
}

}  // namespace troupe
