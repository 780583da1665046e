// One I/O thread: an Asio io_context that exactly one thread runs, which is also an execution unit
// of CAF. Actors pinned to it (io_actor.hpp) run between socket events on the same thread, so a
// session and its socket need no locks.
//
// The unit works in rounds: actors with messages, handlers of Asio, ready sockets. A turn ends when
// a round finds nothing more to do or the flush interval has passed: the unit then flushes each
// connection that has new output. However many frames a turn pushed to a connection, writing them
// costs one system call; an idle unit writes at once, a busy one gathers.
//
// Owner: main, declared before the actor_system, which it outlives. Thread: the one in run(),
// unless noted otherwise. Invariant: handlers and callbacks do not throw. It does not know which
// protocols its connections speak.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <caf/execution_unit.hpp>
#include <caf/fwd.hpp>

#include "net/connection_memory.hpp"
#include "net/poller.hpp"
#include "net/unit_inbox.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe {

/// A connection as its unit sees it.
class unit_member {
 public:
  virtual ~unit_member() = default;

  /// Writes what was queued during the turn. Called once after each defer_flush turn.
  virtual void flush() = 0;

  /// Does what the member postponed with io_unit::defer.
  virtual void on_deferred() {}

  /// Ends the connection at once, without a close frame. Must lead to io_unit::remove.
  virtual void terminate_now() = 0;

  /// Whether it is a WebSocket already, not an HTTP connection.
  virtual bool is_upgraded() const noexcept = 0;

 private:
  friend class io_unit;
  std::size_t place_ = 0;  // among the members of its unit
};

class io_unit final : public caf::execution_unit {
 public:
  using clock = std::chrono::steady_clock;
  using tick = std::function<void(clock::time_point now)>;

  /// How long a busy unit may gather output before it writes (io.flush_interval). Zero: every round
  /// is a turn.
  explicit io_unit(clock::duration flush_interval = std::chrono::milliseconds{5});
  ~io_unit() override;
  io_unit(const io_unit&) = delete;
  io_unit& operator=(const io_unit&) = delete;

  /// Connects the unit with the actor system whose actors it runs. Requires: before the first spawn
  /// on it.
  void bind(caf::actor_system& system) { system_ = &system; }

  /// Schedules an actor: a pinned one on this unit, any other on CAF's workers. Thread: any.
  void exec_later(caf::resumable* job) override;

  /// The thread body. Returns after finish(), when the last connection is gone and no handler is
  /// pending.
  void run();

  /// Lets run() return once the last connection is gone; ticks end and their callbacks are
  /// released. Thread: any. Requires: the pinned actors received their exit message before; the
  /// unit never handles a message that arrives after run() has returned.
  void finish();

  /// finish(), and every connection is terminated at once. Thread: any.
  void stop();

  /// Runs `work` on the unit's thread. Thread: any.
  void post(std::function<void()> work);

  /// Calls `callback` about once a second until finish(). Thread: any before run(), afterwards the
  /// unit's.
  void every_second(tick callback);

  /// Runs `work` on the unit's thread after a delay. run() does not return before. Thread: the
  /// unit's.
  void call_later(std::chrono::milliseconds delay, std::function<void()> work);

  /// Registers a connection to be flushed once at the end of the current turn. Called once per turn
  /// and connection: the connection remembers that it is registered.
  void defer_flush(std::shared_ptr<unit_member> member) { dirty_.push_back(std::move(member)); }

  /// Calls the member's on_deferred() from the loop, before the unit waits again. Thread: the
  /// unit's.
  void defer(std::shared_ptr<unit_member> member) { deferred_.push_back(std::move(member)); }

  /// The sockets of this unit. Thread: the unit's.
  poller& sockets() noexcept { return poller_; }

  /// The buffer for a socket's input; its contents are valid until the callback that read them
  /// returns.
  std::span<std::uint8_t> read_buffer() noexcept { return read_buffer_; }

  /// For the connections of this unit. Thread: any.
  const std::shared_ptr<connection_memory>& memory() const noexcept { return memory_; }

  /// Keeps a connection alive, and run() from ending, until it is removed.
  void add(std::shared_ptr<unit_member> member);
  void remove(const std::shared_ptr<unit_member>& member);

  /// Terminates the connections that have not become WebSockets.
  void terminate_not_upgraded();

  /// The time of the current round, read from the clock once per round.
  clock::time_point now() noexcept;

  bool on_own_thread() const noexcept {
    return std::this_thread::get_id() == thread_.load(std::memory_order_relaxed);
  }

  /// How many connections live on this unit, or did a moment ago if asked from another thread.
  /// Thread: any.
  std::size_t connection_count() const noexcept {
    return connection_count_.load(std::memory_order_relaxed);
  }

  boost::asio::io_context& context() noexcept;

 private:
  struct loop;  // what needs Asio

  bool run_round();
  bool wait();
  std::size_t run_actors();
  std::size_t run_deferred();
  bool is_flush_due();
  void flush_dirty();
  void put_off(std::size_t first);
  void arm_poller();
  void arm_tick();
  void on_tick();
  void finish_here();
  void end_if_empty();

  std::shared_ptr<connection_memory> memory_ = std::make_shared<connection_memory>();
  std::unique_ptr<loop> loop_;
  std::atomic<std::thread::id> thread_;  // none before run()
  const clock::duration flush_interval_;
  poller poller_;
  std::vector<std::uint8_t> read_buffer_;

  unit_inbox inbox_{poller_};
  std::atomic<bool> has_no_sockets_{false};  // any more: the poller's descriptor is closed
  std::vector<caf::resumable*> ready_;       // actors to run here, each holds a reference
  std::vector<caf::resumable*> running_;
  std::vector<std::shared_ptr<unit_member>> deferred_;

  std::vector<std::shared_ptr<unit_member>> dirty_;
  std::vector<std::shared_ptr<unit_member>> flushing_;
  std::vector<std::shared_ptr<unit_member>> members_;  // each knows its place
  std::atomic<std::size_t> connection_count_{0};       // members_.size(), for other threads
  std::vector<std::shared_ptr<const tick>> ticks_;     // not copied: they may have a state
  clock::time_point now_{};
  clock::time_point dirty_since_{};
  bool poller_armed_ = false;
  bool finishing_ = false;
  bool stopping_ = false;
};

}  // namespace troupe
