// How many bytes of updates each user, and each address, may leave waiting for missing ones in all
// documents of a node, so that one of them cannot shut everybody else out of
// limits.max_pending_total. Made by the node, asked by the directory for each join; what a document
// charges to whom is in its pending_ledger. Owner: the directory; the budgets it hands out belong
// to any thread. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/budget.hpp"

namespace troupe {

/// The budgets that the waiting updates of a session count in. Null: not limited.
struct pending_payer {
  std::shared_ptr<budget> user;
  std::shared_ptr<budget> address;

  friend bool operator==(const pending_payer&, const pending_payer&) = default;
};

class pending_quota {
 public:
  struct limits {
    std::size_t per_user = 0;  ///< Bytes; 0: no limit.
    std::size_t per_address = 0;
  };

  explicit pending_quota(limits most) noexcept : limits_(most) {}

  /// The budgets of a session. `user`, `address`: empty where it does not count. A budget is kept
  /// as long as anybody has it.
  pending_payer payer_for(const std::string& user, const std::string& address);

  /// How many users and addresses it knows; it drops those without budgets from time to time.
  std::size_t size() const noexcept { return budgets_.size(); }

 private:
  std::shared_ptr<budget> budget_of(const std::string& owner, std::size_t max);

  limits limits_;
  std::unordered_map<std::string, std::weak_ptr<budget>> budgets_;  // by owner
  std::size_t sweep_at_ = 1024;
};

}  // namespace troupe
