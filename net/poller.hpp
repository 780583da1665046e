// Which sockets can be read or written: epoll, level-triggered, with one registration for the life
// of a socket. Beside Asio's own reactor because that arms a socket anew, with a system call and an
// operation object, for each message that is waited for; here a message costs neither.
//
// Owner: an io_unit, which waits for the poller's descriptor with Asio. Thread: the unit's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

namespace troupe {

/// What a socket is watched for, and what it is found to be.
struct readiness {
  bool readable = false;
  bool writable = false;
  bool failed = false;  ///< An error, or both directions are at their end. Always watched for.
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
  void change(int socket, pollable& who, readiness interest) noexcept;
  /// Afterwards `who` hears nothing more, not even of what has been found already. Before the
  /// socket is closed.
  void remove(int socket, pollable& who) noexcept;

  /// Tells each socket that is ready; does not wait. Returns how many there were.
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
