// A document that cannot be opened now, in a session that shares its connection with others: closed
// by a message, its client would never come back, and closed with the connection it would take the
// others with it, again and again. So the session stays, keeps what it has sent to the document,
// and has it opened again, less and less often. Once the document has handled anything, it has
// begun, and nothing is kept any more.
//
// Owner: a session_protocol. Pure; time is passed in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/close_reason.hpp"
#include "protocol/request.hpp"
#include "protocol/session/credit.hpp"
#include "protocol/session_id.hpp"

namespace troupe {

class opening_attempts {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds delay_first{1'000};
  static constexpr std::chrono::milliseconds delay_max{30'000};
  /// Of what is kept; a session that has sent more to a document is closed with its connection.
  static constexpr std::size_t kept_bytes_max = credit::bytes_max;

  /// Whether what keeps the document closed may pass, and concerns it alone.
  static bool is_worth(close_reason why) noexcept {
    switch (why) {
      case close_reason::document_failed:
      case close_reason::storage_unavailable:
      case close_reason::access_unavailable:
      case close_reason::upstream_unavailable: return true;
      default: return false;
    }
  }

  /// The document was sent this.
  void keep(const request_batch& sent) {
    kept_bytes_ += sent.bytes.size();
    kept_.push_back(sent);
  }
  bool has_too_much() const noexcept { return kept_bytes_ > kept_bytes_max; }
  /// What it was sent, in order, which is to be sent again.
  std::vector<request_batch> take_kept() {
    kept_bytes_ = 0;
    return std::exchange(kept_, {});
  }

  /// It could not be opened. `session` spreads those that fail at once over half of the delay.
  void on_failure(time_point now, session_id session) {
    const int doublings = std::min(failures_++, 5);
    const auto delay = std::min(delay_first * (1 << doublings), delay_max);
    const auto sixteenths = static_cast<std::int64_t>(session % 16);
    again_ = now + delay + delay * sixteenths / 32;
  }
  /// Whether to try again now; once for each failure.
  bool is_due(time_point now) noexcept {
    if (!again_ || now < *again_) return false;
    again_.reset();
    return true;
  }
  /// Whether it is being opened again, and has not begun: what else comes waits where it is.
  bool is_in_doubt() const noexcept { return failures_ > 0 && !kept_.empty(); }

  /// Whether the question was what the session may do, and is to be asked again.
  bool asks_authoriser = false;

 private:
  std::vector<request_batch> kept_;
  std::size_t kept_bytes_ = 0;
  int failures_ = 0;
  std::optional<time_point> again_;
};

}  // namespace troupe
