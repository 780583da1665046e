#include "protocol/crdt/apply/conflict_scan.hpp"

#include <algorithm>

namespace troupe::crdt {

item_handle conflict_scan::begin(const place& where, client_id own, std::uint64_t revision) {
  if (revision_ == revision && place_ == where) {
    pass();
    begun_at_ = count_;
    const auto above = siblings_.lower_bound(own);
    return above == siblings_.begin() ? none : std::prev(above)->second;
  }
  place_ = where;
  revision_ = 0;
  siblings_.clear();
  order_.clear();
  base_ += count_;
  count_ = open_from_ = begun_at_ = 0;
  return none;
}

void conflict_scan::end(client_id own, item_handle placed, std::uint64_t revision) {
  visit(placed);
  siblings_[own] = placed;
  revision_ = revision;
}

void conflict_scan::visit(item_handle handle) {
  ++count_;
  if (order_.size() < few) {
    order_.push_back(handle);
    return;
  }
  if (count_ == few + 1)
    for (std::uint32_t i = 0; i < few; ++i) set(order_[i], i + 1);
  set(handle, count_);
}

void conflict_scan::set(item_handle handle, std::uint32_t ordinal) {
  if (handle >= ordinals_.size())
    ordinals_.resize(std::max<std::size_t>(handle + 1, ordinals_.size() * 2));
  ordinals_[handle] = base_ + ordinal;
}

/// When the item was visited last, counted from 1; 0 if it was not.
std::uint32_t conflict_scan::ordinal(item_handle handle) const {
  if (count_ > few) {
    const std::uint64_t found = handle < ordinals_.size() ? ordinals_[handle] : 0;
    return found > base_ ? static_cast<std::uint32_t>(found - base_) : 0;
  }
  for (auto i = static_cast<std::uint32_t>(order_.size()); i > 0; --i)
    if (order_[i - 1] == handle) return i;
  return 0;
}

void conflict_scan::give_back(std::uint64_t revision) {
  if (revision == revision_ || ordinals_.size() <= ordinals_kept) return;
  ordinals_ = {};
  base_ = 0;
  revision_ = 0;
}

}  // namespace troupe::crdt
