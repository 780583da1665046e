// Answers that hold for a while, by the hash of their questions. Bounded in number: the one that
// came first goes first. Pure; times come from the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

namespace troupe::webhook {

template <class Value>
class expiring_cache {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using key = std::pair<std::uint64_t, std::uint64_t>;

  explicit expiring_cache(std::size_t count_max) : count_max_(count_max) {}

  /// Null: there is none, or not any more. Valid until the next call.
  const Value* find(const key& of, time_point now) {
    const auto found = entries_.find(of);
    if (found == entries_.end() || found->second.until <= now) return nullptr;
    return &found->second.value;
  }

  void put(const key& of, Value value, time_point until, time_point now) {
    drop_front(now);
    if (until <= now || count_max_ == 0) return;
    const auto [at, is_new] =
        entries_.insert_or_assign(of, entry{std::move(value), until, ++last_});
    order_.emplace_back(of, last_);
    static_cast<void>(is_new);
  }

  void clear() {
    entries_.clear();
    order_.clear();
  }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry {
    Value value;
    time_point until;
    std::uint64_t number;  // of its place in the order
  };

  /// What came first and is over, was replaced, or has to make room.
  void drop_front(time_point now) {
    while (!order_.empty()) {
      const auto found = entries_.find(order_.front().first);
      const bool is_current =
          found != entries_.end() && found->second.number == order_.front().second;
      if (is_current && found->second.until > now && entries_.size() < count_max_) return;
      if (is_current) entries_.erase(found);
      order_.pop_front();
    }
  }

  std::size_t count_max_;
  std::map<key, entry> entries_;
  std::deque<std::pair<key, std::uint64_t>> order_;
  std::uint64_t last_ = 0;
};

}  // namespace troupe::webhook
