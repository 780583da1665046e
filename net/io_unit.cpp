#include "net/io_unit.hpp"

#include <optional>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "net/asio.hpp"

namespace troupe {
namespace {

constexpr int handlers_per_turn_max = 128;
constexpr std::size_t messages_per_resume_max = 64;

}  // namespace

struct io_unit::loop {
  asio::io_context context{1};
  asio::executor_work_guard<io_executor> guard = asio::make_work_guard(context);
  io_timer timer{context};
};

io_unit::io_unit() : loop_(std::make_unique<loop>()) {}

io_unit::~io_unit() = default;

boost::asio::io_context& io_unit::context() noexcept { return loop_->context; }

void io_unit::exec_later(caf::resumable* job) {
  if (job->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(job);
    return;
  }
  {
    const std::lock_guard lock{inbox_mutex_};
    inbox_.push_back(job);
    if (std::exchange(inbox_posted_, true)) return;
  }
  asio::post(loop_->context, [this] { drain_inbox(); });
}

void io_unit::run() {
  thread_ = std::this_thread::get_id();
  if (!ticks_.empty()) arm_tick();
  while (loop_->context.run_one() != 0) {
    for (int handlers = 1; handlers < handlers_per_turn_max && loop_->context.poll_one() != 0;
         ++handlers) {
    }
    flush_dirty();
    now_ = {};
  }
}

void io_unit::drain_inbox() {
  {
    const std::lock_guard lock{inbox_mutex_};
    running_.swap(inbox_);
    inbox_posted_ = false;
  }
  for (caf::resumable* job : running_) {
    switch (job->resume(this, messages_per_resume_max)) {
      case caf::resumable::resume_later: exec_later(job); break;  // keeps the reference
      case caf::resumable::shutdown_execution_unit: break;
      default: caf::intrusive_ptr_release(job);
    }
  }
  running_.clear();
}

void io_unit::flush_dirty() {
  flushing_.swap(dirty_);
  for (const auto& member : flushing_) member->flush();
  flushing_.clear();
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
  ticks_.push_back(std::move(callback));
  if (ticks_.size() == 1 && on_own_thread()) arm_tick();
}

void io_unit::arm_tick() {
  loop_->timer.expires_after(std::chrono::seconds{1});
  loop_->timer.async_wait([this](error_code failed) {
    if (!failed) on_tick();
  });
}

void io_unit::on_tick() {
  // By index: a callback may add another one.
  for (std::size_t i = 0; i < ticks_.size(); ++i) {
    const tick callback = ticks_[i];
    callback(now());
  }
  if (!finishing_) arm_tick();
}

void io_unit::add(std::shared_ptr<unit_member> member) {
  if (stopping_) return post([member = std::move(member)] { member->terminate_now(); });
  members_.insert(std::move(member));
}

void io_unit::terminate_not_upgraded() {
  const auto members = std::vector(members_.begin(), members_.end());
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
  loop_->guard.reset();
}

void io_unit::stop() {
  asio::post(loop_->context, [this] {
    stopping_ = true;
    finish_here();
    const auto members = std::vector(members_.begin(), members_.end());
    for (const auto& member : members) member->terminate_now();
  });
}

}  // namespace troupe
