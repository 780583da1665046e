// The sessions that share one connection, by their addresses: which frame goes to which, what waits
// for whom, and what is answered to whoever has no session. Sessions do not wait for each other:
// each has a queue of its own while it is not read, within one bound for all of them.
//
// An address has a session from the moment at which its client says who it is; where nobody need
// say that, from its first frame. What comes before waits, within the bounds of a session that is
// not read, and for `token_patience` at most. An address that was refused is remembered until its
// client says anew who it is: what it sends meanwhile is dropped. Pure; time is passed in. Owner: a
// shared_connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/dialects/codec.hpp"
#include "protocol/session/credit.hpp"

namespace troupe {

class carried_sessions {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using number = std::uint32_t;  ///< Of a session on its connection; never used twice.

  /// Of what waits: before its client has said who it is, and for sessions that are not read. One
  /// message may exceed it.
  static constexpr std::size_t waiting_messages_max = credit::messages_max;
  static constexpr std::size_t waiting_bytes_max = credit::bytes_max;
  static constexpr std::chrono::seconds token_patience{30};

  enum class step : std::uint8_t {
    nothing,    ///< The frame waits, or is dropped.
    pass,       ///< The session reads it now.
    open,       ///< The session begins; the frame waits for it.
    leave,      ///< The client leaves; the session reads what waits.
    refuse,     ///< There is no room for another session.
    break_off,  ///< Too much has come before a token.
    give_up,    ///< Too much has come for sessions that were set aside.
  };
  struct decision {
    step what = step::nothing;
    number of = 0;
  };

  explicit carried_sessions(std::size_t sessions_max) : sessions_max_(sessions_max) {}

  /// `needs_token`: a session begins with who its client is.
  decision on_frame(const envelope& what, byte_view frame, bool needs_token, time_point now);

  // --- a session ---

  const std::string& address_of(number one) const { return at(one).address; }
  const std::string& document_of(number one) const { return at(one).document; }

  /// The session has begun: it can read tokens at any time. Returns the one that waits.
  std::optional<byte_buffer> begin(number one);
  /// Whether the session is read. What comes meanwhile waits.
  void hold(number one, bool holds);
  /// It will not be read for long: what waits for it is counted apart, within the same bounds, and
  /// the connection is read all the same. It ends when its client leaves. Until it is read.
  /// Requires: it is not read now.
  void set_aside(number one);
  bool is_aside(number one) const { return at(one).is_aside; }
  /// What waits for a session that is read, in order; nothing: none is left, or it is not read.
  std::optional<byte_buffer> take(number one);

  /// Whether nothing waits, and the session is read: it waits for nothing itself.
  bool has_read_all(number one) const { return at(one).frames.empty() && !at(one).holds; }

  /// The server has ended it, or never let it begin.
  void refuse(number one);
  /// Its client has left.
  void remove(number one);

  // --- the connection ---

  /// Whether so much waits for sessions that the connection is not to be read.
  bool is_full() const noexcept { return held_.is_full(); }
  /// Whether any message above the credit of a session waits.
  bool has_large() const noexcept { return large_ > 0; }
  /// Whether any client has ever said who it is.
  bool has_begun() const noexcept { return has_begun_; }
  /// Addresses whose token has not come in time. The caller refuses them.
  std::vector<number> overdue(time_point now) const;
  std::size_t size() const noexcept { return sessions_.size(); }

 private:
  enum class phase : std::uint8_t {
    waiting,  ///< For its token.
    open,     ///< It has a session.
    leaving,  ///< Its client has left; the session reads what came before.
    refused,  ///< It has none, and what comes is dropped.
  };
  struct waiting_total {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    bool is_full() const noexcept {
      return messages >= waiting_messages_max || bytes >= waiting_bytes_max;
    }
  };
  struct session {
    std::string address;
    std::string document;
    phase state = phase::waiting;
    bool holds = true;  // it is not read
    bool is_aside = false;
    bool has_begun = false;  // it reads tokens
    time_point since;        // it waits for its token
    std::optional<byte_buffer> token;
    std::deque<byte_buffer> frames;
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  session& at(number one) { return sessions_.at(one); }
  const session& at(number one) const { return sessions_.at(one); }
  waiting_total& total_of(const session& one) noexcept {
    if (one.state == phase::waiting) return unidentified_;
    return one.is_aside ? aside_ : held_;
  }
  std::optional<number> add(const envelope& what, time_point now);
  bool make_room();
  decision on_frame_of(number one, const envelope& what, byte_view frame, bool needs_token,
                       time_point now);
  decision on_leave(number one);
  decision on_token(number one, byte_view frame);
  void open(session& one);
  static void move(const session& what, waiting_total& from, waiting_total& to);
  void keep(session& one, byte_view frame);
  void drop_waiting(session& one);

  const std::size_t sessions_max_;
  std::unordered_map<number, session> sessions_;
  /// Those that frames can still name: whoever leaves may come back under the same address.
  std::unordered_map<std::string, number, text_hash, std::equal_to<>> by_address_;
  waiting_total unidentified_;
  waiting_total held_;
  waiting_total aside_;
  std::size_t large_ = 0;
  number last_ = 0;
  bool has_begun_ = false;
};

}  // namespace troupe
