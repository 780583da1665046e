// What a client that has nothing says to another server to get all of a document, and when it has
// it: frames of the server go in, frames for it come out. One exchange is for one document.
//
// A server of the y-websocket family may answer before it has read the document from its own
// storage, and bring the contents a moment later. So the first answer is not believed: once the
// settle time has passed, the document is asked for again, and the second answer is the whole.
// Hocuspocus answers when it has loaded the document.
//
// Pure: time is passed in. Owner: whoever carries the frames.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/dialects/upstream_message.hpp"

namespace troupe {

class upstream_exchange {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Which first answers are not believed.
  enum class doubt : std::uint8_t { every_answer, empty_answer };

  struct settings {
    upstream_protocol protocol = upstream_protocol::y_websocket;
    std::chrono::milliseconds settle_time{1'000};  ///< Of the y-websocket family; 0: none.
    doubt about = doubt::every_answer;
    std::size_t bytes_max = std::size_t{64} << 20;  ///< Of all updates.
  };

  upstream_exchange(settings how, std::string document, std::string token);

  /// Fails with update_too_large, and as read_upstream_frame does.
  result<void> on_frame(byte_view frame, time_point now);
  void on_time(time_point now);

  /// What is to be sent now: at first the greeting.
  std::vector<byte_buffer> take_frames() { return std::exchange(to_send_, {}); }
  /// When on_time() is due; nothing: only a frame leads on.
  std::optional<time_point> wakes_at() const noexcept { return settled_at_; }

  bool is_whole() const noexcept { return is_whole_; }
  /// In format v1, to be applied in their order. An empty document has one without contents, or
  /// none.
  std::vector<byte_buffer> take_updates() { return std::exchange(updates_, {}); }

 private:
  void on_answer(time_point now);
  void ask_again();

  const settings how_;
  const std::string document_;
  const std::string token_;
  std::vector<byte_buffer> to_send_;
  std::vector<byte_buffer> updates_;
  std::size_t size_ = 0;  // of updates_
  bool has_contents_ = false;
  bool asks_again_ = false;
  bool is_whole_ = false;
  std::optional<time_point> settled_at_;  // while the first answer is not believed
};

/// Whether an update in format v1 has neither structs nor deletions.
bool has_no_contents(byte_view update) noexcept;

}  // namespace troupe
