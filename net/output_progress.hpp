// Whether a peer takes what is sent to it, over a link that may be slow: the kernel reports a
// socket writable in steps of hundreds of kilobytes, which can be further apart than any patience,
// and a pong waits behind all that was sent before its ping. So what the peer has acknowledged
// counts, for the output as progress and for the peer as life. Pure: time and totals are passed in,
// about once a second. Owner: one connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace troupe {

class output_progress {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// From so many bytes on, what is on its way counts as more than a moment's.
  static constexpr std::uint64_t backlog_min = 16 * 1024;

  /// What is known at a tick. `consumed`: bytes that the socket has taken in all; `written` and
  /// `acknowledged`: the same on the wire, and how much of it has reached the peer.
  struct look {
    time_point now;
    bool has_queue = false;
    std::uint64_t consumed = 0;
    std::uint64_t written = 0;
    std::uint64_t acknowledged = 0;
  };

  /// Whether it is worth asking the system how much is acknowledged: something is queued, or much
  /// was sent to a peer from which nothing has come for a second.
  bool needs_look(time_point now, bool has_queue, std::uint64_t consumed,
                  time_point last_received) const noexcept {
    const bool is_silent = now - last_received >= std::chrono::seconds{1};
    return has_queue || (is_silent && consumed - settled_ >= backlog_min);
  }

  /// Nothing is queued and nobody has looked. `last_received`: later than the last acknowledgement,
  /// that need not be known any more.
  void on_idle(time_point last_received) noexcept {
    if (!watch_) return;
    watch_->has_looked = false;
    if (last_received >= watch_->acknowledged_at) watch_.reset();
  }

  /// The process has stood still: nobody could look.
  void restart(time_point now) noexcept {
    if (watch_) watch_->progress_at = now;
  }

  /// The first look only begins the watch: how old its news is, is not known. Life is what a peer
  /// acknowledges of a backlog: a peer whose program hangs has a system that takes a little more.
  void on_look(const look& at) {
    if (!watch_) watch_ = std::make_unique<watch>();
    const bool has_grown = watch_->has_looked && at.acknowledged > watch_->acknowledged;
    if (has_grown && watch_->was_backlogged) watch_->acknowledged_at = at.now;
    if (!at.has_queue || has_grown || !watch_->has_looked || at.consumed != watch_->consumed)
      watch_->progress_at = at.now;
    if (at.acknowledged == at.written) settled_ = at.consumed;
    watch_->has_looked = true;
    watch_->was_backlogged = at.has_queue || at.written - at.acknowledged >= backlog_min;
    watch_->consumed = at.consumed;
    watch_->acknowledged = at.acknowledged;
  }

  /// Whether what is queued has not moved for too long.
  bool is_stalled(time_point now, duration longest) const noexcept {
    return watch_ && now - watch_->progress_at > longest;
  }

  /// When the peer was last seen to acknowledge some of a backlog.
  time_point acknowledged_at() const noexcept {
    return watch_ ? watch_->acknowledged_at : time_point{};
  }

 private:
  struct watch {
    time_point progress_at;
    time_point acknowledged_at{};
    std::uint64_t consumed = 0;  // at the last look, as is the next
    std::uint64_t acknowledged = 0;
    bool has_looked = false;  // and has not been idle since
    bool was_backlogged = false;
  };

  std::uint64_t settled_ = 0;     // consumed, when all of it was acknowledged
  std::unique_ptr<watch> watch_;  // while there is something to look at: most of the time not
};

}  // namespace troupe
