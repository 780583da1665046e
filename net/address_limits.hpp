// How many connections one remote address may hold, and how fast it may open them. Loopback is
// exempt: that is where a proxy stands, which brings many clients. Thread: any; a place may be
// given back on another thread than it was taken on.
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
  too_many,  ///< The address has as many connections as it may.
  too_fast,  ///< It opens them faster than it may.
};

/// One connection of an address, counted until this is destroyed. Empty where nothing is counted.
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

  /// Decides over a new connection. The places outlive the object if need be.
  decision admit(const std::string& address, time_point now);

  /// How many addresses are remembered; those without connections are forgotten by and by.
  std::size_t address_count() const;

 private:
  struct table;
  std::shared_ptr<table> table_;
};

/// Whether the address, in its usual notation, is this machine's loopback: 127.0.0.0/8, ::1, or the
/// former as an IPv6 address.
bool is_loopback_address(const std::string& address) noexcept;

}  // namespace troupe
