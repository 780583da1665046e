#include "net/frame_reader.hpp"

#include <algorithm>
#include <cstring>

#include "base/utf8.hpp"

namespace troupe {

namespace {

constexpr std::uint8_t masked_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
/// How much memory of an assembled message is kept for the next one.
constexpr std::size_t kept_message_bytes_max = 1024;
/// How much the memory of a large message grows at once.
constexpr std::size_t direct_part_max = 256 * 1024;

/// The size of a header, from its second byte: the length, and the mask.
constexpr std::size_t header_size_for(std::uint8_t second) noexcept {
  const std::uint8_t length = second & 0x7F;
  return 6U + (length == 126 ? 2U : length == 127 ? 8U : 0U);
}

/// RFC 6455, 7.4: codes that may stand in a close frame.
bool is_close_code(unsigned code) noexcept {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

frame_event frame_reader::next(std::span<std::uint8_t>& input) {
  if (hand_out_) forget_message();
  for (;;) {
    if (!in_frame_) {
      if (!take_header(input))
        return breaks_rules() ? frame_event::bad_protocol : frame_event::need_more;
      if (const frame_event begun = begin_frame(); begun != frame_event::need_more) return begun;
    } else if (skipping_ && !is_control() && is_too_large()) {
      return frame_event::too_large;  // larger than what may be skipped
    }
    if (input.empty() && left_ > 0)
      return has_bad_text() ? frame_event::bad_text : frame_event::need_more;
    if (const frame_event event = take_payload(input); event != frame_event::need_more)
      return event;
  }
}

void frame_reader::forget_message() {
  hand_out_ = false;
  if (message_.capacity() > kept_message_bytes_max)
    byte_buffer{}.swap(message_);
  else
    message_.clear();
}

/// Returns whether the header is complete.
bool frame_reader::take_header(std::span<std::uint8_t>& input) {
  for (;;) {
    const std::size_t needed = header_size_ < 2 ? 2 : header_size_for(header_[1]);
    if (header_size_ == needed) return true;
    if (input.empty()) return false;
    const std::size_t taken = std::min<std::size_t>(needed - header_size_, input.size());
    std::memcpy(header_.data() + header_size_, input.data(), taken);
    header_size_ = static_cast<std::uint8_t>(header_size_ + taken);
    input = input.subspan(taken);
  }
}

/// Whether the first two bytes of a header, if they are there, cannot begin a frame here.
bool frame_reader::breaks_rules() const noexcept {
  if (header_size_ < 2) return false;
  if ((header_[0] & reserved_bits) != 0 || (header_[1] & masked_bit) == 0) return true;
  if (is_control()) {
    const bool is_known =
        code() == opcode::close || code() == opcode::ping || code() == opcode::pong;
    return !is_known || !is_final() || (header_[1] & 0x7F) > control_size_max;
  }
  return code() == opcode::continuation ? !in_message_ : in_message_ || code() > opcode::binary;
}

frame_event frame_reader::begin_frame() {
  if (breaks_rules()) return frame_event::bad_protocol;
  left_ = header_[1] & 0x7F;
  if (left_ >= 126) {
    const std::size_t end = left_ == 126 ? 4 : 10;
    const std::uint64_t shorter_form_max = left_ == 126 ? 125 : 0xFFFF;
    left_ = 0;
    for (std::size_t i = 2; i < end; ++i) left_ = left_ << 8 | header_[i];
    if (left_ >> 63 != 0 || left_ <= shorter_form_max) return frame_event::bad_protocol;
  }
  mask_at_ = 0;
  in_frame_ = true;
  if (!is_control()) return begin_data();
  control_.reset();
  return frame_event::need_more;
}

frame_event frame_reader::begin_data() {
  if (code() != opcode::continuation) {
    kind_ = code() == opcode::text ? frame_kind::text : frame_kind::binary;
    in_message_ = true;
    received_ = 0;
    checked_ = 0;
  }
  return is_too_large() ? frame_event::too_large : frame_event::need_more;
}

/// Whether the message becomes too large with the rest of this frame.
bool frame_reader::is_too_large() const noexcept {
  const std::uint64_t whole = kind_ == frame_kind::text ? text_size_max_ : binary_size_max_;
  const std::uint64_t limit = skipping_ ? whole * skip_factor : whole;
  return left_ > limit || received_ + left_ > limit;
}

frame_event frame_reader::take_payload(std::span<std::uint8_t>& input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  const std::span<std::uint8_t> bytes = input.first(size);
  input = input.subspan(size);
  const bool is_whole_frame = size == left_;
  left_ -= size;
  if (is_control()) {
    unmask(bytes);
    const bool is_in_place = is_whole_frame && !control_;
    if (!is_in_place && !control_) control_ = std::make_unique<byte_buffer>();
    if (!is_in_place) control_->insert(control_->end(), bytes.begin(), bytes.end());
    hand_out(is_in_place ? byte_view{bytes} : byte_view{*control_});
  } else {
    received_ += size;
    if (!skipping_) {
      unmask(bytes);
      const bool is_in_place = is_whole_frame && is_final() && message_.empty();
      if (!is_in_place) message_.insert(message_.end(), bytes.begin(), bytes.end());
      hand_out(is_in_place ? byte_view{bytes} : byte_view{message_});
    } else if (wants_head_) {
      keep_head(bytes);
    }
  }
  const frame_event event = left_ == 0 ? end_frame() : frame_event::need_more;
  const bool has_head = wants_head_ && message_.size() >= head_size();
  return event == frame_event::need_more && has_head ? hand_out_head() : event;
}

std::size_t frame_reader::head_size() const noexcept {
  return std::min<std::size_t>(head_size_max,
                               kind_ == frame_kind::text ? text_size_max_ : binary_size_max_);
}

void frame_reader::keep_head(std::span<std::uint8_t> bytes) {
  const std::size_t missing = head_size() - std::min(head_size(), message_.size());
  const auto kept = bytes.first(std::min(missing, bytes.size()));
  unmask(kept);
  message_.insert(message_.end(), kept.begin(), kept.end());
}

frame_event frame_reader::hand_out_head() {
  wants_head_ = false;
  hand_out(byte_view{message_}.first(std::min(head_size(), message_.size())));
  return frame_event::skipped_head;
}

frame_event frame_reader::end_frame() {
  in_frame_ = false;
  header_size_ = 0;
  if (is_control()) return end_control();
  if (is_final()) return end_message();
  return has_bad_text() ? frame_event::bad_text : frame_event::need_more;
}

/// Whether the part of a text that has come cannot become UTF-8. Each byte is looked at once.
bool frame_reader::has_bad_text() noexcept {
  if (kind_ != frame_kind::text || !in_message_ || skipping_) return false;
  const utf8_part part = check_utf8_part(byte_view{message_}.subspan(checked_));
  checked_ += static_cast<std::uint32_t>(part.valid);
  return part.is_broken;
}

frame_event frame_reader::end_message() {
  in_message_ = false;
  if (skipping_) {
    skipping_ = false;
    hand_out_ = wants_head_;
    if (wants_head_) return hand_out_head();
    forget_message();  // parts received before it was too large
    return frame_event::need_more;
  }
  hand_out_ = true;
  if (kind_ == frame_kind::text && !is_valid_utf8(payload().subspan(checked_)))
    return frame_event::bad_text;
  return frame_event::message;
}

frame_event frame_reader::end_control() const {
  if (code() == opcode::ping) return frame_event::ping;
  return code() == opcode::pong ? frame_event::pong : check_close();
}

frame_event frame_reader::check_close() const {
  if (payload().empty()) return frame_event::close;
  if (payload().size() == 1) return frame_event::bad_protocol;
  const unsigned code = static_cast<unsigned>(payload()[0]) << 8 | payload()[1];
  if (!is_close_code(code)) return frame_event::bad_protocol;
  return is_valid_utf8(payload().subspan(2)) ? frame_event::close : frame_event::bad_text;
}

void frame_reader::unmask(std::span<std::uint8_t> bytes) noexcept {
  const std::uint8_t* const mask = header_.data() + header_size_ - 4;
  std::array<std::uint8_t, 8> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(mask_at_ + i) & 3];
  std::uint64_t wide = 0;
  std::memcpy(&wide, turned.data(), sizeof wide);
  std::size_t at = 0;
  for (; at + sizeof wide <= bytes.size(); at += sizeof wide) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + at, sizeof eight);
    eight ^= wide;
    std::memcpy(bytes.data() + at, &eight, sizeof eight);
  }
  for (std::size_t i = 0; at < bytes.size(); ++at, ++i) bytes[at] ^= turned[i];
  mask_at_ = static_cast<std::uint8_t>((mask_at_ + bytes.size()) & 3);
}

std::span<std::uint8_t> frame_reader::direct_room() {
  if (!in_frame_ || is_control() || skipping_ || left_ < direct_size_min) return {};
  const std::size_t size = message_.size();
  // Doubling: the reserved memory follows the bytes received.
  const std::size_t part = std::clamp(size, direct_size_min, direct_part_max);
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(left_, part));
  message_.resize(size + room);
  direct_ = static_cast<std::uint32_t>(room);
  return std::span{message_}.subspan(size, room);
}

void frame_reader::filled(std::size_t size) {
  const std::size_t before = message_.size() - direct_;
  unmask(std::span{message_}.subspan(before, size));
  message_.resize(before + size);
  direct_ = 0;
  left_ -= size;
  received_ += size;
  hand_out(message_);
}

}  // namespace troupe
