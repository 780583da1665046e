#include "net/io_unit.hpp"

#include <fcntl.h>

#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "net/asio.hpp"

namespace troupe {
namespace {

constexpr std::size_t handlers_per_round_max = 128;
constexpr std::size_t messages_per_resume_max = 64;
/// How long a unit writes before other work has its turn: some megabytes to many new clients.
constexpr std::chrono::milliseconds flush_time_max{3};
/// How many connections are flushed from one look at the clock to the next.
constexpr std::size_t flushes_per_look = 8;
/// What one read takes from a socket, and so the most that a paused connection may have to keep.
constexpr std::size_t read_size = 32 * 1024;

}  // namespace

struct io_unit::loop {
  asio::io_context context{1};
  asio::executor_work_guard<io_executor> guard = asio::make_work_guard(context);
  io_timer timer{context};
  asio::posix::basic_stream_descriptor<io_executor> sockets{context};
};

io_unit::io_unit(clock::duration flush_interval)
    : loop_(std::make_unique<loop>()), flush_interval_(flush_interval), read_buffer_(read_size) {
  // Asio closes what it is assigned; the poller keeps its own.
  const int descriptor = ::fcntl(poller_.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) throw std::system_error{errno, std::system_category(), "dup"};
  loop_->sockets.assign(descriptor);
}

io_unit::~io_unit() = default;

boost::asio::io_context& io_unit::context() noexcept { return loop_->context; }

void io_unit::exec_later(caf::resumable* job) {
  if (job->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(job);
    return;
  }
  if (on_own_thread()) {
    ready_.push_back(job);
    return;
  }
  if (!inbox_.put(job)) return;
  if (!has_no_sockets_.load()) return inbox_.wake();
  asio::post(loop_->context, [] {});  // the next round looks into the inbox
}

void io_unit::run() {
  thread_ = std::this_thread::get_id();
  if (!ticks_.empty()) arm_tick();
  for (;;) {
    if (run_round()) {
      if (is_flush_due()) flush_dirty();
      continue;
    }
    flush_dirty();
    const bool is_idle = ready_.empty() && deferred_.empty() && dirty_.empty();
    if (is_idle && !wait() && inbox_.take(ready_) == 0) return;
  }
}

/// Returns whether there was any work.
bool io_unit::run_round() {
  now_ = {};
  inbox_.take(ready_);
  std::size_t done = run_actors() + run_deferred();
  for (std::size_t i = 0; i < handlers_per_round_max && loop_->context.poll_one() != 0; ++i) ++done;
  done += poller_.poll();
  if (dirty_.empty()) dirty_since_ = {};
  return done > 0;
}

/// Waits for the next event and handles it. Returns false when there will be none.
bool io_unit::wait() {
  arm_poller();
  if (!inbox_.begin_waiting()) return true;
  now_ = {};
  const bool was_any = loop_->context.run_one() != 0;
  inbox_.end_waiting();
  return was_any;
}

std::size_t io_unit::run_actors() {
  std::size_t done = 0;
  while (!ready_.empty() && done < handlers_per_round_max) {
    running_.swap(ready_);
    done += running_.size();
    for (caf::resumable* job : running_) {
      switch (job->resume(this, messages_per_resume_max)) {
        case caf::resumable::resume_later: exec_later(job); break;  // keeps the reference
        case caf::resumable::shutdown_execution_unit: break;
        default: caf::intrusive_ptr_release(job);
      }
    }
    running_.clear();
  }
  return done;
}

std::size_t io_unit::run_deferred() {
  if (deferred_.empty()) return 0;
  const auto members = std::exchange(deferred_, {});
  for (const auto& member : members) member->on_deferred();
  return members.size();
}

bool io_unit::is_flush_due() {
  if (dirty_.empty()) return false;
  if (dirty_since_ == clock::time_point{}) dirty_since_ = now();
  return clock::now() - dirty_since_ >= flush_interval_;
}

void io_unit::flush_dirty() {
  dirty_since_ = {};
  flushing_.swap(dirty_);
  const clock::time_point end = clock::now() + flush_time_max;
  std::size_t done = 0;
  while (done < flushing_.size()) {
    flushing_[done++]->flush();
    if (done % flushes_per_look == 0 && clock::now() >= end) break;
  }
  if (done < flushing_.size()) put_off(done);
  flushing_.clear();
}

/// Output that this turn has not written comes first in the next turn, after one round.
void io_unit::put_off(std::size_t first) {
  dirty_.insert(dirty_.begin(),
                std::make_move_iterator(flushing_.begin() + static_cast<std::ptrdiff_t>(first)),
                std::make_move_iterator(flushing_.end()));
  dirty_since_ = clock::time_point{clock::duration{1}};
}

void io_unit::arm_poller() {
  if (!loop_->sockets.is_open() || std::exchange(poller_armed_, true)) return;
  loop_->sockets.async_wait(asio::posix::descriptor_base::wait_read, [this](error_code failed) {
    poller_armed_ = false;
    if (!failed) poller_.poll();
  });
}

io_unit::clock::time_point io_unit::now() noexcept {
  if (now_ == clock::time_point{}) now_ = clock::now();
  return now_;
}

void io_unit::post(std::function<void()> work) { asio::post(loop_->context, std::move(work)); }

void io_unit::call_later(std::chrono::milliseconds delay, std::function<void()> work) {
  auto timer = std::make_shared<io_timer>(loop_->context, delay);
  timer->async_wait([timer, work = std::move(work)](const error_code& error) {
    if (!error) work();
  });
}

void io_unit::every_second(tick callback) {
  if (finishing_) return;
  ticks_.push_back(std::make_shared<const tick>(std::move(callback)));
  if (ticks_.size() == 1 && on_own_thread()) arm_tick();
}

void io_unit::arm_tick() {
  loop_->timer.expires_after(std::chrono::seconds{1});
  loop_->timer.async_wait([this](error_code failed) {
    if (!failed) on_tick();
  });
}

void io_unit::on_tick() {
  // By index: a callback may add another one, or end them all.
  for (std::size_t i = 0; i < ticks_.size(); ++i) {
    const auto callback = ticks_[i];
    (*callback)(now());
  }
  if (!finishing_) arm_tick();
}

void io_unit::add(std::shared_ptr<unit_member> member) {
  if (stopping_) post([member] { member->terminate_now(); });
  member->place_ = members_.size();
  members_.push_back(std::move(member));
  connection_count_.store(members_.size(), std::memory_order_relaxed);
}

void io_unit::remove(const std::shared_ptr<unit_member>& member) {
  const std::size_t place = member->place_;
  if (place >= members_.size() || members_[place] != member) return;  // it was never added
  // The last one takes the place; the member itself may be the argument's only other owner.
  const auto removed = std::exchange(members_[place], std::move(members_.back()));
  members_.pop_back();
  if (place < members_.size()) members_[place]->place_ = place;
  connection_count_.store(members_.size(), std::memory_order_relaxed);
  end_if_empty();
}

void io_unit::terminate_not_upgraded() {
  const auto members = members_;  // that end leave the list
  for (const auto& member : members) {
    if (!member->is_upgraded()) member->terminate_now();
  }
}

void io_unit::finish() {
  asio::post(loop_->context, [this] { finish_here(); });
}

void io_unit::finish_here() {
  finishing_ = true;
  ticks_.clear();
  loop_->timer.cancel();
  end_if_empty();
}

/// Waiting for sockets would keep run() forever; without connections nothing can happen.
void io_unit::end_if_empty() {
  if (!finishing_ || !members_.empty()) return;
  error_code ignored;
  has_no_sockets_ = true;
  loop_->sockets.close(ignored);
  loop_->guard.reset();
}

void io_unit::stop() {
  asio::post(loop_->context, [this] {
    stopping_ = true;
    finish_here();
    const auto members = members_;  // that end leave the list
    for (const auto& member : members) member->terminate_now();
  });
}

}  // namespace troupe
