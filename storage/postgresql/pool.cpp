#include "storage/postgresql/pool.hpp"

namespace troupe::storage::postgresql {

result<pool::lease> pool::take() {
  {
    std::unique_lock lock{mutex_};
    if (!freed_.wait_for(lock, settings_.statement_timeout,
                         [this] { return taken_ < connections_max_; }))
      return fail(errc::storage_failed, "PostgreSQL: all " + std::to_string(connections_max_) +
                                            " connections of storage.postgresql.pool are in use");
    ++taken_;
    if (!idle_.empty()) {
      std::unique_ptr<connection> one = std::move(idle_.back());
      idle_.pop_back();
      return lease{*this, std::move(one)};
    }
  }
  auto opened = connection::open(settings_);
  if (!opened) {
    give_back(nullptr);
    return tl::unexpected(opened.error());
  }
  return lease{*this, *std::move(opened)};
}

result<pool::lease> pool::take_alive() {
  {
    TROUPE_ASSIGN(lease first, take());
    first->send("SELECT 1");
    if (first->run()) return first;
  }
  drop_idle();
  return take();
}

void pool::give_back(std::unique_ptr<connection> one) {
  std::lock_guard lock{mutex_};
  --taken_;
  if (one && !one->is_lost()) idle_.push_back(std::move(one));
  freed_.notify_one();
}

/// All of them were made before one was lost, and most likely are lost as well.
void pool::drop_idle() {
  std::vector<std::unique_ptr<connection>> gone;
  std::lock_guard lock{mutex_};
  gone.swap(idle_);
}

}  // namespace troupe::storage::postgresql
