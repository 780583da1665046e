#include "net/unit_inbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace troupe {

unit_inbox::unit_inbox(poller& sockets)
    : poller_(sockets), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_ < 0) throw std::system_error{errno, std::system_category(), "eventfd"};
  if (!poller_.add_signal(event_, *this)) {
    const int error = errno;
    ::close(event_);
    throw std::system_error{error, std::system_category(), "epoll_ctl"};
  }
}

unit_inbox::~unit_inbox() {
  poller_.remove(event_, *this);
  ::close(event_);
}

// Either the unit sees what was put, or its wait is seen here: both are written before the other is
// read, in one order for all threads.
bool unit_inbox::put(caf::resumable* job) {
  {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(job);
  }
  has_jobs_.store(true);
  return is_waiting_.load() && is_waiting_.exchange(false);
}

void unit_inbox::wake() noexcept {
  const std::uint64_t one = 1;
  // It is never read, so it can only fail when it is full, and then it was written.
  [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

std::size_t unit_inbox::take(std::vector<caf::resumable*>& to) {
  if (!has_jobs_.load(std::memory_order_acquire)) return 0;
  has_jobs_.store(false);
  const std::lock_guard lock{mutex_};
  const std::size_t count = jobs_.size();
  to.insert(to.end(), jobs_.begin(), jobs_.end());
  jobs_.clear();
  return count;
}

bool unit_inbox::begin_waiting() noexcept {
  is_waiting_.store(true);
  if (!has_jobs_.load()) return true;
  end_waiting();
  return false;
}

}  // namespace troupe
