#include "protocol/message_id_window.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Tags are compared by blocks of this many without a branch in between; also the smallest ring.
constexpr std::size_t block_size = 8;

/// What lists and maps add to an entry, about: their links and the allocator's headers.
constexpr std::size_t node_size_bytes = 96;

std::uint32_t tag_of(const hash128& id) noexcept { return static_cast<std::uint32_t>(id.first); }

hash128 hash_of(std::string_view message_id) noexcept { return siphash128(as_bytes(message_id)); }

}  // namespace

std::size_t message_id_window::recent_ids::find(const hash128& id) const noexcept {
  const std::uint32_t tag = tag_of(id);
  for (std::size_t block = 0; block < tags_.size(); block += block_size) {
    std::uint32_t is_there = 0;
    for (std::size_t i = block; i < block + block_size; ++i) is_there |= tags_[i] == tag ? 1U : 0U;
    if (is_there == 0) continue;
    for (std::size_t i = block; i < block + block_size; ++i) {
      const std::size_t position = (i - oldest_) & (tags_.size() - 1);
      if (tags_[i] == tag && position < count_ && entries_[i].id == id) return position;
    }
  }
  return nowhere;
}

seen message_id_window::recent_ids::look_up(const hash128& id,
                                            std::uint64_t content) const noexcept {
  const std::size_t found = find(id);
  if (found == nowhere) return seen::fresh;
  return entries_[slot(found)].content == content ? seen::repeated : seen::reused;
}

void message_id_window::recent_ids::add(const hash128& id, std::uint64_t content, time_point now) {
  if (count_ == ids_per_user_max) {
    oldest_ = slot(1);
    --count_;
  }
  if (count_ == entries_.size()) grow();
  const std::size_t at = slot(count_++);
  tags_[at] = tag_of(id);
  entries_[at] = {id, content, now};
}

void message_id_window::recent_ids::grow() {
  std::rotate(tags_.begin(), tags_.begin() + static_cast<std::ptrdiff_t>(oldest_), tags_.end());
  std::rotate(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(oldest_),
              entries_.end());
  oldest_ = 0;
  const std::size_t size = std::max(block_size, 2 * entries_.size());
  tags_.reserve(size);
  tags_.resize(size);
  entries_.reserve(size);
  entries_.resize(size);
}

void message_id_window::recent_ids::expire(time_point now) noexcept {
  while (count_ > 0 && now - entries_[oldest_].seen >= id_age_max) {
    oldest_ = slot(1);
    --count_;
  }
}

std::size_t message_id_window::recent_ids::memory_bytes() const noexcept {
  return entries_.capacity() * sizeof(seen_id) + tags_.capacity() * sizeof(std::uint32_t);
}

std::size_t message_id_window::user_ids::memory_bytes() const noexcept {
  return sizeof(user_ids) + node_size_bytes + user.capacity() + ids.memory_bytes();
}

message_id_window::user_ids& message_id_window::touch_user(std::string_view user) {
  if (const auto known = users_.find(user); known != users_.end()) {
    by_silence_.splice(by_silence_.end(), by_silence_, known->second);
    return by_silence_.back();
  }
  by_silence_.push_back({std::string{user}, {}});
  const auto last = std::prev(by_silence_.end());
  users_.emplace(last->user, last);
  memory_bytes_ += last->memory_bytes();
  return *last;
}

message_id_window::user_list::iterator message_id_window::drop(user_list::iterator at) {
  memory_bytes_ -= at->memory_bytes();
  users_.erase(at->user);
  return by_silence_.erase(at);
}

seen message_id_window::note(std::string_view user, std::string_view message_id, byte_view content,
                             time_point now) {
  const hash128 id = hash_of(message_id);
  const std::uint64_t content_hash = siphash128(content).first;
  user_ids& sender = touch_user(user);
  sender.ids.expire(now);
  if (const seen before = sender.ids.look_up(id, content_hash); before != seen::fresh)
    return before;
  memory_bytes_ -= sender.memory_bytes();
  sender.ids.add(id, content_hash, now);
  memory_bytes_ += sender.memory_bytes();
  while (by_silence_.size() > 1 &&
         (by_silence_.size() > users_max || memory_bytes_ > memory_bytes_max))
    drop(by_silence_.begin());
  return seen::fresh;
}

seen message_id_window::look_up(std::string_view user, std::string_view message_id,
                                byte_view content, time_point now) {
  const auto known = users_.find(user);
  if (known == users_.end()) return seen::fresh;
  recent_ids& ids = known->second->ids;
  ids.expire(now);
  return ids.look_up(hash_of(message_id), siphash128(content).first);
}

void message_id_window::forget(std::string_view user) {
  if (const auto known = users_.find(user); known != users_.end()) drop(known->second);
}

void message_id_window::expire(time_point now) {
  for (auto at = by_silence_.begin(); at != by_silence_.end();) {
    at->ids.expire(now);
    at = at->ids.empty() ? drop(at) : std::next(at);
  }
}

}  // namespace troupe
