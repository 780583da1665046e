// The message ids of a document's clients that were seen lately, to deduplicate: a client that did
// not receive an answer sends its message again, perhaps over a new connection, and the message
// must take effect once. Owned by the document; time is passed in. Everything in it is bounded, so
// it forgets: then a message counts as fresh again. Pure.
//
// Users are kept by name, so that none can suppress the messages of another. Of a message a 128-bit
// hash of its id and a 64-bit hash of its content are kept: 36 bytes whatever their lengths. Equal
// hashes could only make a user lose messages of their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/siphash.hpp"

namespace troupe {

enum class seen : std::uint8_t {
  fresh,
  repeated,  ///< The same id with the same content.
  reused,    ///< The same id with another content.
};

/// Whose ids they are, if it is a user: for note().
inline std::string message_id_owner_of(std::string_view user) {
  return std::string{"user "}.append(user);
}

class message_id_window {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t ids_per_user_max = 1024;
  static constexpr std::chrono::minutes id_age_max{10};
  static constexpr std::size_t users_max = 4096;
  /// For all users together: some 220 with full windows. Beyond, and beyond users_max, the user
  /// that has been silent for the longest time is forgotten.
  static constexpr std::size_t memory_bytes_max = std::size_t{8} * 1024 * 1024;

  message_id_window() = default;
  message_id_window(const message_id_window&) = delete;
  message_id_window& operator=(const message_id_window&) = delete;
  message_id_window(message_id_window&&) = default;
  message_id_window& operator=(message_id_window&&) = default;

  /// A message has come. Its age counts from the first time; a repetition does not renew it.
  /// `user`: the user's id, or the session's where there is no user. Cost: a scan of 4 KiB at most.
  /// A reused id keeps the content that it had first.
  seen note(std::string_view user, std::string_view message_id, byte_view content, time_point now);

  /// The same without noting it: for what takes effect only if it is accepted.
  seen look_up(std::string_view user, std::string_view message_id, byte_view content,
               time_point now);

  /// The user is gone for good.
  void forget(std::string_view user);

  /// Frees what is too old. Only a matter of memory: note() does not see it anyway.
  void expire(time_point now);

  std::size_t user_count() const noexcept { return users_.size(); }
  /// The memory in use, about. Above memory_bytes_max only if one user needs that much.
  std::size_t memory_bytes() const noexcept { return memory_bytes_; }

 private:
  /// The last ids of one user, oldest first: a ring that grows by doubling.
  class recent_ids {
   public:
    /// Of an id that is there, whether it had this content.
    seen look_up(const hash128& id, std::uint64_t content) const noexcept;
    void add(const hash128& id, std::uint64_t content, time_point now);
    void expire(time_point now) noexcept;

    bool empty() const noexcept { return count_ == 0; }
    std::size_t memory_bytes() const noexcept;

   private:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    struct seen_id {
      hash128 id;
      std::uint64_t content = 0;  // its hash
      time_point seen;
    };

    std::size_t slot(std::size_t position) const noexcept {
      return (oldest_ + position) & (entries_.size() - 1);
    }
    std::size_t find(const hash128& id) const noexcept;
    void grow();

    std::vector<std::uint32_t> tags_;  ///< A part of each id, side by side, to be searched first.
    std::vector<seen_id> entries_;     ///< As many as tags; a power of two.
    std::size_t oldest_ = 0;
    std::size_t count_ = 0;
  };

  struct user_ids {
    std::string user;
    recent_ids ids;
    std::size_t memory_bytes() const noexcept;
  };
  using user_list = std::list<user_ids>;

  user_ids& touch_user(std::string_view user);
  user_list::iterator drop(user_list::iterator at);

  user_list by_silence_;  ///< The user that has been silent longest stands first.
  std::unordered_map<std::string_view, user_list::iterator> users_;  ///< Names are in the list.
  std::size_t memory_bytes_ = 0;
};

}  // namespace troupe
