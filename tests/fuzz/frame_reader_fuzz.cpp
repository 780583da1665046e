// WebSocket frames of a client. However the bytes are cut, the same comes out; what is handed out
// keeps the promises of the reader. The first byte says whether messages that are too large are
// skipped, the second how large the pieces are.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/utf8.hpp"
#include "net/frame_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

constexpr std::size_t message_size_max = 1024;
/// Reads with a limit where a message may be large enough for room of its own.
constexpr std::size_t large_size_max = 64 * 1024;

void require(bool holds) {
  if (!holds) std::abort();
}

struct heard {
  frame_event event;
  frame_kind kind;
  byte_buffer payload;

  friend bool operator==(const heard&, const heard&) = default;
};

class reading {
 public:
  reading(std::size_t limit, bool skips) : limit_(limit), reader_(limit), skips_(skips) {}

  void read(byte_view bytes) {
    byte_buffer copy(bytes.begin(), bytes.end());
    std::span<std::uint8_t> input{copy};
    while (!has_ended_) {
      const frame_event event = reader_.next(input);
      if (event == frame_event::need_more) {
        require(input.empty());
        return;
      }
      note(event);
    }
  }

  /// Reads as much as fits into the room for a large message; returns how much.
  std::size_t read_directly(byte_view bytes) {
    if (has_ended_) return 0;
    const auto room = reader_.direct_room();
    if (room.empty()) return 0;
    const std::size_t size = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), size, room.begin());
    reader_.filled(size);
    read({});
    return size;
  }

  const std::vector<heard>& log() const { return log_; }

 private:
  void note(frame_event event) {
    const byte_view payload = reader_.payload();
    const bool has_payload = event <= frame_event::close || event == frame_event::skipped_head;
    log_.push_back({event, reader_.kind(),
                    has_payload ? byte_buffer(payload.begin(), payload.end()) : byte_buffer{}});
    switch (event) {
      case frame_event::message:
        require(payload.size() <= limit_);
        return require(reader_.kind() == frame_kind::binary || is_valid_utf8(payload));
      case frame_event::ping:
      case frame_event::pong: return require(payload.size() <= 125);
      case frame_event::close:
        require(payload.size() <= 125 && payload.size() != 1);
        return require(payload.empty() || is_valid_utf8(payload.subspan(2)));
      case frame_event::too_large:
        if (skips_ && !reader_.is_skipping()) return reader_.skip_behind_head();
        break;
      case frame_event::skipped_head:
        return require(payload.size() <= std::min(limit_, frame_reader::head_size_max));
      default: break;
    }
    has_ended_ = true;
  }

  std::size_t limit_;
  frame_reader reader_;
  bool skips_;
  bool has_ended_ = false;
  std::vector<heard> log_;
};

void check(byte_view frames, std::size_t limit, bool skips, std::size_t piece) {
  reading whole{limit, skips};
  whole.read(frames);
  reading in_pieces{limit, skips};
  while (!frames.empty()) {
    std::size_t size = in_pieces.read_directly(frames);
    if (size == 0) {
      size = std::min(piece, frames.size());
      in_pieces.read(frames.first(size));
    }
    frames = frames.subspan(size);
  }
  require(whole.log() == in_pieces.log());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool skips = (data[0] & 1) != 0;
  const std::size_t piece = std::max<std::size_t>(1, data[1]);
  const byte_view frames{data + 2, size - 2};
  check(frames, message_size_max, skips, piece);
  check(frames, large_size_max, skips, piece);
  return 0;
}
