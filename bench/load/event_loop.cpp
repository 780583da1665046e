#include "bench/load/event_loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "bench/load/connection.hpp"

namespace troupe::load {

namespace {

constexpr std::size_t scratch_size = std::size_t{256} << 10;
constexpr std::size_t events_per_turn = 512;

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

timespec time_left(loop_clock::time_point until) {
  const auto left = std::max(loop_clock::duration::zero(), until - loop_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {static_cast<time_t>(seconds.count()),
          static_cast<long>(std::chrono::nanoseconds{left - seconds}.count())};
}

}  // namespace

event_loop::event_loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), scratch_(scratch_size) {
  if (epoll_ < 0) throw_errno("epoll_create1");
}

event_loop::~event_loop() { ::close(epoll_); }

void event_loop::turn(loop_clock::time_point until) {
  flushing_.swap(to_flush_);
  for (connection* const each : flushing_) each->flush();
  flushing_.clear();

  std::array<epoll_event, events_per_turn> events;
  const timespec timeout = time_left(until);
  const int count = ::epoll_pwait2(epoll_, events.data(), events_per_turn, &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw_errno("epoll_pwait2");
  for (int i = 0; i < count; ++i)
    static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr)
        ->on_ready(events[static_cast<std::size_t>(i)].events);
}

void event_loop::watch(int fd, connection& owner, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &owner;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("epoll_ctl");
}

void event_loop::change(int fd, connection& owner, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &owner;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) throw_errno("epoll_ctl");
}

}  // namespace troupe::load
