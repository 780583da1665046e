#include "net/poller.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace troupe {

namespace {

epoll_event to_event(pollable& who, readiness interest) noexcept {
  epoll_event event{};
  event.events = (interest.readable ? EPOLLIN : 0U) | (interest.writable ? EPOLLOUT : 0U);
  event.data.ptr = &who;
  return event;
}

}  // namespace

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error{errno, std::system_category(), "epoll_create1"};
}

poller::~poller() { ::close(epoll_); }

bool poller::add(int socket, pollable& who, readiness interest) noexcept {
  epoll_event event = to_event(who, interest);
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0;
}

bool poller::add_signal(int event, pollable& who) noexcept {
  epoll_event signal{};
  signal.events = EPOLLIN | EPOLLET;
  signal.data.ptr = &who;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, event, &signal) == 0;
}

void poller::change(int socket, pollable& who, readiness interest) noexcept {
  epoll_event event = to_event(who, interest);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event);
}

void poller::remove(int socket, pollable& who) noexcept {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  for (std::size_t i = found_at_; i < found_size_; ++i)
    if (found_[i].data.ptr == &who) found_[i].data.ptr = nullptr;
}

std::size_t poller::poll() {
  const int count = ::epoll_wait(epoll_, found_.data(), static_cast<int>(found_.size()), 0);
  if (count <= 0) return 0;
  found_size_ = static_cast<std::size_t>(count);
  for (found_at_ = 0; found_at_ < found_size_;) {
    const epoll_event event = found_[found_at_++];
    if (event.data.ptr == nullptr) continue;
    static_cast<pollable*>(event.data.ptr)
        ->on_ready({.readable = (event.events & EPOLLIN) != 0,
                    .writable = (event.events & EPOLLOUT) != 0,
                    .failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0});
  }
  return std::exchange(found_size_, 0);
}

}  // namespace troupe
