// Which HTTP connections of a listener wait for a request: those that have sent nothing, or half of
// one. Where sockets are few, the one that has waited longest makes room for a newcomer, so that
// clients that only hold a socket keep nobody out. Owned by the http_service. Any thread.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <utility>

namespace troupe {

class waiting_requests {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A request that is under way, or a client between two of them, is left alone for so long.
  static constexpr std::chrono::seconds patience{1};

  /// Notes that it waits from now on; if it does already, that does not make it younger. `end`
  /// closes its socket on the thread of its unit, if it still waits then.
  void add(const void* connection, time_point now, std::function<void()> end) {
    const std::lock_guard lock{mutex_};
    for (const entry& each : waiting_)
      if (each.connection == connection) return;
    waiting_.push_back({connection, now, std::move(end)});
  }

  void remove(const void* connection) {
    const std::lock_guard lock{mutex_};
    waiting_.remove_if([&](const entry& each) { return each.connection == connection; });
  }

  /// Ends the one that has waited longest, if that is longer than `patience`.
  void end_oldest(time_point now) {
    std::function<void()> end;
    {
      const std::lock_guard lock{mutex_};
      if (waiting_.empty() || now - waiting_.front().since < patience) return;
      end = std::move(waiting_.front().end);
      waiting_.pop_front();
    }
    end();
  }

 private:
  struct entry {
    const void* connection = nullptr;
    time_point since;
    std::function<void()> end;
  };

  std::mutex mutex_;
  std::list<entry> waiting_;  // the oldest first
};

}  // namespace troupe
