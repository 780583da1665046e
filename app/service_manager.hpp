// Tells the service manager that has started this process (systemd, Type=notify) when the node
// serves, when it stops, and that it lives. Each is a datagram to the socket that NOTIFY_SOCKET
// names; without it, nothing is sent. Source: sd_notify(3), sd_watchdog_enabled(3).
// Thread: any.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

class service_manager {
 public:
  /// From the values of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; null: not set.
  service_manager(const char* socket, const char* watchdog_microseconds, const char* watchdog_pid);
  static service_manager of_this_process();

  /// Sends one or more lines "NAME=value". Returns whether they were sent; a failure harms nobody
  /// but the manager's opinion, which has time limits of its own.
  bool tell(std::string_view lines) const;

  /// How often the process must report that it lives, WATCHDOG=1: half of what the manager waits.
  /// Nothing if it does not wait for that.
  std::optional<std::chrono::microseconds> watchdog_interval() const noexcept { return interval_; }

 private:
  std::string socket_;  ///< A path, or @ and the name of an abstract socket; empty: nobody listens.
  std::optional<std::chrono::microseconds> interval_;
};

}  // namespace troupe
