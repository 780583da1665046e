// Which HTTP connections of a listener wait for a request: those that have sent nothing, or half of
// one. Where sockets are few, the one that has waited longest makes room for a newcomer, so that
// clients that only hold a socket keep nobody out. Owned by the http_service. Any thread.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <utility>

namespace troupe {

class waiting_requests {
 public:
  /// Notes that it waits from now on; if it does already, that does not make it younger. `end`
  /// closes its socket on the thread of its unit, or asks for room again if it waits no longer.
  void add(const void* connection, std::function<void()> end) {
    {
      const std::lock_guard lock{mutex_};
      for (const auto& each : waiting_)
        if (each.first == connection) return;
      if (!std::exchange(is_room_wanted_, false)) {
        waiting_.emplace_back(connection, std::move(end));
        return;
      }
    }
    end();
  }

  void remove(const void* connection) {
    const std::lock_guard lock{mutex_};
    waiting_.remove_if([&](const auto& each) { return each.first == connection; });
  }

  /// Ends the one that has waited longest; if none waits, the next one that does.
  void make_room() {
    std::function<void()> end;
    {
      const std::lock_guard lock{mutex_};
      is_room_wanted_ = waiting_.empty();
      if (is_room_wanted_) return;
      end = std::move(waiting_.front().second);
      waiting_.pop_front();
    }
    end();
  }

  /// A socket was closed.
  void on_room() {
    const std::lock_guard lock{mutex_};
    is_room_wanted_ = false;
  }

 private:
  std::mutex mutex_;
  std::list<std::pair<const void*, std::function<void()>>> waiting_;
  bool is_room_wanted_ = false;
};

}  // namespace troupe
