#include "protocol/pending_quota.hpp"

#include <algorithm>

namespace troupe {

pending_payer pending_quota::payer_for(const std::string& user, const std::string& address) {
  return {.user = user.empty() ? nullptr : budget_of("user " + user, limits_.per_user),
          .address =
              address.empty() ? nullptr : budget_of("address " + address, limits_.per_address)};
}

std::shared_ptr<budget> pending_quota::budget_of(const std::string& owner, std::size_t max) {
  if (max == 0) return nullptr;
  if (budgets_.size() >= sweep_at_) {
    std::erase_if(budgets_, [](const auto& each) { return each.second.expired(); });
    sweep_at_ = std::max(sweep_at_, 2 * budgets_.size());
  }
  std::weak_ptr<budget>& known = budgets_[owner];
  std::shared_ptr<budget> found = known.lock();
  if (!found) known = found = std::make_shared<budget>(max);
  return found;
}

}  // namespace troupe
