// Takes WebSocket frames of a client apart: bytes go in as they come from the socket, whole
// messages and control frames come out. A frame that lies whole in the input is unmasked there and
// handed out without a copy; what comes in pieces is put together, and memory grows with what came,
// not with what a header announces.
//
// Pure: it knows no socket, clock or thread. Owner: one connection. It pulls: the owner asks for
// the next event until the input is used up, and may stop in between. After bad_protocol or
// bad_text it is not used again. Source: RFC 6455, 5; no extensions are negotiated, so the reserved
// bits are 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "net/websocket_frame.hpp"

namespace troupe {

enum class frame_event : std::uint8_t {
  need_more,  ///< The input is used up.
  message,    ///< A whole message: kind(), payload(). Text is valid UTF-8.
  ping,       ///< payload() is to be sent back.
  pong,
  close,         ///< payload() is the body of the close frame, valid.
  too_large,     ///< The message is, or is announced to become, larger than allowed. Either
                 ///< skip_message() or close.
  bad_protocol,  ///< The peer broke RFC 6455. The connection has to end.
  bad_text,      ///< A text message, or a close reason, is not UTF-8.
};

class frame_reader {
 public:
  /// A message that is skipped may be so many times larger than the limit; beyond, too_large comes
  /// again.
  static constexpr std::size_t skip_factor = 16;
  /// From this many missing bytes on a message asks to be read into its own memory.
  static constexpr std::size_t direct_size_min = 16 * 1024;

  explicit frame_reader(std::size_t message_size_max) noexcept
      : message_size_max_(message_size_max) {}

  /// Consumes from the front of `input` up to the next event. The bytes are changed (unmasked).
  frame_event next(std::span<std::uint8_t>& input);

  /// Of the last event. Holds until the next call, and as long as the input it came from.
  byte_view payload() const noexcept { return payload_; }
  frame_kind kind() const noexcept { return kind_; }

  /// After too_large: throws the rest of this message away as it comes.
  void skip_message() noexcept { skipping_ = true; }
  bool is_skipping() const noexcept { return skipping_; }

  /// Whether no message has begun that is not whole yet.
  bool is_between_messages() const noexcept { return !in_message_ && header_size_ == 0; }

  /// Room for the next bytes of a large message, so that they are read to where they belong; empty
  /// unless much is missing. A read into it is told by filled(), whatever came of it; then next()
  /// goes on, with empty input if need be.
  std::span<std::uint8_t> direct_room();
  void filled(std::size_t size);

 private:
  static constexpr std::size_t header_size_max = 14;
  static constexpr std::size_t control_size_max = 125;

  bool take_header(std::span<std::uint8_t>& input);
  frame_event begin_frame();
  frame_event begin_data(std::uint8_t opcode);
  frame_event take_payload(std::span<std::uint8_t>& input);
  frame_event end_frame();
  frame_event end_message();
  void forget_message();
  frame_event end_control() const;
  frame_event check_close() const;
  void unmask(std::span<std::uint8_t> bytes) noexcept;

  bool is_too_large() const noexcept;
  bool is_control() const noexcept { return (header_[0] & 0x08) != 0; }
  bool is_final() const noexcept { return (header_[0] & 0x80) != 0; }

  const std::size_t message_size_max_;
  byte_view payload_;
  byte_buffer message_;         // a data message, or the part of it that has come
  byte_buffer control_;         // a control frame that comes in pieces
  std::uint64_t left_ = 0;      // bytes of the current frame that have not come
  std::uint64_t received_ = 0;  // bytes of the current message, skipped ones included
  std::size_t direct_ = 0;      // bytes at the end of message_ that direct_room() has given out
  std::array<std::uint8_t, header_size_max> header_{};
  std::uint8_t header_size_ = 0;  // bytes of the header that have come
  std::uint8_t mask_at_ = 0;
  frame_kind kind_ = frame_kind::binary;
  bool in_frame_ = false;    // the header is whole, the payload is not
  bool in_message_ = false;  // a data frame has begun that does not end its message yet
  bool skipping_ = false;
  bool hand_out_ = false;  // message_ was handed out and is to be cleared
};

}  // namespace troupe
