#include "protocol/crdt/apply/origin_guess.hpp"

#include <algorithm>

namespace troupe::crdt {

void origin_guess::begin(const decoded_update& update, std::size_t client_count) {
  if (spans_.size() < client_count) spans_.resize(client_count);
  for (const client_block& block : update.blocks) {
    used_.push_back(block.client);
    const struct_view& first = update.structs[block.first];
    const struct_view& last = update.structs[block.first + block.count - 1];
    span& of = spans_[block.client];
    of.first = of.count == 0 ? first.clock : std::min(of.first, first.clock);
    of.end = std::max(of.end, last.clock + last.length);
    of.count += block.count;
  }
  std::uint32_t offset = 0;
  std::ranges::sort(used_);
  used_.erase(std::unique(used_.begin(), used_.end()), used_.end());
  for (const client_index client : used_) {
    span& of = spans_[client];
    while (((of.end - 1 - of.first) >> of.shift) >= 4 * of.count) ++of.shift;
    of.count = ((of.end - 1 - of.first) >> of.shift) + 1;
    of.offset = offset;
    offset += of.count;
  }
  handles_.assign(offset, none);
}

void origin_guess::end() noexcept {
  constexpr std::size_t kept = 1024;
  const auto empty = [](auto& list) {
    list.clear();
    if (list.capacity() > kept) list.shrink_to_fit();
  };
  for (const client_index client : used_) spans_[client] = {};
  empty(used_);
  empty(handles_);
}

}  // namespace troupe::crdt
