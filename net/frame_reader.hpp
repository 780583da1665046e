// Parses the WebSocket frames of a client: bytes go in as they come from the socket, whole messages
// and control frames come out. A frame that is complete in the input is unmasked in place and
// handed out without a copy; partial and fragmented ones are assembled. Memory grows with the bytes
// received, not with the size that a header announces. A frame or a text that cannot be valid is
// noticed as soon as the bytes are there that make it so.
//
// Pure: it knows no socket, clock or thread. Owner: one connection. It is a pull parser: the owner
// asks for the next event until the input is used up, and may stop in between. After bad_protocol
// or bad_text the owner must not use it again. Source: RFC 6455, 5; no extensions are negotiated,
// so the reserved bits are 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "net/websocket_frame.hpp"

namespace troupe {

enum class frame_event : std::uint8_t {
  need_more,  ///< The input is used up.
  message,    ///< A whole message: kind(), payload(). Text is valid UTF-8.
  ping,       ///< Send payload() back.
  pong,
  close,         ///< payload() is the body of the close frame, valid.
  too_large,     ///< The message exceeds the limit, or its header announces that it will. Call
                 ///< skip_message(), skip_behind_head() or close.
  skipped_head,  ///< The beginning of a message that is skipped is there: payload().
  bad_protocol,  ///< The peer violated RFC 6455. The connection has to end.
  bad_text,      ///< A text message, or a close reason, is not UTF-8.
};

class frame_reader {
 public:
  /// A skipped message may be this many times larger than the limit; beyond that, too_large comes
  /// again.
  static constexpr std::size_t skip_factor = 16;
  /// What is kept of a skipped message whose head is wanted; less if the limit is less.
  static constexpr std::size_t head_size_max = 4096;
  /// From this many missing bytes on, the rest of a message is read into its own memory.
  static constexpr std::size_t direct_size_min = 16 * 1024;

  explicit frame_reader(std::size_t message_size_max) noexcept
      : frame_reader(message_size_max, message_size_max) {}
  frame_reader(std::size_t text_size_max, std::size_t binary_size_max) noexcept
      : text_size_max_(stored(text_size_max)), binary_size_max_(stored(binary_size_max)) {}

  /// Consumes from the front of `input` up to the next event. The bytes are changed (unmasked).
  frame_event next(std::span<std::uint8_t>& input);

  /// The payload of the last event. Valid until the next call, and as long as the input.
  byte_view payload() const noexcept { return {payload_, payload_size_}; }
  frame_kind kind() const noexcept { return kind_; }

  /// After too_large: discards the rest of this message as it arrives.
  void skip_message() noexcept { skipping_ = true; }
  /// The same, but hands out its beginning, once that has come.
  void skip_behind_head() noexcept { skipping_ = wants_head_ = true; }
  bool is_skipping() const noexcept { return skipping_; }
  /// Whether skipped_head is still to come.
  bool is_before_head() const noexcept { return wants_head_; }

  /// Whether no message is incomplete.
  bool is_between_messages() const noexcept { return !in_message_ && header_size_ == 0; }

  /// After too_large: the bytes that the message will have at least.
  std::uint64_t announced_size() const noexcept { return received_ + left_; }
  /// Bytes of the current message that are held, or of the one that was handed out last.
  std::size_t held_bytes() const noexcept { return message_.size(); }

  /// Memory for the next bytes of a large message, so that they are read to their final place;
  /// empty unless much is missing. After a read into it the owner calls filled(), whatever the
  /// outcome, then next(), with empty input if it has none.
  std::span<std::uint8_t> direct_room();
  void filled(std::size_t size);

 private:
  static constexpr std::size_t header_size_max = 14;
  static constexpr std::size_t control_size_max = 125;

  bool take_header(std::span<std::uint8_t>& input);
  bool breaks_rules() const noexcept;
  frame_event begin_frame();
  frame_event begin_data();
  frame_event take_payload(std::span<std::uint8_t>& input);
  frame_event end_frame();
  bool has_bad_text() noexcept;
  frame_event end_message();
  std::size_t head_size() const noexcept;
  void keep_head(std::span<std::uint8_t> bytes);
  frame_event hand_out_head();
  void forget_message();
  frame_event end_control() const;
  frame_event check_close() const;
  void unmask(std::span<std::uint8_t> bytes) noexcept;

  void hand_out(byte_view payload) noexcept {
    payload_ = payload.data();
    payload_size_ = static_cast<std::uint32_t>(payload.size());
  }
  bool is_too_large() const noexcept;
  opcode code() const noexcept { return static_cast<opcode>(header_[0] & 0x0F); }
  bool is_control() const noexcept { return (header_[0] & 0x08) != 0; }
  bool is_final() const noexcept { return (header_[0] & 0x80) != 0; }

  /// A limit of 4 GiB or more is one of 4 GiB.
  static constexpr std::uint32_t stored(std::size_t size) noexcept {
    constexpr std::size_t largest = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(size < largest ? size : largest);
  }

  const std::uint32_t text_size_max_;
  const std::uint32_t binary_size_max_;
  const std::uint8_t* payload_ = nullptr;
  std::uint32_t payload_size_ = 0;        // bytes; a limit bounds it
  std::uint32_t checked_ = 0;             // bytes of message_, a text, that are known to be UTF-8
  byte_buffer message_;                   // a data message, or the received part of it
  std::unique_ptr<byte_buffer> control_;  // a control frame that arrives in pieces
  std::uint64_t left_ = 0;                // bytes of the current frame not received yet
  std::uint64_t received_ = 0;            // bytes of the current message, skipped ones included
  std::uint32_t direct_ = 0;              // bytes at the end of message_ given out by direct_room()
  std::array<std::uint8_t, header_size_max> header_{};
  std::uint8_t header_size_ = 0;  // bytes of the header received so far
  std::uint8_t mask_at_ = 0;
  frame_kind kind_ = frame_kind::binary;
  bool in_frame_ : 1 = false;    // the header is complete, the payload is not
  bool in_message_ : 1 = false;  // a data message has begun and is not complete
  bool skipping_ : 1 = false;
  bool wants_head_ : 1 = false;  // of the skipped message, and it is not complete
  bool hand_out_ : 1 = false;    // message_ was handed out; clear it at the next call
};

}  // namespace troupe
