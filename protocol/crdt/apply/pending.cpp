#include "protocol/crdt/apply/pending.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::crdt {

pending_struct::pending_struct(client_index client, const struct_view& from)
    : client_(client), view_(from) {
  const std::size_t names =
      from.parent != nullptr ? from.parent->name.size() + from.parent->key.size() : 0;
  size_ = sizeof *this + from.content_size + names + (names > 0 ? sizeof(parent_view) : 0) + 64;
  bytes_ = std::make_unique<std::uint8_t[]>(from.content_size + names);
  if (from.content_size > 0) std::memcpy(bytes_.get(), from.content, from.content_size);
  view_.content = bytes_.get();
  if (from.parent == nullptr) return;
  parent_ = std::make_unique<parent_view>(*from.parent);
  std::uint8_t* out = bytes_.get() + from.content_size;
  const auto keep = [&out](std::string_view text) {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    const std::string_view kept = as_text({out, text.size()});
    out += text.size();
    return kept;
  };
  parent_->name = keep(from.parent->name);
  parent_->key = keep(from.parent->key);
  view_.parent = parent_.get();
}

void pending::add_struct(unit_id missing, client_index client, const struct_view& from) {
  clock_type& longest = known_lengths_[{client, from.clock}];
  if (longest >= from.length) return;
  longest = from.length;
  pending_struct waiting{client, from};
  size_ += waiting.size();
  ++struct_count_;
  waiting_[missing].push_back(std::move(waiting));
}

void pending::add_delete(client_index client, clock_range range) {
  clock_type from = range.clock;
  clock_type to = range.end();
  auto next = deletes_.upper_bound({client, to});
  while (next != deletes_.begin()) {
    const auto before = std::prev(next);
    const auto [start, length] = *before;
    if (start.client != client || start.clock + length < from) break;
    from = std::min(from, start.clock);
    to = std::max(to, start.clock + length);
    next = deletes_.erase(before);
    size_ -= delete_size;
  }
  deletes_.emplace(unit_id{client, from}, to - from);
  size_ += delete_size;
}

void pending::move_out_structs(client_index client, clock_range known,
                               std::vector<pending_struct>& out) {
  auto next = waiting_.lower_bound({client, known.clock});
  while (next != waiting_.end() && next->first.client == client &&
         next->first.clock < known.end()) {
    for (pending_struct& waiting : next->second) {
      size_ -= waiting.size();
      --struct_count_;
      known_lengths_.erase({waiting.client(), waiting.view().clock});
      out.push_back(std::move(waiting));
    }
    next = waiting_.erase(next);
  }
}

std::optional<clock_range> pending::move_out_delete(client_index client, clock_range known) {
  auto next = deletes_.lower_bound({client, known.end()});
  if (next == deletes_.begin()) return {};
  --next;
  const auto [start, length] = *next;
  if (start.client != client || start.clock + length <= known.clock) return {};
  deletes_.erase(next);
  size_ -= delete_size;
  const clock_type from = std::max(start.clock, known.clock);
  const clock_type to = std::min(start.clock + length, known.end());
  if (start.clock < from) add_delete(client, {start.clock, from - start.clock});
  if (start.clock + length > to) add_delete(client, {to, start.clock + length - to});
  return clock_range{from, to - from};
}

}  // namespace troupe::crdt
