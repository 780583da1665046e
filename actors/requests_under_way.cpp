#include "actors/requests_under_way.hpp"

#include <utility>

namespace troupe {

/// Calls when the last request that holds it is over.
class requests_under_way::waiting {
 public:
  explicit waiting(std::function<void()> then) : then_(std::move(then)) {}
  waiting(const waiting&) = delete;
  waiting& operator=(const waiting&) = delete;
  ~waiting() { then_(); }

 private:
  std::function<void()> then_;
};

requests_under_way::one::~one() {
  std::map<std::uint64_t, entry>::node_type over;  // goes without the lock, and may call
  const std::lock_guard lock{in_->mutex};
  over = in_->entries.extract(number_);
}

std::shared_ptr<void> requests_under_way::begin(std::string user, std::string token_id,
                                                std::string document) {
  const std::lock_guard lock{all_->mutex};
  const std::uint64_t number = ++all_->last;
  all_->entries.emplace(number, entry{std::move(user), std::move(token_id), std::move(document)});
  return std::make_shared<one>(all_, number);
}

std::weak_ptr<const void> requests_under_way::when_over(const access_change& change,
                                                        std::function<void()> then) {
  const auto waits = std::make_shared<waiting>(std::move(then));  // goes behind the lock
  const std::lock_guard lock{all_->mutex};
  for (auto& [number, each] : all_->entries)
    if (change.concerns(each.user, each.token_id, each.document)) each.held.push_back(waits);
  return waits;
}

}  // namespace troupe
