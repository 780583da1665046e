// How many connections one remote address may hold, and how fast it may open them. Loopback is
// exempt, because a proxy on this machine brings many clients; the addresses that it names are
// looked at with their upgrades (http_connection). Thread: any; a place may be released
// on another thread than the one that acquired it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace troupe {

struct address_limit_settings {
  std::size_t connections_max = 0;     ///< limits.max_connections_per_address; 0: no limit.
  std::size_t accepts_per_second = 0;  ///< limits.accepts_per_second; 0: no limit.
  std::size_t accept_burst = 1;        ///< limits.accept_burst
};

enum class admission : unsigned char {
  admitted,
  too_many,  ///< The address has reached its number of connections.
  too_fast,  ///< The address opens connections too fast.
};

/// One connection of an address, counted until this is destroyed. Empty if nothing is counted.
using address_place = std::shared_ptr<void>;

class address_limits {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit address_limits(address_limit_settings settings);
  ~address_limits();
  address_limits(const address_limits&) = delete;
  address_limits& operator=(const address_limits&) = delete;

  struct decision {
    admission outcome = admission::admitted;
    address_place place;
  };

  /// Decides whether a new connection is admitted. Places may outlive this object.
  decision admit(const std::string& address, time_point now);

  /// How many addresses the table holds; it drops those without connections from time to time.
  std::size_t address_count() const;

 private:
  struct table;
  std::shared_ptr<table> table_;
};

/// Whether the address, in its usual notation, is this machine's loopback: 127.0.0.0/8, ::1, or
/// 127.0.0.0/8 mapped into IPv6.
bool is_loopback_address(const std::string& address) noexcept;

}  // namespace troupe
