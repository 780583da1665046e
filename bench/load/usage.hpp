// What processes use, read from /proc: CPU time of the server or of all servers together, their
// memory, and how busy the machine was otherwise. CPU time counts what the kernel does for a thread
// as well, down to the receiver's side of a loopback socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::load {

/// One reading. Only the difference of two readings has a meaning.
struct usage {
  std::chrono::steady_clock::time_point at;
  std::chrono::nanoseconds server_cpu{};                 ///< All servers.
  std::vector<std::chrono::nanoseconds> cpu_of_servers;  ///< Each, in the order they were named.
  std::chrono::nanoseconds own_cpu{};
  std::chrono::nanoseconds machine_cpu{};  ///< All cores, in steps of 10 ms.
  std::uint64_t server_memory = 0;         ///< Resident bytes.
};

class usage_probe {
 public:
  /// Without a process the server's figures stay zero.
  explicit usage_probe(std::vector<pid_t> servers) : servers_(std::move(servers)) {}

  usage read() const;
  bool has_server() const noexcept { return !servers_.empty(); }
  /// Whether all processes exist and may be inspected.
  bool is_readable() const;

 private:
  std::vector<pid_t> servers_;
};

}  // namespace troupe::load
