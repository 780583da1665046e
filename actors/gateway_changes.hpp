// What a program that observes a document receives of its changes: the updates in what the document
// delivers, and one piece of news at a time, so that a slow program costs bounded memory. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/deliveries.hpp"
#include "base/bytes.hpp"

namespace troupe {

/// The Yjs updates that deliveries of the y-websocket dialect have for a session, in their order.
/// The views are of the deliveries' bytes.
std::vector<byte_view> updates_for(session_id session, const delivery_list& deliveries);

/// The changes of one document on their way to one program.
class change_feed {
 public:
  /// `bytes_max`: of the updates that wait; beyond them all that wait count as missed.
  explicit change_feed(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

  struct news {
    std::uint64_t number = 0;
    std::vector<std::string> updates;
    bool has_missed = false;
  };

  void add(byte_view update);

  /// What the program is to receive now; nothing while it has not noted the last, or nothing is
  /// new.
  std::optional<news> take();

  /// The program has handled the news of this number. Others count for nothing.
  void on_noted(std::uint64_t number) noexcept {
    if (number == number_) is_under_way_ = false;
  }

 private:
  const std::size_t bytes_max_;
  std::vector<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool has_missed_ = false;
  bool is_under_way_ = false;
  std::uint64_t number_ = 0;  // of the last news
};

}  // namespace troupe
