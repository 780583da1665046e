#include "net/write_queue.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace troupe {
namespace {

constexpr std::size_t block_reserve = 1024;
/// The number of parts whose memory an empty queue keeps.
constexpr std::size_t kept_parts_max = 4;
/// The number of consumed parts that the queue keeps before it moves the rest to the front.
constexpr std::size_t consumed_parts_max = 64;

}  // namespace

void write_queue::push(const shared_slice& frames) {
  if (frames.empty()) return;
  if (frames.size < share_size_min && last_takes(frames.size))
    append_to_last(frames.view());
  else
    add({frames, {}});
  size_ += frames.size;
  largest_ = std::max(largest_, frames.size);
}

void write_queue::append(byte_view bytes) {
  if (bytes.empty()) return;
  if (last_takes(bytes.size()))
    append_to_last(bytes);
  else
    add({{}, byte_buffer(bytes.begin(), bytes.end())});
  size_ += bytes.size();
  largest_ = std::max(largest_, bytes.size());
}

void write_queue::add(part next) {
  if (empty()) {
    front_ = std::move(next);
    return;
  }
  if (!rest_) rest_ = std::make_unique<rest>();
  rest_->parts.push_back(std::move(next));
}

bool write_queue::last_takes(std::size_t size) noexcept {
  if (empty()) return false;
  const part& into = last();
  if (!into.frame.empty() && into.frame.size >= share_size_min) return false;
  return into.view().size() + size <= block_size_max;
}

void write_queue::append_to_last(byte_view bytes) {
  part& into = last();
  if (!into.frame.empty()) {
    // The consumed bytes of the front are copied as well, so that offset_ stays right.
    const byte_view alone = into.frame.view();
    into.block.reserve(std::max(block_reserve, alone.size() + bytes.size()));
    into.block.assign(alone.begin(), alone.end());
    into.frame = {};
  }
  into.block.insert(into.block.end(), bytes.begin(), bytes.end());
}

std::size_t write_queue::gather(iovec* parts, std::size_t count_max) const noexcept {
  if (empty() || count_max == 0) return 0;
  const auto fill = [](iovec& to, byte_view bytes) {
    to = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  };
  fill(parts[0], front_.view().subspan(offset_));
  const std::size_t more = std::min(parts_behind_front(), count_max - 1);
  for (std::size_t i = 0; i < more; ++i) fill(parts[1 + i], rest_->parts[rest_->next + i].view());
  return 1 + more;
}

void write_queue::consume(std::size_t count) {
  TROUPE_CHECK(count <= size_);
  consumed_total_ += count;
  size_ -= count;
  if (size_ == 0) return clear();
  while (count > 0) {
    const std::size_t left = front_.view().size() - offset_;
    if (count < left) {
      offset_ += count;
      return;
    }
    count -= left;
    drop_front();
  }
}

/// Requires: there is another part.
void write_queue::drop_front() {
  auto& [parts, next] = *rest_;
  front_ = std::move(parts[next++]);
  offset_ = 0;
  if (next < consumed_parts_max || next < rest_->left()) return;
  parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(next));
  next = 0;
}

void write_queue::clear() noexcept {
  front_ = {};
  offset_ = size_ = largest_ = 0;
  if (!rest_) return;
  if (rest_->parts.capacity() > kept_parts_max) return rest_.reset();
  rest_->parts.clear();
  rest_->next = 0;
}

}  // namespace troupe
