// Which sockets can be read or written: epoll, level-triggered, with one registration for the life
// of a socket. Asio's own reactor arms a socket again for each message, with a system call and an
// operation object; here a message costs neither.
//
// Owner: an io_unit, which waits for the poller's descriptor with Asio. Thread: the unit's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

namespace troupe {

/// What the poller watches a socket for, and what it found.
struct readiness {
  bool readable = false;
  bool writable = false;
  bool failed = false;  ///< An error, or both directions have ended. Always watched.
};

/// The owner of a socket, as the poller sees it.
class pollable {
 public:
  /// May add, change and remove any registration, its own included.
  virtual void on_ready(readiness now) = 0;

 protected:
  ~pollable() = default;
};

class poller {
 public:
  poller();
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Returns whether the system allowed it. Requires: `who` is removed before it ends.
  bool add(int socket, pollable& who, readiness interest) noexcept;
  /// The same for an event file that is only ever written: `who` is called once after writes, which
  /// need not be read.
  bool add_signal(int event, pollable& who) noexcept;
  void change(int socket, pollable& who, readiness interest) noexcept;
  /// Afterwards the poller does not call `who` again, not even for events it has already found.
  /// Requires: the socket is still open.
  void remove(int socket, pollable& who) noexcept;

  /// Calls on_ready() of each ready socket; does not wait. Returns how many there were.
  std::size_t poll();

  /// Readable while any socket is ready.
  int descriptor() const noexcept { return epoll_; }

 private:
  static constexpr std::size_t batch_max = 128;

  int epoll_;
  std::array<epoll_event, batch_max> found_;
  std::size_t found_size_ = 0;
  std::size_t found_at_ = 0;
};

}  // namespace troupe
