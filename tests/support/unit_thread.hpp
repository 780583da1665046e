// An io_unit on a thread of its own, in steps that a test can wait for. What runs on the unit has
// happened before settle() returns, so a test may look at it without locks.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "net/io_unit.hpp"

namespace troupe::test {

class unit_thread {
 public:
  unit_thread() : thread_([this] { unit.run(); }) {}
  unit_thread(const unit_thread&) = delete;
  unit_thread& operator=(const unit_thread&) = delete;
  ~unit_thread() { stop(); }

  /// Ends every connection, then the thread.
  void stop() {
    if (!thread_.joinable()) return;
    unit.stop();
    thread_.join();
  }

  /// Runs `work` on the unit and waits for its end.
  void run(std::function<void()> work) {
    std::promise<void> done;
    unit.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Waits until the unit has gone through its rounds a few times: sockets that are ready have been
  /// told, what was put off is done, output is written.
  void settle() {
    std::promise<void> done;
    // More handlers than a few rounds take, each of which posts the next.
    constexpr int handlers = 1000;
    post_chain(handlers, done);
    done.get_future().wait();
  }

  /// Every round is a turn.
  io_unit unit{io_unit::clock::duration::zero()};

 private:
  void post_chain(int left, std::promise<void>& done) {
    unit.post([this, left, &done] {
      if (left == 0)
        done.set_value();
      else
        post_chain(left - 1, done);
    });
  }

  std::thread thread_;
};

}  // namespace troupe::test
