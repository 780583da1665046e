#include "net/write_queue.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace troupe {
namespace {

constexpr std::size_t block_reserve = 1024;
constexpr std::size_t kept_capacity_max = 4;  // parts whose memory an empty queue keeps
constexpr std::size_t consumed_parts_max =
    64;  // consumed parts that are kept before the rest moves up

}  // namespace

void write_queue::push(const shared_slice& frames) {
  if (frames.empty()) return;
  if (frames.size < share_size_min && last_takes(frames.size)) {
    append_to_last(frames.view());
  } else {
    parts_.push_back({frames, {}});
  }
  count(frames.size);
}

void write_queue::append(byte_view bytes) {
  if (bytes.empty()) return;
  if (last_takes(bytes.size())) {
    append_to_last(bytes);
  } else {
    parts_.push_back({{}, byte_buffer(bytes.begin(), bytes.end())});
  }
  count(bytes.size());
}

bool write_queue::last_takes(std::size_t size) const noexcept {
  if (first_ == parts_.size()) return false;
  const part& last = parts_.back();
  if (!last.frame.empty() && last.frame.size >= share_size_min) return false;
  return last.view().size() + size <= block_size_max;
}

void write_queue::append_to_last(byte_view bytes) {
  part& last = parts_.back();
  if (!last.frame.empty()) {
    // The consumed bytes of the front are copied as well, so that offset_ stays right.
    const byte_view alone = last.frame.view();
    last.block.reserve(std::max(block_reserve, alone.size() + bytes.size()));
    last.block.assign(alone.begin(), alone.end());
    last.frame = {};
  }
  last.block.insert(last.block.end(), bytes.begin(), bytes.end());
}

void write_queue::count(std::size_t size) noexcept {
  size_ += size;
  largest_ = std::max(largest_, size);
}

std::size_t write_queue::gather(iovec* parts, std::size_t count_max) const noexcept {
  const std::size_t available = std::min(parts_.size() - first_, count_max);
  std::size_t skip = offset_;
  for (std::size_t i = 0; i < available; ++i) {
    const byte_view bytes = parts_[first_ + i].view().subspan(skip);
    parts[i] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    skip = 0;
  }
  return available;
}

void write_queue::consume(std::size_t count) {
  TROUPE_CHECK(count <= size_);
  consumed_total_ += count;
  size_ -= count;
  if (size_ == 0) return clear();
  while (count > 0) {
    const std::size_t left = parts_[first_].view().size() - offset_;
    if (count < left) {
      offset_ += count;
      break;
    }
    count -= left;
    parts_[first_] = {};
    ++first_;
    offset_ = 0;
  }
  forget_consumed();
}

void write_queue::forget_consumed() {
  if (first_ < consumed_parts_max || first_ < parts_.size() - first_) return;
  parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void write_queue::clear() noexcept {
  if (parts_.capacity() > kept_capacity_max) {
    std::vector<part>{}.swap(parts_);
  } else {
    parts_.clear();
  }
  first_ = offset_ = size_ = largest_ = 0;
}

}  // namespace troupe
