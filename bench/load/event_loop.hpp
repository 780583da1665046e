// The one thread of the generator: waits for sockets, passes events to them, and once per turn
// sends what they gathered. A turn ends with at most one send for each connection, as in a client
// that is busy.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace troupe::load {

using loop_clock = std::chrono::steady_clock;

class connection;

class event_loop {
 public:
  event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop();

  /// Sends what waits, then waits for events until `until` at most, and handles them.
  void turn(loop_clock::time_point until);

  /// Turns until `is_done()` or `deadline`; returns whether it was done.
  template <class Done>
  bool turn_until(Done&& is_done, loop_clock::time_point deadline) {
    while (!is_done()) {
      if (loop_clock::now() >= deadline) return false;
      turn(std::min(deadline, loop_clock::now() + longest_turn));
    }
    return true;
  }

  void watch(int fd, connection& owner, std::uint32_t events);
  void change(int fd, connection& owner, std::uint32_t events);
  void flush_later(connection& which) { to_flush_.push_back(&which); }

  /// When the last bytes were read.
  loop_clock::time_point now() const noexcept { return now_; }
  void refresh() noexcept { now_ = loop_clock::now(); }

  /// The buffer that connections read into; nothing stays in it.
  std::vector<std::uint8_t>& scratch() noexcept { return scratch_; }

 private:
  static constexpr std::chrono::milliseconds longest_turn{10};

  int epoll_ = -1;
  loop_clock::time_point now_ = loop_clock::now();
  std::vector<connection*> to_flush_;
  std::vector<connection*> flushing_;  // kept for its memory
  std::vector<std::uint8_t> scratch_;
};

}  // namespace troupe::load
