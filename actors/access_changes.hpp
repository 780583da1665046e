// The changes of access that a node keeps: closures, caps and grants for users, tokens and
// documents, each until its end, and which were lifted. They say what is left of the rights that
// tokens, rules and the application give. Owned by the access_control, which guards it. Pure: time
// is passed in.
//
// Every change that concerns somebody counts, whichever came last: a closure leaves nothing, a cap
// what it names, and a grant adds what it names within these. So a change for one subject never
// undoes one for another. One for exactly the same subject takes the place of the earlier one.
//
// What is lifted is remembered until the change would have ended, since another node that was away
// meanwhile may still announce it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/operator_view.hpp"

namespace troupe {

class access_changes {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Those that are kept, lifted ones included.
  static constexpr std::size_t changes_max = 10'000;

  /// What is left of rights.
  rights left(std::string_view user, std::string_view token_id, std::string_view document,
              rights may, time_point now) const;

  /// Keeps a change until then; one for the same subject that was made later stays in its place.
  /// Returns false if there are too many.
  bool add(const access_change& change, time_point now, time_point until);

  /// Lifts the change of exactly this subject. Returns how long it would have counted; nothing if
  /// there is none.
  std::optional<std::chrono::seconds> lift(const access_change& subject, time_point now);
  /// Another node has lifted it, which may not be known here; remembered until then.
  void note_lift(const access_change& subject, time_point now, time_point until);

  /// A time for a change that is made now, behind that of every change that is known here.
  std::uint64_t next_time(std::uint64_t wall_ms) noexcept;

  /// Forgets what is outdated. Returns whether anything was that counted.
  bool forget_outdated(time_point now);
  /// When the first ends; the end of time if there are none.
  time_point next_end() const noexcept { return next_end_; }
  bool empty() const noexcept { return size_ == 0; }

  /// A change that still counts, or was lifted, and for how long.
  struct counting {
    access_change what;
    std::chrono::seconds lasts{0};
    bool is_lifted = false;
    std::uint64_t number = 0;  ///< Greater than those of older ones.
  };
  /// All of them, the oldest first.
  std::vector<counting> all(time_point now) const;

 private:
  struct entry {
    access_change what;
    time_point until;
    bool is_lifted = false;
    std::uint64_t number = 0;
  };
  /// By one of the names that a subject has, so that few are looked at for each session.
  using entries = std::map<std::string, std::vector<entry>, std::less<>>;

  entries& shelf_for(const access_change& subject) noexcept;
  static const std::string& name_of(const access_change& subject) noexcept;
  entry* find(const access_change& subject);
  bool put(const access_change& change, time_point now, time_point until, bool is_lifted);
  template <class Visit>
  void for_each_shelf(Visit&& visit) const;

  entries by_user_;
  entries by_token_;     // of those without a user
  entries by_document_;  // of those with neither
  std::size_t size_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_made_ = 0;
  time_point next_end_ = time_point::max();
};

}  // namespace troupe
