// The one place where what a codec encodes becomes WebSocket frames. document_output gathers the
// frames of a turn with it; frame_list makes frames at once for the session and its
// own answers, frame_block for a state. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "net/websocket_frame.hpp"
#include "protocol/dialects/dialects.hpp"

namespace troupe {

/// A frame from this size on has memory of its own, which its receivers share.
constexpr std::size_t own_memory_min = 4096;

/// One frame, its header written.
class framed {
 public:
  framed(frame_kind kind, byte_view head, byte_view body) noexcept : head_(head), body_(body) {
    header_size_ = write_frame_header(kind, head.size() + body.size(), header_);
  }

  std::size_t size() const noexcept { return header_size_ + head_.size() + body_.size(); }
  bool needs_own_memory() const noexcept { return head_.size() + body_.size() >= own_memory_min; }

  void append_to(byte_buffer& block) const {
    for (const byte_view part : {header(), head_, body_})
      block.insert(block.end(), part.begin(), part.end());
  }
  shared_bytes copy() const { return shared_bytes::copy_of(header(), head_, body_); }

 private:
  byte_view header() const noexcept { return {header_.data(), header_size_}; }

  std::array<std::uint8_t, frame_header_size_max> header_{};
  std::size_t header_size_;
  byte_view head_;
  byte_view body_;
};

/// Frames with memory of their own, in order.
class frame_list final : public frame_sink {
 public:
  explicit frame_list(frame_kind kind) : kind_(kind) {}

  void add(byte_view head, byte_view body) override {
    frames_.push_back(framed{kind_, head, body}.copy());
  }

  std::vector<shared_bytes> take() { return std::move(frames_); }

 private:
  frame_kind kind_;
  std::vector<shared_bytes> frames_;
};

/// Frames one behind the other in one piece of memory, so that a receiver gets them by one push.
class frame_block final : public frame_sink {
 public:
  explicit frame_block(frame_kind kind) : kind_(kind) {}

  void add(byte_view head, byte_view body) override {
    const framed frame{kind_, head, body};
    sizes_.push_back(frame.size());
    frame.append_to(block_);
  }

  std::vector<shared_slice> take() {
    const shared_bytes all = shared_bytes::copy_of(block_);
    std::vector<shared_slice> frames;
    std::size_t offset = 0;
    for (const std::size_t size : sizes_) {
      frames.emplace_back(all, offset, size);
      offset += size;
    }
    return frames;
  }

 private:
  frame_kind kind_;
  byte_buffer block_;
  std::vector<std::size_t> sizes_;
};

/// The frames of one notice in one dialect, as a frame_list or a frame_block makes them.
template <class Frames>
auto encode_into(dialect in, const notice& what, std::optional<std::string_view> document) {
  const dialect_codec& codec = codec_of(in);
  Frames frames{codec.traits().frames};
  codec.encode(what, document, frames);
  return frames.take();
}
inline std::vector<shared_bytes> encode_frames(dialect in, const notice& what,
                                               std::optional<std::string_view> document) {
  return encode_into<frame_list>(in, what, document);
}
inline std::vector<shared_slice> encode_block(dialect in, const notice& what,
                                              std::optional<std::string_view> document) {
  return encode_into<frame_block>(in, what, document);
}

}  // namespace troupe
