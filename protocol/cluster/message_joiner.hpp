// Turns the payloads of batches back into messages: whole ones, and one at a time that arrives in
// chunks. The counterpart of link_queue. It holds the memory of at most one message. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/shared_bytes_builder.hpp"

namespace troupe::cluster {

class message_joiner {
 public:
  explicit message_joiner(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  /// Appends the messages that the payload completes, in order. One that stands in it as a whole
  /// is a slice of it. Fails with truncated, number_too_large (a message above its limit) and
  /// out_of_sequence (chunks that make no message); then the connection is of no use any more.
  result<void> add(const shared_bytes& payload, std::vector<shared_slice>& messages);

  /// Of the message that is incomplete, its size once it is whole.
  std::size_t waiting_bytes() const noexcept { return size_; }

  void clear() noexcept {
    partial_.reset();
    size_ = 0;
  }

 private:
  const std::size_t message_bytes_max_;
  std::optional<shared_bytes_builder> partial_;
  std::size_t size_ = 0;
};

}  // namespace troupe::cluster
