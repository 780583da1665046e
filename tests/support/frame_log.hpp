// What a frame_reader hands out, written down.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "net/frame_reader.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::test {

/// One event with what belongs to it. The kind is that of the last data frame.
struct heard_frame {
  frame_event event;
  frame_kind kind;
  std::string payload;

  friend bool operator==(const heard_frame&, const heard_frame&) = default;
  friend std::ostream& operator<<(std::ostream& out, const heard_frame& frame) {
    return out << "event " << static_cast<int>(frame.event) << " kind "
               << static_cast<int>(frame.kind) << " " << to_hex(as_bytes(frame.payload));
  }
};

struct frame_log {
  enum class large_messages { end, are_skipped };

  std::vector<heard_frame> events;
  large_messages large = large_messages::end;
  bool has_ended = false;  ///< By a mistake, or a message that is too large.

  /// Reads until the bytes are used up, as they would come from a socket.
  void read(frame_reader& reader, byte_buffer bytes) {
    std::span<std::uint8_t> input{bytes};
    while (!has_ended) {
      const frame_event event = reader.next(input);
      if (event == frame_event::need_more) return;
      note(reader, event);
    }
  }

  void note(frame_reader& reader, frame_event event) {
    const bool has_payload = event == frame_event::message || event == frame_event::ping ||
                             event == frame_event::pong || event == frame_event::close;
    events.push_back({event, reader.kind(),
                      has_payload ? std::string{as_text(reader.payload())} : std::string{}});
    if (has_payload) return;
    if (event == frame_event::too_large && large == large_messages::are_skipped &&
        !reader.is_skipping())
      return reader.skip_message();
    has_ended = true;
  }
};

}  // namespace troupe::test
