// How much of one session's input may be unhandled by its documents: the session takes credit for
// each request that it passes on, a document gives it back when it has handled the request. Without
// credit the session pauses reading, so a client cannot fill the mailbox of a document. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace troupe {

/// An amount of input. Messages count by their credit_weight.
struct credit_amount {
  std::uint32_t messages = 0;
  std::size_t bytes = 0;
};

class credit {
 public:
  static constexpr std::uint32_t messages_max = 1024;
  /// One message may exceed it.
  static constexpr std::size_t bytes_max = std::size_t{1024} * 1024;

  bool is_left() const noexcept { return used_.messages < messages_max && used_.bytes < bytes_max; }

  /// `share`: what of the session's credit one document holds.
  void take(credit_amount& share, credit_amount amount) noexcept {
    share.messages += amount.messages;
    share.bytes += amount.bytes;
    used_.messages += amount.messages;
    used_.bytes += amount.bytes;
  }

  /// A document never gives back more than it holds.
  void give_back(credit_amount& share, credit_amount amount) noexcept {
    const std::uint32_t messages = std::min(amount.messages, share.messages);
    const std::size_t bytes = std::min(amount.bytes, share.bytes);
    share.messages -= messages;
    share.bytes -= bytes;
    used_.messages -= messages;
    used_.bytes -= bytes;
  }

  const credit_amount& used() const noexcept { return used_; }

 private:
  credit_amount used_;
};

}  // namespace troupe
