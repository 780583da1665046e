// To whom one document charges the updates that wait in it for missing ones: all of them to the
// node, and each growth to the user and the address of the session that caused it. Nobody can say
// whose bytes a closed gap has freed, so they go to the session that closed it first, then to
// those that have waited longest. Owner: a hosted document; whatever is charged is given back with
// it. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/budget.hpp"
#include "protocol/pending_quota.hpp"

namespace troupe {

class pending_ledger {
 public:
  /// `of_node`: of all documents; null: without a bound.
  explicit pending_ledger(std::shared_ptr<budget> of_node) noexcept : node_(std::move(of_node)) {}
  pending_ledger(const pending_ledger&) = delete;
  pending_ledger& operator=(const pending_ledger&) = delete;
  ~pending_ledger() { settle(0, nullptr); }

  /// How much may wait in the document after an update of somebody.
  struct allowance {
    std::size_t bytes = 0;
    const char* bounded_by = nullptr;  ///< In words, where it is less than the document may have.
  };
  /// `by`: null: nobody in particular.
  allowance allow(std::size_t document_max, const pending_payer* by) const;

  /// So much waits now, after an update of somebody.
  void settle(std::size_t waits, const pending_payer* by);

  std::size_t charged() const noexcept { return charged_; }

 private:
  /// What one payer is charged with.
  struct debt {
    pending_payer by;
    std::size_t bytes = 0;
  };

  void charge(const pending_payer& to, std::size_t bytes);
  void give_back(const pending_payer* first, std::size_t bytes);
  static std::size_t give_back(debt& of, std::size_t bytes);

  std::shared_ptr<budget> node_;
  std::size_t charged_ = 0;
  std::vector<debt> debts_;  // the oldest first; of sessions without limits there are none
};

}  // namespace troupe
