#include "protocol/pending_ledger.hpp"

#include <algorithm>

namespace troupe {

pending_ledger::allowance pending_ledger::allow(std::size_t document_max,
                                                const pending_payer* by) const {
  allowance least{document_max, nullptr};
  const auto bound = [&](const std::shared_ptr<budget>& of, const char* whose) {
    if (!of || of->room() >= least.bytes || charged_ + of->room() >= least.bytes) return;
    least = {charged_ + of->room(), whose};
  };
  bound(node_, "updates of all documents that wait for missing ones");
  if (by == nullptr) return least;
  bound(by->user, "updates of this user that wait for missing ones");
  bound(by->address, "updates of this address that wait for missing ones");
  return least;
}

void pending_ledger::settle(std::size_t waits, const pending_payer* by) {
  if (waits == charged_) return;
  if (node_) node_->change(charged_, waits);
  if (waits < charged_)
    give_back(by, charged_ - waits);
  else if (by != nullptr && (by->user || by->address))
    charge(*by, waits - charged_);
  charged_ = waits;
}

void pending_ledger::charge(const pending_payer& to, std::size_t bytes) {
  if (to.user) to.user->change(0, bytes);
  if (to.address) to.address->change(0, bytes);
  const auto known = std::ranges::find(debts_, to, &debt::by);
  if (known != debts_.end())
    known->bytes += bytes;
  else
    debts_.push_back({to, bytes});
}

void pending_ledger::give_back(const pending_payer* first, std::size_t bytes) {
  if (first != nullptr)
    if (const auto own = std::ranges::find(debts_, *first, &debt::by); own != debts_.end())
      bytes -= give_back(*own, bytes);
  for (debt& each : debts_) bytes -= give_back(each, bytes);
  std::erase_if(debts_, [](const debt& each) { return each.bytes == 0; });
}

std::size_t pending_ledger::give_back(debt& of, std::size_t bytes) {
  const std::size_t given = std::min(of.bytes, bytes);
  if (of.by.user) of.by.user->give_back(given);
  if (of.by.address) of.by.address->give_back(given);
  of.bytes -= given;
  return given;
}

}  // namespace troupe
