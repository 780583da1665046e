#include "protocol/crdt/apply/origin_guess.hpp"

#include <algorithm>

namespace troupe::crdt {

void origin_guess::begin(const decoded_update& update, std::size_t client_count) {
  spans_.assign(client_count, {});
  for (const client_block& block : update.blocks) {
    const struct_view& first = update.structs[block.first];
    const struct_view& last = update.structs[block.first + block.count - 1];
    span& of = spans_[block.client];
    of.first = of.count == 0 ? first.clock : std::min(of.first, first.clock);
    of.end = std::max(of.end, last.clock + last.length);
    of.count += block.count;
  }
  std::uint32_t offset = 0;
  for (span& of : spans_) {
    if (of.count == 0) continue;
    while (((of.end - 1 - of.first) >> of.shift) >= 4 * of.count) ++of.shift;
    of.count = ((of.end - 1 - of.first) >> of.shift) + 1;
    of.offset = offset;
    offset += of.count;
  }
  handles_.assign(offset, none);
}

void origin_guess::end() noexcept {
  constexpr std::size_t handles_kept = 1024;
  spans_.clear();
  handles_.clear();
  if (handles_.capacity() <= handles_kept) return;
  spans_.shrink_to_fit();
  handles_.shrink_to_fit();
}

}  // namespace troupe::crdt
