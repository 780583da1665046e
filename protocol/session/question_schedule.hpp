// When to ask the application again what the client of one session may do: an answer holds for a
// while, for one document. Time is passed in. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/session_id.hpp"

namespace troupe {

class question_schedule {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How long the last answer still holds when the application could not be reached.
  static constexpr std::chrono::seconds retry_after{10};

  bool empty() const noexcept { return entries_.empty(); }

  /// The application has answered about `document`; its answer holds until `until`, or, without
  /// that, for as long as the session. `session` spreads the questions of sessions that came at
  /// once over a second.
  void on_answer(std::string_view document, std::optional<time_point> until, session_id session) {
    std::erase_if(entries_, [&](const entry& each) { return each.document == document; });
    if (until)
      entries_.push_back(
          {std::string{document}, *until + std::chrono::milliseconds{session % 1000}});
  }

  void on_no_answer(std::string_view document, time_point now, session_id session) {
    on_answer(document, now + retry_after, session);
  }

  /// The documents to ask about now. Each is due once until on_answer() or on_no_answer(). Those
  /// for which `is_joined(document)` is false are forgotten when they are due.
  template <class IsJoined>
  std::vector<std::string> take_due(time_point now, IsJoined&& is_joined) {
    const auto is_due = [&](const entry& each) { return now >= each.again && !each.is_asking; };
    std::erase_if(entries_,
                  [&](const entry& each) { return is_due(each) && !is_joined(each.document); });
    std::vector<std::string> due;
    for (entry& each : entries_) {
      if (!is_due(each)) continue;
      each.is_asking = true;
      due.push_back(each.document);
    }
    return due;
  }

 private:
  struct entry {
    std::string document;
    time_point again;
    bool is_asking = false;
  };

  std::vector<entry> entries_;
};

}  // namespace troupe
