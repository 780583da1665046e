// Connections for reading, a bounded number: who finds none free waits, for a bounded time. A load
// waits for no write that way, which has a connection of its own. Thread: any.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/postgresql/connection.hpp"

namespace troupe::storage::postgresql {

class pool {
 public:
  pool(connection_settings settings, std::size_t connections_max)
      : settings_(std::move(settings)), connections_max_(connections_max) {}
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// A connection that comes back to the pool at its end, unless it was lost.
  class lease {
   public:
    lease(pool& from, std::unique_ptr<connection> taken) : from_(&from), taken_(std::move(taken)) {}
    lease(lease&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), taken_(std::move(other.taken_)) {}
    lease& operator=(lease&&) = delete;
    ~lease() {
      if (from_ != nullptr) from_->give_back(std::move(taken_));
    }
    connection& operator*() const noexcept { return *taken_; }
    connection* operator->() const noexcept { return taken_.get(); }

   private:
    pool* from_;
    std::unique_ptr<connection> taken_;
  };

  /// Fails with storage_failed if none is free for the timeout of a statement, or a new one cannot
  /// be opened.
  result<lease> take();

  /// The same, and the database has just answered on it: for what may not be done twice.
  result<lease> take_alive();

  /// Does what needs one, and does it again on a new one if the first was lost: those that wait
  /// here do not notice that the database was started anew. Only for what changes nothing.
  template <class Read>
  auto read(const Read& how) -> decltype(how(std::declval<connection&>())) {
    {
      TROUPE_ASSIGN(const lease first, take());
      auto done = how(*first);
      if (done || !first->is_lost()) return done;
    }
    drop_idle();
    TROUPE_ASSIGN(const lease second, take());
    return how(*second);
  }

 private:
  void give_back(std::unique_ptr<connection> one);
  void drop_idle();

  const connection_settings settings_;
  const std::size_t connections_max_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<connection>> idle_;
  std::size_t taken_ = 0;
};

}  // namespace troupe::storage::postgresql
