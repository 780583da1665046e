// The output queue of a connection: frames, bounded in bytes. Large frames are shared with other
// connections; small ones are copied together, so that one gather has few parts. A single small
// frame is shared as well; the queue copies it only when another one follows.
// Pure: it knows no socket and no clock. Owner: one connection. Invariant: size_bytes() is the sum
// of the parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <sys/uio.h>

#include "base/bytes.hpp"

namespace troupe {

class write_queue {
 public:
  /// Frames below this size are copied together.
  static constexpr std::size_t share_size_min = 512;
  /// The size at which a block of copied frames is closed.
  static constexpr std::size_t block_size_max = 16 * 1024;

  /// Whether the queue exceeds this limit. The largest frame since the queue was last empty is not
  /// counted: a document larger than the limit can still be sent, but not a second one after it.
  /// The owner checks before it pushes.
  bool is_full(std::size_t size_bytes_max) const noexcept {
    return size_ > size_bytes_max + largest_;
  }

  /// Appends whole frames. Never refuses them.
  void push(const shared_slice& frames);

  /// Appends a copy of bytes.
  void append(byte_view bytes);

  /// Fills up to `count_max` parts with the front of the queue. Returns how many; the views hold
  /// until the next change.
  std::size_t gather(iovec* parts, std::size_t count_max) const noexcept;

  /// Drops the first `count` bytes, which were written. Requires: count <= size_bytes().
  void consume(std::size_t count);

  void clear() noexcept;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size_bytes() const noexcept { return size_; }

  /// All bytes ever consumed: if it does not grow while the queue is not empty, the peer does not
  /// read.
  std::uint64_t consumed_total() const noexcept { return consumed_total_; }

 private:
  struct part {  // uses at most one of the two
    shared_slice frame;
    byte_buffer block;

    byte_view view() const noexcept { return frame.empty() ? byte_view{block} : frame.view(); }
  };

  /// The parts behind the front; those before `next` are consumed.
  struct rest {
    std::vector<part> parts;
    std::size_t next = 0;

    std::size_t left() const noexcept { return parts.size() - next; }
  };

  std::size_t parts_behind_front() const noexcept { return rest_ ? rest_->left() : 0; }
  part& last() noexcept { return parts_behind_front() == 0 ? front_ : rest_->parts.back(); }
  bool last_takes(std::size_t size) noexcept;
  void append_to_last(byte_view bytes);
  void add(part next);
  void drop_front();

  // Most of the time a queue has one part, so that part is a member and not behind a pointer: with
  // thousands of connections each cache line that a frame touches counts.
  part front_;
  std::size_t offset_ = 0;  // bytes of the front that are consumed
  std::size_t size_ = 0;
  std::unique_ptr<rest> rest_;  // null: there never were two parts, or too many
  std::size_t largest_ = 0;
  std::uint64_t consumed_total_ = 0;
};

}  // namespace troupe
