#include "actors/worker_pool.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include <catch2/catch_test_macros.hpp>

namespace troupe::worker_pool_test {

using namespace std::chrono_literals;

namespace {

/// Work that does not return before it is let go.
class gate {
 public:
  std::function<void()> work() {
    return [this, wait = opened_.get_future().share()] {
      begun_.set_value();
      wait.wait();
    };
  }
  void wait_until_begun() { begun_.get_future().wait(); }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> begun_;
  std::promise<void> opened_;
};

}  // namespace

TEST_CASE("work is done on another thread, then what is to follow it", "[worker]") {
  worker_pool pool{2};
  std::promise<std::thread::id> worked;
  std::promise<void> done;
  pool.submit([&] { worked.set_value(std::this_thread::get_id()); }, [&] { done.set_value(); });
  CHECK(worked.get_future().get() != std::this_thread::get_id());
  done.get_future().wait();
  CHECK(pool.stop(10s));
}

TEST_CASE("what finds no free thread waits, and one that is busy holds back no other", "[worker]") {
  worker_pool pool{2};
  gate first;
  pool.submit(first.work(), [] {});
  first.wait_until_begun();
  std::promise<void> passed;
  pool.submit([] {}, [&] { passed.set_value(); });
  passed.get_future().wait();

  gate second;
  pool.submit(second.work(), [] {});
  second.wait_until_begun();
  std::atomic<bool> has_run = false;
  std::promise<void> waited;
  pool.submit([&] { has_run = true; }, [&] { waited.set_value(); });
  CHECK_FALSE(has_run);
  first.open();
  waited.get_future().wait();
  CHECK(has_run);
  second.open();
  CHECK(pool.stop(10s));
}

TEST_CASE("a pool that stops drops what waits and ends its idle threads", "[worker]") {
  worker_pool pool{1};
  gate only;
  bool has_run = false;
  pool.submit(only.work(), [] {});
  only.wait_until_begun();
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> watched = held;
  pool.submit([&, held = std::move(held)] { has_run = true; }, [&] { has_run = true; });
  std::thread later{[&] {
    while (!watched.expired()) std::this_thread::yield();  // it was dropped
    only.open();
  }};
  CHECK(pool.stop(10s));
  later.join();
  pool.submit([&] { has_run = true; }, [&] { has_run = true; });
  CHECK_FALSE(has_run);
}

TEST_CASE("a stop does not wait for a worker that does not return, which then touches nothing",
          "[worker]") {
  // Neither is ever released: the thread stays as it is until the process ends.
  static auto* const stuck = new gate;
  static std::atomic<bool> has_followed = false;
  worker_pool pool{1};
  pool.submit(stuck->work(), [] { has_followed = true; });
  stuck->wait_until_begun();
  CHECK_FALSE(pool.stop(1ms));
  stuck->open();
  CHECK_FALSE(pool.stop(20ms));
  CHECK_FALSE(has_followed);
}

TEST_CASE("a node has a worker for each core that no I/O thread takes, and two at least",
          "[worker]") {
  CHECK(worker_count(1, 1) == 2);
  CHECK(worker_count(2, 1) == 2);
  CHECK(worker_count(4, 1) == 3);
  CHECK(worker_count(8, 2) == 6);
  CHECK(worker_count(2, 16) == 2);
}

}  // namespace troupe::worker_pool_test
