// How much of one session's input may be unhandled by its documents: the session takes credit for
// each request that it passes on, a document gives it back when it has handled the request. Without
// credit the session pauses reading, so a client cannot fill the mailbox of a document. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace troupe {

/// An amount of input. Messages count by their credit_weight. Bytes stop at 4 GiB: no session has
/// as many unhandled.
struct credit_amount {
  std::uint32_t messages = 0;
  std::uint32_t bytes = 0;

  constexpr credit_amount() = default;
  constexpr credit_amount(std::uint32_t message_count, std::size_t byte_count) noexcept
      : messages(message_count),
        bytes(static_cast<std::uint32_t>(
            std::min<std::size_t>(byte_count, std::numeric_limits<std::uint32_t>::max()))) {}

  friend constexpr bool operator==(credit_amount, credit_amount) = default;
};

class credit {
 public:
  static constexpr std::uint32_t messages_max = 1024;
  /// One message may exceed it.
  static constexpr std::size_t bytes_max = std::size_t{1024} * 1024;

  bool is_left() const noexcept { return used_.messages < messages_max && used_.bytes < bytes_max; }

  /// `share`: what of the session's credit one document holds.
  void take(credit_amount& share, credit_amount amount) noexcept {
    share = sum(share, amount);
    used_ = sum(used_, amount);
  }

  /// A document never gives back more than it holds.
  void give_back(credit_amount& share, credit_amount amount) noexcept {
    const std::uint32_t messages = std::min(amount.messages, share.messages);
    const std::uint32_t bytes = std::min(amount.bytes, share.bytes);
    share.messages -= messages;
    share.bytes -= bytes;
    used_.messages -= messages;
    used_.bytes -= bytes;
  }

  const credit_amount& used() const noexcept { return used_; }

 private:
  static credit_amount sum(credit_amount a, credit_amount b) noexcept {
    return {a.messages + b.messages, std::size_t{a.bytes} + b.bytes};
  }

  credit_amount used_;
};

}  // namespace troupe
